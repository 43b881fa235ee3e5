"""What operators hold back: read for every decision, and let go again when its time has come."""
