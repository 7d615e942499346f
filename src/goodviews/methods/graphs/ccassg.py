"""CCA-SSG (Zhang et al., 2021): equal nodes in both views, uncorrelated dimensions.

The numbers are those of Cora. Its criterion is dimension-contrastive: it uses the D x D
correlations, where GRACE uses the similarities of nodes. The code reports, among epochs of equal
validation accuracy, the one with the largest test accuracy; here no test label is looked at
before the end.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="ccassg",
    source="Zhang et al., 2021, arXiv:2106.12484",
    views="ccassg()",
    encoder="gcn(width=512, layers=2, last=False)",
    head="identity()",
    objective="decorrelation(weight=0.001)",
    optimiser="adam(lr=0.001)",
    schedule="constant()",
    batch=1000000,
    epochs=50,
)
