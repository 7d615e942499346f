"""Contrastive learning with stored negatives: memory bank or momentum queue, optional jigsaw.

This file holds InstDis, CMC, MoCo, PIRL, MoCo v2, CMC v2 and InfoMin. They differ in where
negatives are stored, in whether each channel group has its own encoder, and in the jigsaw branch.

Letters: B examples, D embedding, K negatives, P patches.
"""

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from goodviews.core.distributed import mean, ranks
from goodviews.core.rng import Key
from goodviews.encoders import PairEncoder
from goodviews.objectives import infonce, nce, nce_log_normaliser
from goodviews.training.learners.base import Batch, Learner
from goodviews.training.memory import Bank, Momentum, Queue, forward_in_groups, shuffle_order
from goodviews.training.objective import Objective


class _Contrast(Learner):
    """Loss of queries of each side with a positive and stored negatives of the other side."""

    log_normaliser: Tensor

    def __init__(
        self,
        encoders: PairEncoder,
        objective: Objective,
        *,
        jigsaw: nn.Module | None,
        jigsaw_weight: float,
    ) -> None:
        super().__init__(encoders, objective)
        self.jigsaw = jigsaw
        self.beta = jigsaw_weight if jigsaw is not None else 0.0
        self.waiting: list[tuple[Tensor, ...]] = []
        self.register_buffer("log_normaliser", torch.tensor(torch.nan))

    def _loss(self, query: Tensor, positive: Tensor, negatives: Tensor, *, noise: int) -> Tensor:
        """Mean loss over all processes; ``noise`` is N, the number of entries to draw from."""
        options = self.objective.options
        if self.objective.name == "nce":
            if not torch.isfinite(self.log_normaliser):  # fixed by the first batch
                self.log_normaliser.copy_(
                    nce_log_normaliser(query, negatives, bank_size=noise, **options)
                )
            normaliser = self.log_normaliser
            return mean(
                nce(
                    *(query, positive, negatives),
                    bank_size=noise,
                    log_normaliser=normaliser,
                    **options,
                )
            )
        return mean(infonce(query, positive, negatives=negatives, in_batch=False, **options))

    def _pieces(self, batch: Batch) -> Tensor | None:
        """(B, D), query of the jigsaw branch, if there is one."""
        if self.jigsaw is None or batch.jigsaw is None:
            return None
        examples, patches = batch.jigsaw.shape[:2]
        codes = self.encoders.backbones[0](batch.jigsaw.flatten(0, 1))
        order = batch.key.fold(1).permutation(patches)
        made: Tensor = self.jigsaw(codes.unflatten(0, (examples, patches)), order)
        return made


