"""Networks of one architecture whose weights are stacked, so that they compute as one network.

Letters: N networks, B examples, C channels, F and G features of a layer.
"""

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from goodviews.core.errors import InputError
from goodviews.encoders.small import Normalise

_Named = Callable[[nn.Module], Iterable[tuple[str, Tensor]]]


class Stack:
    """N networks that compute as one: convolutions are grouped, batch-norm stays per network.

    Every weight of the networks becomes a part of one tensor (N, ...), and so do running
    statistics. A step of an optimiser on the networks thus changes the stack, and the other way
    round. Networks stay on their device; :meth:`release` parts them.

    Args:
        networks: Modules of one architecture, on one device and in one mode, of convolutions,
            linear layers, batch-norm and operations that treat every channel by itself.

    Raises:
        InputError: There are none, their architectures differ, or a layer cannot be stacked.

    Example:
        >>> nets = [nn.Conv2d(3, 2, 1) for _ in range(4)]
        >>> x = torch.randn(4, 5, 3, 6, 6)  # five examples for each of them
        >>> out = Stack(nets)(x)
        >>> out.shape, torch.allclose(out[1], nets[1](x[1]), atol=1e-6)
        (torch.Size([4, 5, 2, 6, 6]), True)
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        kinds = {_architecture(network) for network in networks}
        if len(kinds) != 1:
            raise InputError(
                f"A stack needs one or more networks of one architecture, but got "
                f"{len(networks)} networks of {len(kinds)} architectures."
            )
        self.networks = list(networks)
        self.joint = copy.deepcopy(networks[0])
        self.weights = self._stack(nn.Module.named_parameters, "_parameters")
        self._stack(nn.Module.named_buffers, "_buffers")
        for module in self.joint.modules():
            _group(module, len(networks))

    def _stack(self, named: _Named, where: str) -> dict[str, Tensor]:
        """Tensors (N, ...) by name, of which those of the networks become parts."""
        found = [dict(named(network)) for network in self.networks]
        made: dict[str, Tensor] = {}
        for name, like in found[0].items():
            whole = torch.stack([one[name].detach() for one in found])
            for one, part in zip(found, whole, strict=True):
                one[name].data = part
            if where == "_parameters":
                whole = nn.Parameter(whole, requires_grad=like.requires_grad)
            owner, _, last = name.rpartition(".")
            getattr(self.joint.get_submodule(owner), where)[last] = made[name] = whole
        return made

    def __call__(self, *inputs: Tensor) -> Any:
        """Outputs (N, B, ...) of inputs (N, B, C, ...): a tensor, or a tuple of tensors."""
        count = len(self.networks)
        made = self.joint(*(one.transpose(0, 1).flatten(1, 2) for one in inputs))
        if isinstance(made, Tensor):
            return made.unflatten(1, (count, -1)).transpose(0, 1)
        return tuple(one.unflatten(1, (count, -1)).transpose(0, 1) for one in made)

    @torch.no_grad()
    def check(self, *inputs: Tensor) -> None:
        """Compare the outputs for inputs (N, B, C, ...) with those of the last network alone.

        Raises:
            InputError: They differ, because an operation mixes the channels.
        """
        alone, mode = self.networks[-1], self.joint.training
        self.joint.eval()
        alone.eval()
        ours, theirs = self(*inputs), alone(*(one[-1] for one in inputs))
        self.joint.train(mode)
        alone.train(mode)
        if isinstance(theirs, Tensor):
            ours, theirs = (ours,), (theirs,)
        for one, other in zip(ours, theirs, strict=True):
            most = 0.01 * float(other.abs().max())
            if one[-1].shape != other.shape or bool(((one[-1] - other).abs() > most).any()):
                raise InputError(
                    "The encoder has an operation that mixes channels and cannot be stacked; "
                    "use train() for each of these runs."
                )

    def norms(self) -> Tensor:
        """Euclidean norm (N,) of all gradients of each network."""
        slopes = [one.grad for one in self.weights.values() if one.grad is not None]
        norms = [slope.flatten(1).norm(dim=1) for slope in slopes]
        return torch.stack(norms).norm(dim=0)

    def hand_out(self) -> None:
        """Move the gradients of the stack to the weights of the networks."""
        found = [dict(network.named_parameters()) for network in self.networks]
        for name, whole in self.weights.items():
            if whole.grad is None:
                continue
            for one, slope in zip(found, whole.grad, strict=True):
                one[name].grad = slope
            whole.grad = None

    def release(self) -> None:
        """Give every network tensors of its own, with the same values."""
        for network in self.networks:
            for one in (*network.parameters(), *network.buffers()):
                one.data = one.detach().clone()


def _architecture(network: nn.Module) -> tuple[str, ...]:
    kinds = (f"{name} {tuple(one.shape)}" for name, one in network.state_dict().items())
    return (str(network), str(network.training), *kinds)


def _group(module: nn.Module, count: int) -> None:
    """Make a layer with stacked weights compute on channels (B, N C, ...)."""
    for kind, grouped in _GROUPED.items():
        if isinstance(module, kind):
            module.__class__ = grouped
            if isinstance(module, nn.Conv2d):
                module.groups *= count
            return
    if any(True for _ in (*module.parameters(recurse=False), *module.buffers(recurse=False))):
        raise InputError(
            f"{type(module).__name__} cannot be stacked: only convolutions, linear layers and "
            "batch-norm can; use train() for each of these runs."
        )


def _flat(one: Tensor | None) -> Tensor | None:
    return None if one is None else one.flatten()


class _Conv(nn.Conv2d):
    def forward(self, x: Tensor) -> Tensor:
        return self._conv_forward(x, self.weight.flatten(0, 1), _flat(self.bias))


class _Norm(_BatchNorm):
    def forward(self, x: Tensor) -> Tensor:
        kept = self.training and self.running_mean is not None
        if kept and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        return F.batch_norm(
            *(x, _flat(self.running_mean), _flat(self.running_var)),
            *(_flat(self.weight), _flat(self.bias)),
            training=self.training or self.running_mean is None,
            momentum=0.1 if self.momentum is None else self.momentum,
            eps=self.eps,
        )


class _Linear(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        made = torch.einsum("bnf,ngf->bng", x.unflatten(1, (len(self.weight), -1)), self.weight)
        return (made if self.bias is None else made + self.bias).flatten(1)


class _Normalise(Normalise):
    def forward(self, images: Tensor) -> Tensor:
        return (images - self.mean.flatten(0, 1)) / self.std.flatten(0, 1)


_GROUPED: dict[type[nn.Module], type[nn.Module]] = {
    nn.Conv2d: _Conv,
    nn.BatchNorm1d: _Norm,
    nn.BatchNorm2d: _Norm,
    nn.Linear: _Linear,
    Normalise: _Normalise,
}
