"""One pass through a network: layer specs, the arrays of a pass, and the operations that fill them."""
