"""Which views of a graph are good, on known graphs and on planted ones?"""
