"""A supervised GCN (Kipf and Welling, 2017), the baseline of methods without labels.

Two graph convolutions and a linear layer; in the paper the second convolution gives the classes.
Dropout, weight decay on the first layer only and stopping on validation labels are the paper's;
here weight decay is on all weights, and the number of epochs is fixed.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="gcn",
    source="Kipf and Welling, 2017, arXiv:1609.02907",
    views="identity()",
    encoder="gcn(width=64, layers=2, dropout=0.5)",
    head="linear(dim=2)",
    objective="cross_entropy()",
    optimiser="adam(lr=0.01, weight_decay=0.0005)",
    schedule="constant()",
    batch=1000000,
    epochs=200,
)
