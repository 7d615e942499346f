"""Does pretraining pay for the class of each pixel, and by which views and images."""
