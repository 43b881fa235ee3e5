"""What the searches over quadratic assignment share: prices, bounds, symmetries."""
