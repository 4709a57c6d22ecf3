"""One file in, one file out, never half."""
