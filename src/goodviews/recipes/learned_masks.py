"""Masks, learned: which part of an image to hide so that the rest tells little of the whole.

Letters: B examples, C channels, H and W pixels, M masks.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from goodviews.core.rng import Key
from goodviews.information.functionals import infonce_value
from goodviews.recipes.learned_arms import Parts
from goodviews.recipes.other_settings import OtherTable, classifier, encoder
from goodviews.views import Chain, View, ViewPair, parse_view
from goodviews.views.base import Params, Shape

__all__ = ["Masked", "Masks", "learn_masks"]


class Masks(nn.Module):
    """Parts an image into M masks that sum to 1 at each pixel, on a grid of a quarter its side.

    Args:
        channels: C.
        count: M.

    Example:
        >>> Masks(3, 4)(torch.rand(2, 3, 16, 16)).sum(1).allclose(torch.ones(2, 16, 16))
        True
    """

    def __init__(self, channels: int, count: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.BatchNorm2d(channels, affine=False),
            nn.Conv2d(channels, 24, 4, 2, 1), nn.BatchNorm2d(24), nn.ReLU(),
            nn.Conv2d(24, 48, 4, 2, 1), nn.BatchNorm2d(48), nn.ReLU(),
            nn.Conv2d(48, 48, 3, 1, 1), nn.ReLU(), nn.Conv2d(48, count, 1),
        )  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) to (B, M, H, W), each in [0, 1]."""
        return F.interpolate(self.net(images).softmax(dim=1), size=images.shape[-2:])

    def hide(self, images: Tensor, which: Tensor) -> Tensor:
        """Images with one of their masks taken out.

        Args:
            images: (B, C, H, W).
            which: (B,), the mask of each.
        """
        masks = self(images)
        return images * (1 - masks[torch.arange(len(images)), which][:, None])


@dataclass(frozen=True, repr=False)
class Masked(View):
    """A view that hides a mask, drawn among those of a network that stands still.

    Attributes:
        masks: The network.
        count: M.
    """

    name: ClassVar[str] = "masked"
    masks: Masks
    count: int

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``which``, (B,)."""
        return {"which": (key.uniform(1)[:, 0] * self.count).long().clamp(max=self.count - 1)}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Hide it."""
        with torch.no_grad():
            return self.masks.hide(images, params["which"])


def learn_masks(
    data: Parts, settings: OtherTable, mode: str, seed: int
) -> tuple[ViewPair, dict[str, float]]:
    """Learn masks against encoders: the first view is masked, the second is another crop, whole.

    Args:
        data: Images and who does what with them.
        settings: Of the run.
        mode: ``semi`` (the masked view keeps the label, too) or ``unsupervised``.
        seed: Number of the run.

    Returns:
        Both views with the masks frozen; what was shared in the end and the largest mask's
        share of the image.

    References:
        Shi et al., 2022, arXiv:2201.13100 (masks learned against an encoder); objective of Tian
        et al., 2020, 3.5. The sizes are ours.
    """
    before = parse_view(settings.before).first

    def crop(rows: np.ndarray, step: int, view: int) -> Tensor:
        raw = data.images.raw(rows)
        key = Key.of(seed=seed, samples=torch.from_numpy(rows), epoch=step, view=view)
        return before.apply(raw, before.sample(tuple(raw.shape[1:]), key))

    some = crop(data.pretrain_on[:2], 0, 0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        masks = Masks(some.shape[1], settings.masks)
        first, second = encoder(settings, some), encoder(settings, some)
        of_view = classifier(settings, some, int(data.labels.max()) + 1)
    others = [p for part in (first, second, of_view) for p in part.parameters()]
    optimiser = torch.optim.Adam([
        {"params": others, "lr": settings.encoder_rate},
        {"params": list(masks.parameters()), "lr": settings.mask_rate},
    ])  # fmt: skip
    shared = torch.zeros(())
    for step in range(settings.steps):
        rng = np.random.default_rng((seed, step))
        rows = rng.choice(data.pretrain_on, settings.batch, replace=False)
        few = rng.choice(data.labelled, settings.labelled_batch, replace=False)
        one, two = (torch.from_numpy(rng.integers(0, settings.masks, len(r))) for r in (rows, few))
        hidden = masks.hide(crop(rows, step, 0), one)
        if step < settings.warm_up:
            hidden = hidden.detach()
        else:
            hidden.register_hook(torch.neg)
        z1 = F.normalize(first(hidden), dim=1)
        z2 = F.normalize(second(crop(rows, step, 1)), dim=1)
        scores = z1 @ z2.T / settings.temperature
        shared = (infonce_value(scores) + infonce_value(scores.T)) / 2
        kept = masks.hide(crop(few, step, 99), two)
        if mode != "semi" or step < settings.warm_up:
            kept = kept.detach()
        loss = F.cross_entropy(of_view(kept), torch.from_numpy(data.labels[few]))
        optimiser.zero_grad()
        (loss - shared).backward()
        optimiser.step()
    masks.eval()
    with torch.no_grad():
        share = float(masks(crop(data.held_out[:256], 0, 0)).mean(dim=(0, 2, 3)).max())
    pair = ViewPair(Chain([*before.steps, Masked(masks, settings.masks)]), before, False)
    return pair, {"in_game_nats": float(shared.detach()), "largest_mask": share}
