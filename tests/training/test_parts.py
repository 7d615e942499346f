"""The parts together: a MoCo loop and a bank loop that learn, stop and go on exactly."""

import copy

import pytest
import torch
from torch import nn

from goodviews.core.rng import Key
from goodviews.encoders import build_backbone, build_head
from goodviews.objectives import infonce
from goodviews.training.memory import Bank, Momentum, Queue, forward_in_groups, shuffle_order
from goodviews.training.optim import build_optimiser
from goodviews.training.schedule import build_schedule

BATCH, COUNT, TOTAL = 32, 512, 24


def view(rows, step, which):
    """One row of pixels that is the image's own, seven rows of noise drawn anew."""
    own = torch.randn(COUNT, 1, 1, 8, generator=torch.Generator().manual_seed(0))
    noise = Key.of(seed=0, samples=rows, epoch=step, view=which).normal(56)
    return torch.cat([own[rows], 0.5 * noise.view(-1, 1, 7, 8)], dim=2)


class Run:
    """A method of the papers in a dozen lines, on images in noise."""

    def __init__(self, method, seed=0, total=TOTAL, text="adamw(lr=0.005, rule='none')"):
        torch.manual_seed(seed)
        backbone = build_backbone("mlp(width=64, depth=1)", channels=1, size=8)
        self.model = nn.Sequential(backbone, build_head("mlp(dim=16)", backbone.features))
        self.slow = Momentum(self.model, momentum=0.9, total=total)
        self.store = Queue(48, 16) if method == "moco" else Bank(COUNT, 16)
        self.loss = {"moco": self.moco, "bank": self.bank}[method]
        self.optimiser, _ = build_optimiser(text, self.model.parameters(), batch=BATCH)
        at = build_schedule("cosine(warmup=2, floor=0.001)", total)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimiser, at)
        self.steps = 0

    def moco(self, rows):
        query = forward_in_groups(self.model, view(rows, self.steps, 0), groups=2)
        order = shuffle_order(BATCH, seed=0, step=self.steps)
        key = forward_in_groups(self.slow, view(rows, self.steps, 1), groups=2, order=order)
        loss = infonce(query, key, negatives=self.store.negatives(), in_batch=False).mean()
        return loss, lambda: self.store.push(key)

    def bank(self, rows):
        z = self.model(view(rows, self.steps, 0))
        negatives = self.store.negatives(Key.of(seed=0, samples=rows, epoch=self.steps), 32)
        positive = self.store.positives(rows)
        loss = infonce(z, positive, negatives=negatives, in_batch=False).mean()
        return loss, lambda: self.store.update(rows, z)

    def go(self, to):
        losses = []
        while self.steps < to:
            rows = shuffle_order(COUNT, seed=1, step=self.steps)[:BATCH]
            loss, remember = self.loss(rows)
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            self.schedule.step()
            remember()
            self.slow.update(self.model)
            self.steps += 1
            losses.append(loss.item())
        return losses

    def parts(self):
        return [self.model, self.slow, self.store, self.optimiser, self.schedule]

    def matched(self):
        """Share of images whose other view is the nearest of all."""
        self.model.eval()
        rows = torch.arange(COUNT)
        with torch.no_grad():
            z = [nn.functional.normalize(self.model(view(rows, 999, k)), dim=1) for k in (0, 1)]
        self.model.train()
        return float((torch.mm(z[0], z[1].T).argmax(1) == rows).float().mean())


@pytest.mark.parametrize("text", ["adamw()", "lars(lr=2)", "sgd()"])
@pytest.mark.parametrize("method", ["moco", "bank"])
def test_a_resumed_run_is_bitwise_the_run_that_was_not_stopped(method, text):
    whole, first = Run(method, text=text), Run(method, text=text)
    losses = whole.go(TOTAL)
    before = first.go(10)
    state = [copy.deepcopy(part.state_dict()) for part in first.parts()]
    second = Run(method, seed=9, text=text)
    for part, kept in zip(second.parts(), state, strict=True):
        part.load_state_dict(kept)
    second.steps = 10
    assert before + second.go(TOTAL) == losses
    for one, two in zip(whole.parts()[:3], second.parts()[:3], strict=True):
        assert all(map(torch.equal, one.state_dict().values(), two.state_dict().values()))


@pytest.mark.parametrize("method", ["moco", "bank"])
def test_the_parts_learn_to_tell_images_apart(method):
    gains = []
    for seed in range(3):
        run = Run(method, seed=seed, total=200)
        before = run.matched()
        run.go(200)
        gains.append(run.matched() - before)
    spread = float(torch.tensor(gains).std())
    assert sum(gains) / 3 > max(0.4, 3 * spread), gains
