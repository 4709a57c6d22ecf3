"""Many steps: the frozen description of a run, what is recorded of each step, the living run, and its past."""
