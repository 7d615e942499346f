"""What the numbers of a study mean, as records and in words."""
