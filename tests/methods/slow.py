"""Slow twins: each method's step written out as its authors' code has it, example by example.

A twin starts from a copy of the learner's modules. Loss, gradient, step, slow target, queue, bank
and prototypes are its own; only layers, views and the words of randomness are shared.
"""

import copy
import math

import torch
import torch.nn.functional as F

from goodviews.core.rng import Key
from goodviews.training.memory import shuffle_order


def unit(rows):
    return rows / rows.norm(dim=1, keepdim=True)


def cross_entropy(query, positive, negatives, temperature):
    """Mean over queries of log(sum of candidates) - positive; negatives (M, D) or (B, M, D)."""
    losses = []
    for i in range(len(query)):
        own = negatives[i] if negatives.ndim == 3 else negatives
        logits = torch.cat([(query[i] @ positive[i])[None], own @ query[i]]) / temperature
        losses.append(logits.exp().sum().log() - logits[0])
    return torch.stack(losses).mean()


class Rates:
    """SGD with momentum, or LARS, at given rates and after a schedule."""

    def __init__(self, named, *, lr, decay, adapt=None, bias_lr=None, constant=()):
        self.named, self.lr, self.decay, self.adapt = dict(named), lr, decay, adapt
        self.bias_lr, self.constant, self.buffers = bias_lr, constant, {}

    @torch.no_grad()
    def step(self, factor, skip=()):
        for name, p in self.named.items():
            if p.grad is None or name in skip:
                continue
            small = p.ndim == 1
            lars = self.adapt is not None
            plain = lars and small and self.adapt == "matrices"
            d = p.grad.clone() if plain else p.grad + self.decay * p
            if lars and not plain and p.norm() > 0 and d.norm() > 0:
                d = d * (0.001 * p.norm() / d.norm())
            before = self.buffers.get(name, torch.zeros_like(p))
            self.buffers[name] = 0.9 * before + d
            lr = self.bias_lr if small and self.bias_lr is not None else self.lr
            held = any(name.startswith(prefix) for prefix in self.constant)
            p -= lr * (1.0 if held else factor) * self.buffers[name]
        for p in self.named.values():
            p.grad = None


class Twin:
    """Copy of a learner that takes the authors' steps."""

    def __init__(self, learner, **rates):
        self.learner = copy.deepcopy(learner).double()
        self.rates = Rates(
            [(n, p) for n, p in self.learner.named_parameters() if p.requires_grad], **rates
        )

    def step(self, batch, factor):
        loss = self.loss(batch)
        loss.backward()
        self.rates.step(factor, self.skipped(batch))
        self.after(batch)
        return float(loss.detach())

    def skipped(self, _batch):
        return ()

    def after(self, batch):
        pass

    def embed(self, batch):
        """Embeddings of both views by the trained encoders, each view a batch of its own."""
        return self.learner.encoders(batch.v1.double(), batch.v2.double())

    def pieces(self, batch):
        """Embedding of the nine patches, in an order of their own for each image."""
        flat = batch.jigsaw.double().flatten(0, 1)
        codes = self.learner.encoders.backbones[0](flat).unflatten(0, (len(batch.v1), -1))
        order = batch.key.fold(1).permutation(codes.shape[1])
        mixed = torch.stack([codes[i][order[i]] for i in range(len(codes))])
        head = self.learner.jigsaw
        return unit(head.fc2(torch.stack([head.fc1(patches).flatten() for patches in mixed])))


