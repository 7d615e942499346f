"""The page of an evaluation on links: an encoder beside its controls, and how sure it is."""
