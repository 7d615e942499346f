"""Our training against another library's loss in a plain loop."""
