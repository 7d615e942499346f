"""What every room leans on: checks, specs, keyed randomness, records, tokens."""

__all__: list[str] = []
