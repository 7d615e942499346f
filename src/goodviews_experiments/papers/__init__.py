"""Every figure, table and numbered claim of the two papers, beside the committed rows."""
