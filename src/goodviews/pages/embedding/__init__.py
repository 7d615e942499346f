"""The page of an embedding: the sample criterion beside the dimension criterion."""
