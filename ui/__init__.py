"""The window: it draws what bpstudio computed and asks it for more. It never computes mathematics."""
