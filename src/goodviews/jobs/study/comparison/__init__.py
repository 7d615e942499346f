"""What the user really chooses between: from scratch, the best view frozen, or fine-tuned."""
