"""GAE (Kipf and Welling, 2016): an encoder whose inner products are the log odds of links.

The code weights the few links of all pairs; here a step draws as many pairs without a link as
there are links. Features are divided by their sum in the code: ``features="rows"``.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="gae",
    source="Kipf and Welling, 2016, arXiv:1611.07308",
    views="identity()",
    encoder="gcn(width=16, hidden=32, layers=2, last=False)",
    head="identity()",
    objective="link_likelihood()",
    optimiser="adam(lr=0.01)",
    schedule="constant()",
    batch=1000000,
    epochs=200,
)
