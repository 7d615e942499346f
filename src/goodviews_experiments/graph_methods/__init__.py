"""Published accuracies of methods of graphs, measured again."""
