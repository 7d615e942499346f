"""The papers' augmentations on one axis of shared information."""
