"""What folders hold, as records: one frozen dataclass for each thing, and how it becomes JSON."""
