"""The panels around the canvas: network, training, data, timeline, inspector."""
