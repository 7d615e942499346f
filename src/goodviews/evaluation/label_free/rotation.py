"""The rotation probe: by which angle an image was turned, read from its representation.

Letters: B images in a batch, N images, C H W an image, S its shorter side, F representation.
"""

import torch
from torch import Tensor

from goodviews.core.errors import InputError, check_tensors
from goodviews.evaluation.logistic import fit_logistic

TURNS = 4
"""Rotations by 0, 90, 180 and 270 degrees."""


def rotated(images: Tensor) -> Tensor:
    """The central square of each image, turned by 0, 90, 180 and 270 degrees.

    Args:
        images: (B, C, H, W).

    Returns:
        (4, B, C, S, S), counter-clockwise; no pixel is interpolated.

    Raises:
        ShapeError: ``images`` does not have four axes.

    Example:
        >>> rotated(torch.tensor([[[[1, 2], [3, 4]]]]))[1, 0, 0].tolist()
        [[2, 4], [1, 3]]
    """
    sizes = check_tensors("images: B C H W", images)
    side = min(sizes["H"], sizes["W"])
    top, left = (sizes["H"] - side) // 2, (sizes["W"] - side) // 2
    square = images[:, :, top : top + side, left : left + side]
    return torch.stack([torch.rot90(square, turn, (2, 3)) for turn in range(TURNS)])


def rotation_accuracy(features: Tensor, *, penalty: float = 1e-3) -> float:
    r"""Accuracy of a linear probe that predicts by which of four angles an image was turned.

    The probe is fitted on all turns of every other image and tested on those of the rest, so that
    no image is on both sides, and images may be in the order of their classes. Chance is 1/4. The
    authors train the same linear layer on a frozen backbone by gradient descent; here it is
    logistic regression at its optimum. It says little where images have no upright, or where the
    view turns them.

    Args:
        features: (4, N, F), representations of N images under the four turns of
            :func:`rotated`; N at least 2.
        penalty: Penalty of the probe; see :func:`goodviews.evaluation.fit_logistic`.

    Returns:
        Share of 1.

    Raises:
        ShapeError: ``features`` does not have three axes.
        InputError: There are not four turns or fewer than two images, or a value is not finite.

    References:
        Reed et al., 2021 (SelfAugment), section 3, arXiv:2009.07724.

    Example:
        >>> rotation_accuracy(torch.eye(4)[:, None].repeat(1, 6, 1))  # the angle itself
        1.0
        >>> rotation_accuracy(torch.randn(1, 6, 3).repeat(4, 1, 1))  # turns that look the same
        0.25
    """
    sizes = check_tensors("features: T N F", features)
    if sizes["T"] != TURNS or sizes["N"] < 2:
        raise InputError(
            f"rotation_accuracy needs the features of 4 turns of at least 2 images, (4, N, F), "
            f"but got {tuple(features.shape)}."
        )

    def part(x: Tensor) -> tuple[Tensor, Tensor]:
        turns = torch.arange(TURNS, device=x.device).repeat_interleave(x.shape[1])
        return x.flatten(0, 1), turns

    known, turns = part(features.detach().float()[:, ::2])
    tested, truth = part(features.detach().float()[:, 1::2])
    probe = fit_logistic(known, turns, classes=TURNS, penalty=penalty, device=known.device)
    return float((probe.log_probs(tested).argmax(dim=1) == truth).double().mean())
