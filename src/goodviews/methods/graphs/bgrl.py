"""BGRL (Thakoor et al., 2022): BYOL of nodes, without negatives.

The numbers are those of Amazon Photo. The projector is left out, as in the paper. The predictor
of the code has PReLU and no batch norm; here it is that of BYOL. The code trains for 10,000
epochs with a warm-up of 1,000.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="bgrl",
    source="Thakoor et al., 2022, arXiv:2102.06514",
    views="bgrl()",
    encoder="gcn(width=256, hidden=512, layers=2, act='prelu', norm=True)",
    head="identity()",
    objective="byol()",
    predictor="predictor(hidden=512)",
    momentum=0.99,
    momentum_rises=True,
    optimiser="adamw(lr=0.0001, weight_decay=1e-05, rule='none')",
    schedule="cosine(warmup=1000)",
    batch=1000000,
    epochs=10000,
)
