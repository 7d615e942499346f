"""Learn an invertible view generator from images and a few labels."""
