"""Second opinions on a proof that there is no answer."""
