"""Sources whose factors, or whose information, are known."""

__all__: list[str] = []
