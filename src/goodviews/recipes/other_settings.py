"""Settings of other view learners, and the networks they play with."""

from dataclasses import dataclass, field

from torch import Tensor, nn

from goodviews.encoders import build_backbone, build_head
from goodviews.recipes.learned_arms import SCALE as TABLES
from goodviews.recipes.learned_arms import LearnedTable

__all__ = ["SCALE", "OtherTable", "classifier", "encoder"]


@dataclass(frozen=True)
class OtherTable:
    """Settings of the run.

    Attributes:
        table: Of learned views: data, judges, seeds.
        chain: What strengths are learned of; each of its steps at 1 is the most there is.
        fixed: Strengths of all steps at once to compare with.
        before: What stands before a mask.
        start: Strength that learning begins with.
        reach: Half of the difference of strengths that the slope is measured over.
        strength_rate: Learning rate of the strengths' logits.
        give: Share of the nats about the label that a view may lose.
        held_labels: Share of the labelled images that only watches.
        masks: Masks that part an image.
        mask_rate: Learning rate of the network that draws them.
        encoder: Backbone of encoders and classifiers.
        head: Projector of the encoders.
        encoder_rate: Learning rate of encoders and classifiers.
        temperature: Of InfoNCE.
        steps: Of each game.
        batch: Images per step.
        labelled_batch: Labelled images per step.
        warm_up: Steps in which the views stand still.
    """

    table: LearnedTable = field(default_factory=LearnedTable)
    chain: str = "crop(scale=(0.08, 1), size=24)|flip()|jitter(1.0)|grey(p=0.5)|noise(0.3)"
    fixed: tuple[float, ...] = (0.1, 0.3, 0.6, 1.0)
    before: str = "crop(scale=(0.3, 1), size=24)|flip()"
    start: float = 0.3
    reach: float = 0.05
    strength_rate: float = 0.15
    give: float = 0.2
    held_labels: float = 0.2
    masks: int = 3
    mask_rate: float = 1e-3
    encoder: str = "convnet(width=16)"
    head: str = "projector(dim=64)"
    encoder_rate: float = 2e-3
    temperature: float = 0.1
    steps: int = 200
    batch: int = 256
    labelled_batch: int = 128
    warm_up: int = 20


SCALE = {
    "test": OtherTable(
        table=TABLES["test"], chain="crop(scale=(0.1, 1))|flip()|noise(0.3)", fixed=(0.5,),
        before="crop(scale=(0.3, 1))", encoder="convnet(width=4)", head="projector(dim=8)",
        steps=4, batch=32, labelled_batch=16, warm_up=1,
    ),
    "cpu": OtherTable(),
    "gpu": OtherTable(
        table=TABLES["gpu"], steps=2000, labelled_batch=256, encoder="convnet(width=32)",
        chain="crop(scale=(0.08, 1), size=64)|flip()|jitter(1.0)|grey(p=0.5)|noise(0.3)",
        before="crop(scale=(0.3, 1), size=64)|flip()",
    ),
}  # fmt: skip


def encoder(settings: OtherTable, images: Tensor) -> nn.Module:
    """A new encoder with its projector, for images (B, C, H, W)."""
    channels, size = images.shape[1], min(images.shape[-2:])
    backbone = build_backbone(settings.encoder, channels=channels, size=size)
    head = build_head(settings.head, int(backbone.features))  # type: ignore[arg-type]
    return nn.Sequential(nn.BatchNorm2d(channels, affine=False), backbone, head)


def classifier(settings: OtherTable, images: Tensor, classes: int) -> nn.Module:
    """A new classifier for images (B, C, H, W)."""
    channels, size = images.shape[1], min(images.shape[-2:])
    backbone = build_backbone(settings.encoder, channels=channels, size=size)
    last = nn.Linear(int(backbone.features), classes)  # type: ignore[arg-type]
    return nn.Sequential(nn.BatchNorm2d(channels, affine=False), backbone, last)
