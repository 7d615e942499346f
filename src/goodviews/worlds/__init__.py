"""Sources whose factors, or whose information, are known."""
