"""GraphCL (You et al., 2020): contrastive learning of whole graphs.

The code leaves the positive out of the denominator, as the paper's formula does; that is the
decoupled loss, here with the negatives of both views and in both directions, where the code has
one direction and the other view only. The code augments one of its two views only; ``views`` has
a step for each, as in the paper.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="graphcl",
    source="You et al., 2020, arXiv:2010.13902",
    views="graphcl()",
    encoder="gin(width=32, layers=3, norm=True, jump=True, pool='sum')",
    head="mlp(dim=96)",
    objective="dcl(temperature=0.2)",
    optimiser="adam(lr=0.01)",
    schedule="constant()",
    batch=128,
    epochs=20,
)
