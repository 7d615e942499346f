"""SimSiam (Chen and He, 2021).

The target is the encoder itself, without gradient; the rate of the predictor is constant.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="simsiam",
    source="Chen and He, 2021, arXiv:2011.10566",
    views="simsiam()",
    encoder="resnet(depth=50, stem='imagenet')",
    head="simsiam(dim=2048)",
    objective="simsiam()",
    predictor="predictor(hidden=512)",
    predictor_constant=True,
    optimiser="sgd(lr=0.05, momentum=0.9, weight_decay=0.0001)",
    schedule="cosine()",
    batch=512,
    epochs=100,
)
