"""Whether a run learns: measurements of each step, collapse, levelling off."""