class QueueLearner(_Contrast):
    """MoCo: keys from a slow encoder, negatives from a queue of past keys.

    With one encoder the query is the first view and the key the second. With an encoder for each
    channel group (CMC v2) the query of each group is compared with the keys of the other group,
    and the two losses are summed.

    Args:
        encoders: The query encoders.
        objective: ``infonce`` or ``nce``.
        target: Slow copy that computes the keys.
        queues: One queue per encoder.
        shuffle: Number of batch-norm groups of the keys, at least the number of parts of a step.
        seed: Random seed of the order of the keys.
        jigsaw: Head of the jigsaw branch.
        jigsaw_weight: Beta, the weight of the jigsaw loss.
    """

    def __init__(
        self,
        encoders: PairEncoder,
        objective: Objective,
        *,
        target: Momentum,
        queues: list[Queue],
        shuffle: int = 1,
        seed: int = 0,
        jigsaw: nn.Module | None = None,
        jigsaw_weight: float = 0.5,
    ) -> None:
        super().__init__(encoders, objective, jigsaw=jigsaw, jigsaw_weight=jigsaw_weight)
        self.target = target
        self.queues = nn.ModuleList(queues)
        self.shuffle, self.seed = shuffle, seed
        self.ready: list[list[Tensor]] = []

    @torch.no_grad()
    def before(self, batches: list[Batch]) -> None:
        """Compute the keys of all parts; a key is normalised with images of other parts.

        So accumulated parts take the role of the devices in the papers, where a query and its key
        do not share BatchNorm statistics either.
        """
        sides = (0, 1) if len(self.queues) == 2 else (1,)
        sizes = [len(batch.v1) for batch in batches]
        made = []
        for side in sides:
            views = torch.cat([(batch.v1, batch.v2)[side] for batch in batches])
            views = views.to(next(self.target.parameters()).dtype)
            keys = self._key(side, views, step=batches[0].step, parts=len(batches))
            made.append(F.normalize(keys, dim=1).split(sizes))
        self.ready = [list(keys) for keys in zip(*made, strict=True)]

    def forward(self, batch: Batch) -> Tensor:
        """See :meth:`Learner.forward`."""
        if not self.ready:
            self.before([batch])
        keys = self.ready.pop(0)
        if len(keys) == 1:
            queries = [self.encoders.embed(0, batch.v1)]
            self.record_embeddings(queries[0], keys[0])
        else:  # the query of each side is compared with the keys of the other side
            queries = list(self.encoders(batch.v1, batch.v2))
            keys.reverse()
            self.record_embeddings(queries[0], queries[1])
        stored = [queue.keys for queue in self._queues()]
        if len(stored) == 2:
            stored.reverse()
        losses = [
            self._loss(*each, noise=len(each[2]))
            for each in zip(queries, keys, stored, strict=True)
        ]
        self.waiting.append(tuple(reversed(keys)) if len(keys) == 2 else tuple(keys))
        loss = torch.stack(losses).sum()
        pieces = self._pieces(batch)
        if pieces is None:
            return loss
        there = self._loss(pieces, keys[0], stored[0], noise=len(stored[0]))
        return (1 - self.beta) * loss + self.beta * there

    def _key(self, side: int, view: Tensor, *, step: int, parts: int) -> Tensor:
        slow: PairEncoder = self.target.module  # type: ignore[assignment]

        def embed(part: Tensor) -> Tensor:
            return slow.embed(side, part)

        groups = max(-(-self.shuffle // ranks()), parts)  # each process is already a group
        if groups == 1 and ranks() == 1:
            return embed(view)
        count = len(view) * ranks()
        order = shuffle_order(count, seed=self.seed, step=step, device=view.device)
        made: Tensor = forward_in_groups(embed, view, groups=groups, order=order)
        return made

    def _queues(self) -> list[Queue]:
        return cast(list[Queue], list(self.queues))

    def after(self) -> None:
        """Move the slow encoder, and push the keys of the step to the queues."""
        self.target.update(self.encoders)
        for queue, keys in zip(self._queues(), zip(*self.waiting, strict=True), strict=True):
            queue.push(torch.cat(keys))
        self.waiting.clear()


class BankLearner(_Contrast):
    """InstDis: one stored feature per training image; negatives are drawn from these.

    The positive of an image is its own entry, which is never its negative; with an encoder for
    each channel group (CMC) it is the entry of the other group, and the two losses are summed.
    Entries are updated with the features of the step after the loss.

    Args:
        encoders: The encoders. objective: ``infonce`` or ``nce``.
        banks: One bank per encoder.
        negatives: K, the number of drawn negatives.
        each: Whether each anchor has its own draw, from all entries but its own (B K D numbers),
            or the batch has one, from all entries but those of the batch.
        jigsaw: Head of the jigsaw branch.
        jigsaw_weight: Beta, the weight of the jigsaw loss.
    """

    def __init__(
        self,
        encoders: PairEncoder,
        objective: Objective,
        *,
        banks: list[Bank],
        negatives: int,
        each: bool = True,
        jigsaw: nn.Module | None = None,
        jigsaw_weight: float = 0.5,
    ) -> None:
        super().__init__(encoders, objective, jigsaw=jigsaw, jigsaw_weight=jigsaw_weight)
        self.banks = nn.ModuleList(banks)
        self.count, self.each = negatives, each

    def forward(self, batch: Batch) -> Tensor:
        """See :meth:`Learner.forward`."""
        if len(self.banks) == 2:
            codes = list(self.encoders(batch.v1, batch.v2))
            self.record_embeddings(codes[0], codes[1])
        else:
            codes = [self.encoders.embed(0, batch.v1)]
        others = self._banks()[::-1]
        losses = []
        for side, (code, bank) in enumerate(zip(codes, others, strict=True)):
            losses.append(self._against(bank, code, batch, part=3 + side))
        loss = torch.stack(losses).sum()
        if len(self.banks) == 1:
            self.record_embeddings(codes[0], others[0].positives(batch.places))
        pieces = self._pieces(batch)
        if pieces is not None:
            there = self._against(others[0], pieces, batch, part=3)
            loss = (1 - self.beta) * loss + self.beta * there
        self.waiting.append((batch.places, *(code.detach() for code in codes)))
        return loss

    def _against(self, bank: Bank, code: Tensor, batch: Batch, *, part: int) -> Tensor:
        words = batch.words if self.each else batch.words[:1]
        without = batch.places[:, None] if self.each else batch.places.unique()[None]
        drawn = bank.negatives(Key(words).fold(part), self.count, without=without)
        if not self.each:
            drawn = drawn[0]
        noise = len(bank.entries) - without.shape[1]
        return self._loss(code, bank.positives(batch.places), drawn, noise=noise)

    def _banks(self) -> list[Bank]:
        return cast(list[Bank], list(self.banks))

    def after(self) -> None:
        """Update the banks with the features of the step."""
        places, *codes = (torch.cat(parts) for parts in zip(*self.waiting, strict=True))
        for bank, code in zip(self._banks(), codes, strict=True):
            bank.update(places, code)
        self.waiting.clear()
