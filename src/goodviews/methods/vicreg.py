"""VICReg (Bardes et al., 2022).

Weights of variance, invariance and covariance are 25, 25 and 1, in the scale of the authors' code.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="vicreg",
    source="Bardes et al., 2022, arXiv:2105.04906 and official code",
    views="vicreg()",
    head="8192-8192-8192",
    objective="vicreg(invariance=25.0, variance=25.0, covariance=1.0, scale='code')",
    optimiser="lars(lr=0.3, momentum=0.9, weight_decay=1e-06, eta=0.001)",
    batch=2048,
    encoder="resnet(depth=50, stem='imagenet')",
    schedule="cosine(warmup=10, floor=0.001)",
    epochs=100,
)
