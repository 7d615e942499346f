"""What every room leans on: checks, specs, keyed randomness, records, tokens."""
