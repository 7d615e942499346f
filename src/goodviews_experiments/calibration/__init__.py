"""Are the intervals of a study right, and its claims? Simulated studies."""
