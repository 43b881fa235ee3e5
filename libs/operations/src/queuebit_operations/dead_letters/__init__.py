"""Dead letters as operators handle them: found, grouped, sent again, edited, dropped."""