class BankTwin(Twin):
    """InstDis, PIRL and CMC."""

    def __init__(self, learner, *, temperature, count, beta=0.0, **rates):
        super().__init__(learner, **rates)
        self.temperature, self.count, self.beta = temperature, count, beta
        self.banks = [bank.entries for bank in self.learner.banks]

    def loss(self, batch):
        if len(self.banks) == 2:
            self.codes = [unit(z) for z in self.embed(batch)]
        else:
            self.codes = [unit(self.learner.encoders.embed(0, batch.v1.double()))]
        there = self.banks[::-1]
        loss = sum(self.against(z, there[i], batch, 3 + i) for i, z in enumerate(self.codes))
        if not self.beta:
            return loss
        jigsaw = self.against(self.pieces(batch), there[0], batch, 3)
        return (1 - self.beta) * loss + self.beta * jigsaw

    def against(self, query, bank, batch, part):
        others = torch.tensor(
            [[i for i in range(len(bank)) if i != own] for own in batch.places.tolist()]
        )
        halves = (Key(batch.words).fold(part).uniform(2 * self.count) * 2**24).long()
        number = ((halves[:, : self.count] << 24) + halves[:, self.count :]) % others.shape[1]
        return cross_entropy(
            query, bank[batch.places], bank[others.gather(1, number)], self.temperature
        )

    @torch.no_grad()
    def after(self, batch):
        for bank, codes in zip(self.banks, self.codes, strict=True):
            for row, place in enumerate(batch.places.tolist()):
                mixed = 0.5 * bank[place] + 0.5 * codes[row]
                bank[place] = mixed / mixed.norm()


class QueueTwin(Twin):
    """MoCo, MoCo v2, InfoMin and CMC v2."""

    def __init__(self, learner, *, temperature, momentum, seed, beta=0.0, **rates):
        super().__init__(learner, **rates)
        self.temperature, self.momentum = temperature, momentum
        self.beta, self.seed = beta, seed
        self.queues = [list(queue.keys) for queue in self.learner.queues]
        self.next = 0

    @torch.no_grad()
    def key(self, side, view, step):
        """Keys, normalised in shuffled groups as on several devices."""
        order = shuffle_order(len(view), seed=self.seed, step=step)
        slow, made = self.learner.target.module, [None] * len(view)
        for group in order.tensor_split(self.learner.shuffle):
            for place, row in zip(group, unit(slow.embed(side, view[group])), strict=True):
                made[place] = row
        return torch.stack(made)

    def loss(self, batch):
        views = (batch.v1.double(), batch.v2.double())
        if len(self.queues) == 2:
            queries = [unit(z) for z in self.embed(batch)]
            self.keys = [self.key(side, views[side], batch.step) for side in range(2)]
        else:
            queries = [unit(self.learner.encoders.embed(0, views[0]))]
            self.keys = [self.key(1, views[1], batch.step)]
        stored = [torch.stack(queue) for queue in self.queues]
        loss = sum(
            cross_entropy(query, self.keys[-1 - i], stored[-1 - i], self.temperature)
            for i, query in enumerate(queries)
        )
        if not self.beta:
            return loss
        jigsaw = cross_entropy(self.pieces(batch), self.keys[0], stored[0], self.temperature)
        return (1 - self.beta) * loss + self.beta * jigsaw

    @torch.no_grad()
    def after(self, batch):
        slow, fast = self.learner.target.module, self.learner.encoders
        for p, q in zip(slow.parameters(), fast.parameters(), strict=True):
            p.copy_(self.momentum * p + (1 - self.momentum) * q)
        for queue, keys in zip(self.queues, self.keys, strict=True):
            for row, key in enumerate(keys):
                queue[(self.next + row) % len(queue)] = key
        self.next += len(batch.v1)


class SimCLRTwin(Twin):
    def loss(self, batch):
        z = torch.cat([unit(z) for z in self.embed(batch)])
        half, total = len(z) // 2, 0.0
        for i in range(len(z)):
            others = torch.tensor([j for j in range(len(z)) if j != i])
            logits = z[others] @ z[i] / 0.15
            total = total + logits.exp().sum().log() - z[i] @ z[(i + half) % len(z)] / 0.15
        return total / len(z)


class CPCTwin(Twin):
    """Each row below is distinguished from other patches at the same distance."""

    def loss(self, batch):
        learner, losses = self.learner, []
        count, patches = batch.v1.shape[:2]
        rows = learner.rows
        columns = patches // rows
        codes = learner.encoders.backbones[0](batch.v1.double().flatten(0, 1))
        z = learner.encoders.projectors[0](codes).reshape(count, rows, columns, -1)
        codes = codes.reshape(count, rows, columns, -1)
        read = {
            (i, c): learner.reader(codes[i, :, c][None])[0][0]
            for i in range(count)
            for c in range(columns)
        }
        for below, linear in enumerate(learner.predict, start=1):
            triples = [
                (linear(read[i, c][r]), z[i, r + below, c])
                for i in range(count)
                for c in range(columns)
                for r in range(rows - below)
            ]
            guess, truth = (unit(torch.stack(side)) for side in zip(*triples, strict=True))
            logits = guess @ truth.T / 0.1
            losses.append((logits.exp().sum(dim=1).log() - logits.diagonal()).mean())
        return sum(losses) / len(losses)


