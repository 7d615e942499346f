"""Does a sentence of a study's page flatter a view? Simulated studies, read as real ones."""
