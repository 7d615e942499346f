"""Search over the parameters of views: proposals, trials, and what they showed."""
