"""Which views are good for the class of each pixel, and which for a label of the image."""
