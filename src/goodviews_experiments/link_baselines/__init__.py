"""What predicts links without pretraining."""
