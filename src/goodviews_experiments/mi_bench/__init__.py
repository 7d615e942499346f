"""Estimators of information against Gaussians whose information is known."""
