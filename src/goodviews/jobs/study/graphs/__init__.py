"""Studies of graphs: views of nodes, of graphs, or of what predicts links."""
