"""One method of graphs per file, with the numbers of its paper."""
