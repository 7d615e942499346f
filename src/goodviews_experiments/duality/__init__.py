"""Contrastive and non-contrastive methods, trained alike."""
