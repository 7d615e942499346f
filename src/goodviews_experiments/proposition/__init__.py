"""The InfoMin proposition, exactly, in a discrete world."""
