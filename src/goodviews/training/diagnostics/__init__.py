"""Diagnostics of a run: measurements of each step, collapse, convergence."""
