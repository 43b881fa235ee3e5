"""Jobs as they are shown: lists, views, streams of events."""
