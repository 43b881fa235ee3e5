"""The console in the browser: files that speak to the public API, and nothing that serves them."""