class BarlowTwin(Twin):
    def loss(self, batch):
        z1, z2 = (
            (z - z.mean(0)) / (z.var(0, unbiased=False) + 1e-5).sqrt() for z in self.embed(batch)
        )
        c = z1.T @ z2 / len(z1)
        off = c - torch.diag(c.diagonal())
        return (c.diagonal() - 1).square().sum() + 0.005 * off.square().sum()


class VICRegTwin(Twin):
    def loss(self, batch):
        z1, z2 = self.embed(batch)
        loss = 25 * F.mse_loss(z1, z2)
        for z in (z1, z2):
            z = z - z.mean(0)
            loss = loss + 25 * (1 - (z.var(0) + 1e-4).sqrt()).relu().mean() / 2
            c = z.T @ z / (len(z) - 1)
            loss = loss + (c - torch.diag(c.diagonal())).square().sum() / z.shape[1]
        return loss


class BootstrapTwin(Twin):
    """BYOL (with a target) and SimSiam; both views pass the predictor as one batch."""

    def __init__(self, learner, *, base=None, steps=0, **rates):
        super().__init__(learner, **rates)
        self.base, self.steps = base, steps

    def loss(self, batch):
        z = self.embed(batch)
        p1, p2 = self.learner.predictor(torch.cat(z)).chunk(2)
        slow = self.learner.target
        with torch.no_grad():
            views = batch.v1.double(), batch.v2.double()
            t1, t2 = (z.detach() for z in z) if slow is None else slow.module(*views)
        cosines = (unit(p1) * unit(t2)).sum(1).mean() + (unit(p2) * unit(t1)).sum(1).mean()
        return -cosines / 2 if slow is None else 4 - 2 * cosines

    @torch.no_grad()
    def after(self, batch):
        if self.learner.target is None:
            return
        decay = (math.cos(math.pi * batch.step / self.steps) + 1) / 2
        tau = 1 - (1 - self.base) * decay
        slow, fast = self.learner.target.module, self.learner.encoders
        for p, q in zip(slow.parameters(), fast.parameters(), strict=True):
            p.copy_(tau * p + (1 - tau) * q)


class SwAVTwin(Twin):
    def __init__(self, learner, *, epsilon, frozen, size, start, **rates):
        super().__init__(learner, **rates)
        self.epsilon, self.frozen, self.size, self.start = epsilon, frozen, size, start
        self.stored = [[], []]

    def skipped(self, batch):
        return ("prototypes.vectors",) if batch.step < self.frozen else ()

    def assigned(self, scores, stored):
        """Rows of the batch after three rounds over stored and own scores."""
        c = self.learner.prototypes.vectors
        past = [row @ c.T for row in stored] if len(stored) == self.size else []
        q = torch.stack([*past, *scores]).div(self.epsilon).exp().T
        q = q / q.sum()
        for _ in range(3):
            q = q / q.sum(dim=1, keepdim=True) / q.shape[0]
            q = q / q.sum(dim=0, keepdim=True) / q.shape[1]
        return (q / q.sum(dim=0)).T[-len(scores) :]

    def loss(self, batch):
        c = self.learner.prototypes.vectors
        with torch.no_grad():
            for row in c:
                row /= row.norm()
        self.codes = [unit(z) for z in self.embed(batch)]
        scores = [z @ c.T for z in self.codes]
        with torch.no_grad():
            q1, q2 = map(self.assigned, scores, self.stored)
        there = (q2 * (scores[0] / 0.1).log_softmax(1)).sum(1).mean()
        back = (q1 * (scores[1] / 0.1).log_softmax(1)).sum(1).mean()
        return -(there + back) / 2

    def after(self, batch):
        if batch.step >= self.start:
            for stored, codes in zip(self.stored, self.codes, strict=True):
                stored.extend(codes.detach())
                del stored[: -self.size]
