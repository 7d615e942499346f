"""MINE: Donsker and Varadhan's estimate with a moving average that reduces gradient bias."""

import math

import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError
from goodviews.information.functionals import dv_value, log_mean_exp_off_diagonal


class MineValue(nn.Module):
    r"""Objective to maximise: the value of DV on a batch of scores, with the gradient of MINE.

    .. math:: \nabla = E_p[\nabla T] - \frac{E_q[e^T \nabla T]}{\mathrm{EMA}(E_q[e^T])}

    The average is stored as a logarithm, so that large scores do not overflow.

    Args:
        decay: Weight of the old average in each step, within [0, 1).

    References:
        Belghazi et al., 2018, section 3.2, arXiv:1801.04062.

    Example:
        >>> float(MineValue()(torch.zeros(4, 4)))
        0.0
    """

    log_mean: Tensor

    def __init__(self, decay: float = 0.99) -> None:
        super().__init__()
        if not 0 <= decay < 1:
            raise InputError(f"decay must be within [0, 1), but got {decay}.")
        self.decay = decay
        self.register_buffer("log_mean", torch.tensor(math.nan))

    def forward(self, scores: Tensor) -> Tensor:
        """Value for scores (B, B): (), in nats."""
        now = log_mean_exp_off_diagonal(scores)
        with torch.no_grad():
            if bool(self.log_mean.isnan()) or self.decay == 0:
                self.log_mean = now.detach().clone()
            else:
                self.log_mean = torch.logaddexp(
                    self.log_mean + math.log(self.decay), now + math.log1p(-self.decay)
                )
        surrogate = scores.diagonal().mean() - (now - self.log_mean).exp()
        return dv_value(scores).detach() + surrogate - surrogate.detach()
