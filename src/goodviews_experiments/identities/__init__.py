"""What the duality paper proves, as numbers: identities, bounds, and the optimum on the sphere."""
