"""BatchNorm with the statistics of all processes, on the CPU too.

Letters: B examples of this rank, C channels, n values of a channel over all ranks.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from goodviews.core.distributed import gather, ranks
from goodviews.core.errors import InputError

PLAIN = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class JointBatchNorm(nn.Module):
    r"""BatchNorm over the joint batch of all ranks, with the exact gradient of the sum of losses.

    .. math:: y = \gamma \frac{x - \bar x}{\sqrt{\frac1n \sum (x - \bar x)^2 + \epsilon}} + \beta

    The mean is computed first and then the squared differences, which avoids cancellation. The
    synchronised BatchNorm of torch needs a GPU; this one runs with any process group, needs
    four small exchanges per layer, and serves as the reference for that of torch.

    Args:
        norm: BatchNorm to replace; its parameters and buffers are shared and keep their names.

    References:
        Ioffe and Szegedy, 2015, algorithm 1, arXiv:1502.03167.

    Example:
        >>> x = torch.randn(8, 3)
        >>> plain, joint = nn.BatchNorm1d(3), JointBatchNorm(nn.BatchNorm1d(3))
        >>> torch.allclose(joint(x), plain(x), atol=1e-6)  # one process: the same
        True
    """

    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(self, norm: nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d) -> None:
        super().__init__()
        self.eps, self.momentum = norm.eps, norm.momentum
        self.weight, self.bias = norm.weight, norm.bias
        for name in ("running_mean", "running_var", "num_batches_tracked"):
            self.register_buffer(name, getattr(norm, name))
        self.train(norm.training)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (B, C, ...) to the same shape; B can differ between ranks and can be 0."""
        if not self.training and self.running_mean is not None:
            return F.batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        axes = [axis for axis in range(x.ndim) if axis != 1]
        shape = [1, -1, *[1] * (x.ndim - 2)]
        wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        count = wide.new_tensor([x.numel() / x.shape[1]])
        total = gather(torch.cat([wide.sum(dim=axes), count])[None]).sum(dim=0)
        n = total[-1].detach()
        mean = total[:-1] / n
        away = wide - mean.view(shape)
        var = gather(away.square().sum(dim=axes)[None]).sum(dim=0) / n
        if self.training:
            self._remember(mean.detach(), var.detach() * n / (n - 1).clamp(min=1))
        y = away * (var + self.eps).rsqrt().view(shape)
        if self.weight is not None:
            y = y * self.weight.view(shape) + self.bias.view(shape)
        return y.to(x.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, var: Tensor) -> None:
        if self.running_mean is None or self.running_var is None:
            return
        assert self.num_batches_tracked is not None
        self.num_batches_tracked += 1
        share = self.momentum
        if share is None:
            share = 1 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), share)
        self.running_var.lerp_(var.to(self.running_var.dtype), share)


def synchronise(module: nn.Module) -> nn.Module:
    """Make every BatchNorm of a module use the statistics of all ranks.

    On a GPU, they are replaced by the synchronised BatchNorm of torch, otherwise by
    :class:`JointBatchNorm`; weights, buffers and their names do not change. With a single
    process, nothing changes. Call it before creating the optimiser.

    Args:
        module: Module to change in place, unless it is a BatchNorm itself.

    Returns:
        The synchronised module.

    Raises:
        InputError: The module contains a custom BatchNorm, which cannot be synchronised.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4))
        >>> synchronise(net) is net
        True
    """
    if ranks() == 1:
        return module
    norms = {name: part for name, part in module.named_modules() if isinstance(part, PLAIN)}
    odd = [type(part).__name__ for part in norms.values() if type(part) not in PLAIN]
    if odd:
        raise InputError(
            f"BatchNorm cannot be synchronised: the model contains {odd[0]}, which does more "
            f"than normalise. Train with unsynchronised BatchNorm, or use another backbone."
        )
    if any(p.is_cuda for p in module.parameters()):
        return nn.SyncBatchNorm.convert_sync_batchnorm(module)
    for name, norm in norms.items():
        if not name:
            return JointBatchNorm(norm)
        module.set_submodule(name, JointBatchNorm(norm))
    return module
