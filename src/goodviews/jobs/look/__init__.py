"""What a view does to images, and how long it takes."""
