"""Where x and y come from, and what was done to them on the way."""
