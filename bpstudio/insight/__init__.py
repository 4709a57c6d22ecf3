"""What one step means: the order of looking, the chain rule of any edge, where things stand in a picture."""
