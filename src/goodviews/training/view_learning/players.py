"""Networks of view learning: the generator, two encoders with a critic, and classifiers.

Letters: B examples, C channels, H and W pixels, K candidates, Y classes.
"""

from collections.abc import Callable, Iterable
from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from goodviews.core.errors import InputError
from goodviews.encoders import build_backbone, build_head
from goodviews.information.critics import CosineCritic, critic
from goodviews.information.functionals import infonce_value, js_value, nwj_value, smile_value
from goodviews.training.view_learning.game import Game
from goodviews.views import View, parse_view
from goodviews.views.base import Joint
from goodviews.views.generators import Generator, build_generator

Value = Callable[[Tensor], Tensor]


def _symmetric_infonce(scores: Tensor) -> Tensor:
    return (infonce_value(scores) + infonce_value(scores.T)) / 2


def _smile(scores: Tensor) -> Tensor:
    return smile_value(scores, clip=5.0)


VALUES: dict[str, tuple[Value, Value]] = {
    "infonce": (_symmetric_infonce, _symmetric_infonce),
    "nwj": (nwj_value, nwj_value),
    "js": (js_value, js_value),
    "smile": (js_value, _smile),
}
"""Bound: the objective that encoders maximise, and the one that the generator minimises."""


class Players(nn.Module):
    """All networks of view learning; the seed decides the initialisation.

    Args:
        game: Settings of view learning.
        images: (N, C, H, W), some inputs of g.
        classes: Y, the number of classes; 0 for no classifiers.
        seed: Random seed of the run.

    Attributes:
        generator: The generator g.
        smooth: The running average of g, or g itself.
        encoders: f1 and f2, each from (B, C', H, W) to (B, D).
        classifiers: Classifiers of view 1, view 2 and the image, each to (B, Y); none without
            labels.

    Example:
        >>> images = torch.rand(8, 3, 8, 8)
        >>> game = Game(generator="linear()", encoder="convnet(width=4)")
        >>> players = Players(game, images, classes=2, seed=0)
        >>> v1, v2 = players.views(images)
        >>> v1.shape, v2.shape, players.scores(v1, v2).shape
        (torch.Size([8, 1, 8, 8]), torch.Size([8, 2, 8, 8]), torch.Size([8, 8]))
    """

    generator: Generator
    critic: nn.Module

    def __init__(self, game: Game, images: Tensor, *, classes: int, seed: int) -> None:
        super().__init__()
        self.game, self.classes, self.seed = game, classes, seed
        channels, size = images.shape[1], min(images.shape[-2:])
        self.generator: Generator = build_generator(game.generator, channels, seed=seed)
        self.sides = split_of(game.split)
        with torch.no_grad():
            wide = [view.shape[1] for view in self.split(self.generator(images[:2]))]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.encoders = nn.ModuleList(self._encoder(c, size) for c in wide)
            self.critic = self._critic()
            heads = [*wide, channels] if classes else []
            self.classifiers = nn.ModuleList(self._classifier(c, size) for c in heads)
        self.smooth: Generator = deepcopy(self.generator) if game.average else self.generator
        self.smooth.requires_grad_(not game.average)

    def views(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Both views (B, C', H, W) of images (B, C, H, W), with the current g."""
        return self.split(self.generator(images))

    def split(self, made: Tensor) -> tuple[Tensor, Tensor]:
        """Both views of an output of g."""
        first, second = (side.apply(made, {}) for side in self.sides)
        return first, second

    def scores(self, v1: Tensor, v2: Tensor) -> Tensor:
        """Scores (B, B) of every first view with every second view, in nats."""
        scores: Tensor = self.critic(self.encoders[0](v1), self.encoders[1](v2))
        return scores

    def shared(self, v1: Tensor, v2: Tensor) -> tuple[Tensor, Tensor]:
        """Scalars that the encoders maximise and that g minimises; equal except for SMILE."""
        fit, value = VALUES[self.game.bound]
        scores = self.scores(v1, v2)
        raised = fit(scores)
        return raised, raised if value is fit else value(scores)

    def label_terms(self, images: Tensor, v1: Tensor, v2: Tensor, labels: Tensor) -> list[Tensor]:
        """Cross-entropies of view 1, view 2 and the image, in nats."""
        parts = zip(self.classifiers, (v1, v2, images), strict=True)
        return [F.cross_entropy(net(part), labels) for net, part in parts]

    def encoder_parameters(self) -> Iterable[nn.Parameter]:
        """Parameters of encoders and critic."""
        yield from self.encoders.parameters()
        yield from (p for p in self.critic.parameters() if p.requires_grad)

    def restart(self, step: int) -> None:
        """Initialise the encoders again, because the views will be judged with new encoders."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed + 7919 * step)
            for net in [*self.encoders.modules(), *self.critic.modules()]:
                again = getattr(net, "reset_parameters", None)
                if callable(again):
                    again()

    @torch.no_grad()
    def after(self) -> None:
        """Update the average of g."""
        if self.smooth is self.generator:
            return
        for kept, now in zip(self.smooth.parameters(), self.generator.parameters(), strict=True):
            kept.lerp_(now, 1 - self.game.average)

    def _encoder(self, channels: int, size: int) -> nn.Module:
        backbone = build_backbone(self.game.encoder, channels=channels, size=size)
        head = build_head(self.game.head, int(backbone.features))  # type: ignore[arg-type]
        # Scaling a view must not change the bound, so that g gains nothing by shrinking it.
        return nn.Sequential(nn.BatchNorm2d(channels, affine=False), backbone, head)

    def _classifier(self, channels: int, size: int) -> nn.Module:
        backbone = build_backbone(self.game.encoder, channels=channels, size=size)
        last = nn.Linear(int(backbone.features), self.classes)  # type: ignore[arg-type]
        return nn.Sequential(nn.BatchNorm2d(channels, affine=False), backbone, last)

    def _critic(self) -> nn.Module:
        if self.game.critic == "cosine":
            return CosineCritic(self.game.temperature)
        dim = int(self.encoders[0][2].outputs)  # type: ignore[index]
        return critic(self.game.critic, dim, dim)


def split_of(text: str) -> tuple[View, View]:
    """Parse a step that makes two views of one image into its two sides.

    Raises:
        InputError: The text is not such a step.

    Example:
        >>> split_of("split(2)")
        (channels(keep=':2'), channels(keep='2:'))
    """
    pair = parse_view(text)
    sides = [*pair.first.steps, *pair.second.steps]
    if len(sides) != 2 or pair.same or isinstance(sides[0], Joint):
        raise InputError(
            "Expected a step that makes two views of one image, such as split(1) or channels((0, "
            f"2)) // channels(1), but got {text!r}."
        )
    first, second = sides
    return first, second


def reverse_gradient(made: Tensor) -> Tensor:
    """The same values, of any shape, with a reversed gradient."""
    if not made.requires_grad:
        return made
    turned = made.view_as(made)
    turned.register_hook(torch.neg)
    return turned


def redundancy(v1: Tensor, v2: Tensor) -> float:
    """Share of view 1 that is linear in view 2, pixel by pixel, from 0 to 1.

    Args:
        v1: (B, C1, H, W), first views.
        v2: (B, C2, H, W), second views.

    Returns:
        Share of the variance, averaged over the channels of view 1.

    Example:
        >>> v = torch.randn(4, 2, 8, 8)
        >>> round(redundancy(v[:, :1] + v[:, 1:], v), 3)
        1.0
    """
    a, b = (v.transpose(0, 1).flatten(1).double() for v in (v1, v2))
    a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
    found = torch.linalg.lstsq(b.T, a.T, driver="gelsd").solution
    rest = (a.T - b.T @ found).square().sum(0)
    return float((1 - rest / a.square().sum(1).clamp(min=1e-12)).mean())


def label_nats(logits: Tensor, labels: Tensor, entropy: float) -> tuple[float, Tensor]:
    """Information about the label in logits, in nats, at their best temperature.

    Args:
        logits: (B, Y), logits of items not used for training.
        labels: (B,) class numbers.
        entropy: H(y), in nats.

    Returns:
        H(y) minus the cross-entropy, and the (B,) cross-entropies.

    Example:
        >>> nats, _ = label_nats(20 * torch.eye(4), torch.arange(4), 1.3863)
        >>> round(nats, 3)
        1.386
    """
    best = min(
        (F.cross_entropy(logits.double() * scale, labels, reduction="none") for scale in _SCALES),
        key=lambda loss: float(loss.mean()),
    )
    return entropy - float(best.mean()), best


_SCALES = [0.0, *(2.0**power for power in range(-6, 4))]
