"""Contrastive losses, forward and backward, beside lightly and pytorch-metric-learning.

One process, one thread, CPU seconds; every contestant is warmed up, rounds are
interleaved, and the median of the rounds is told. Memory is the growth of the
process's peak while one forward and backward runs.

    python benchmarks/objectives.py [--quick] [--out FOLDER]
"""

import statistics
import time
import warnings
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.core.origin import run_origin
from goodviews.information.tiles import pool_logsumexp, row_logsumexp
from goodviews.objectives import barlow, dcl, infonce, ntxent, vicreg
from timing import arguments, growth, keep, peers, rest, status, turns

DIM = 128
Loss = Callable[[Tensor, Tensor], Tensor]


def written_out(view1: Tensor, view2: Tensor, temperature: float = 0.1) -> Tensor:
    """NT-Xent as a matrix, a mask and a logsumexp."""
    z = F.normalize(torch.cat([view1, view2]), dim=1)
    logits = z @ z.T / temperature
    logits = logits.masked_fill(torch.eye(len(z), dtype=torch.bool), -torch.inf)
    half = len(view1)
    own = torch.cat([logits.diagonal(half), logits.diagonal(-half)])
    return (logits.logsumexp(dim=1) - own).mean()


def bf16(view1: Tensor, view2: Tensor) -> Tensor:
    z = F.normalize(torch.cat([view1, view2]), dim=1)
    return pool_logsumexp(z, temperature=0.1, less_positive=True, bf16=True).mean()


class Queue:
    """Our MoCo step: InfoNCE against a ring of keys that is written in place."""

    def __init__(self, size: int) -> None:
        self.keys = F.normalize(torch.randn(size, DIM), dim=1)
        self.place = 0

    def __call__(self, query: Tensor, key: Tensor) -> Tensor:
        """One step, backward included: the queue must not change under the graph."""
        key = key.detach()
        loss = infonce(query, key, negatives=self.keys, in_batch=False).mean()
        loss.backward()
        places = (self.place + torch.arange(len(key))) % len(self.keys)
        self.keys[places] = F.normalize(key, dim=1)
        self.place = int((self.place + len(key)) % len(self.keys))
        return loss


def contests(quick: bool) -> list[tuple[str, int, int, dict[str, Loss]]]:
    """Table name, pairs, rounds, and the losses that compete; the first is the measure."""
    from lightly.loss import BarlowTwinsLoss, DCLLoss, NTXentLoss, VICRegLoss
    from pytorch_metric_learning.losses import NTXentLoss as MetricNTXent
    from pytorch_metric_learning.losses import SelfSupervisedLoss

    metric = SelfSupervisedLoss(MetricNTXent(temperature=0.1))
    light, light_dcl = NTXentLoss(temperature=0.1), DCLLoss(temperature=0.1)
    light_vicreg, light_barlow = VICRegLoss(), BarlowTwinsLoss()
    table: list[tuple[str, int, int, dict[str, Loss]]] = []
    for pairs, rounds in ((256, 31), (1024, 15), (4096, 5)):
        if quick and pairs > 256:
            break
        rivals: dict[str, Loss] = {
            "lightly": light,
            "plain logsumexp": written_out,
            "goodviews": lambda a, b: ntxent(a, b).mean(),
            "goodviews, bf16 products": bf16,
        }
        if pairs <= 256:  # it lists every pair: gigabytes
            rivals["pytorch-metric-learning"] = metric
        table.append(("NT-Xent", pairs, rounds, rivals))
    pairs, rounds = (256, 5) if quick else (1024, 11)
    table += [
        ("DCL", pairs, rounds, {"lightly": light_dcl, "goodviews": lambda a, b: dcl(a, b).mean()}),
        (
            "VICReg",
            pairs,
            rounds,
            {
                "lightly": light_vicreg,
                "goodviews": lambda a, b: sum(vicreg(a, b), a.new_zeros(())).mean(),
            },
        ),
        (
            "Barlow Twins",
            pairs,
            rounds,
            {
                "lightly": light_barlow,
                "goodviews": lambda a, b: sum(barlow(a, b), a.new_zeros(())),
            },
        ),
    ]
    size = 4096 if quick else 65536
    bank = NTXentLoss(temperature=0.1, memory_bank_size=(size, DIM))
    table.append(
        (
            f"MoCo, queue {size}",
            256,
            5 if quick else 7,
            {"lightly": bank, "goodviews": Queue(size)},
        )
    )
    return table


def once(loss: Loss, pairs: int, seed: int) -> float:
    """CPU seconds of one forward and backward on fresh leaves."""
    rng = torch.Generator().manual_seed(seed)
    views = [torch.randn(pairs, DIM, generator=rng).requires_grad_() for _ in range(2)]
    begin = time.process_time()
    value = loss(*views)
    if views[0].grad is None:
        value.backward()
    return time.process_time() - begin


def scale_rows(quick: bool) -> list[dict[str, object]]:
    """The engine where no matrix would fit: one run each, wall and CPU seconds."""
    pairs, candidates = (2048, 20_000) if quick else (32_768, 1_000_000)
    rng = torch.Generator().manual_seed(0)
    anchors = F.normalize(torch.randn(1000, DIM, generator=rng), dim=1)
    many = F.normalize(torch.randn(candidates, DIM, generator=rng), dim=1)
    rows = []
    for name, run in (
        ("NT-Xent forward and backward", lambda: once(lambda a, b: ntxent(a, b).mean(), pairs, 0)),
        ("row sums without gradient", lambda: row_logsumexp(anchors, many, temperature=0.1)),
    ):
        rest()
        before, wall, cpu = status("VmRSS"), time.perf_counter(), time.process_time()
        run()
        rows.append(
            {
                "loss": name,
                "pairs": pairs if "NT" in name else 1000,
                "candidates": candidates if "row" in name else 2 * pairs - 1,
                "library": "goodviews",
                "rounds": 1,
                "median_ms": 1e3 * (time.process_time() - cpu),
                "wall_s": time.perf_counter() - wall,
                "growth_mb": (status("VmHWM") - before) / 1024,
                "peak_mb": status("VmHWM") / 1024,
            }
        )
    return rows


def main() -> None:
    asked = arguments(__doc__).parse_args()
    found = peers("lightly", "pytorch-metric-learning")
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    flag = " --quick" if asked.quick else ""
    run = run_origin(
        f"python benchmarks/objectives.py{flag}", seeds=[0], threads=1, dim=DIM, peers=found
    )
    rows: list[dict[str, object]] = []
    for name, pairs, rounds, rivals in contests(asked.quick):
        works = {rival: partial(once, loss, pairs) for rival, loss in rivals.items()}
        memory = {rival: growth(partial(work, 0)) for rival, work in works.items()}
        slow = {"pytorch-metric-learning": 5}  # seconds each
        taken = turns(works, rounds, fewer=slow)
        measure = statistics.median(taken["lightly"])
        for rival, times in taken.items():
            median = statistics.median(times)
            rows.append(
                {
                    "loss": name,
                    "pairs": pairs,
                    "library": rival,
                    "rounds": len(times),
                    "median_ms": 1e3 * median,
                    "fastest_ms": 1e3 * min(times),
                    "times_lightly": measure / median,
                    "growth_mb": memory[rival],
                }
            )
            grown = "" if memory[rival] is None else f"{memory[rival]:8.0f} MB"
            print(
                f"{name:18} {pairs:6} {rival:26} {1e3 * median:10.2f} ms "
                f"{measure / median:6.2f}x {grown}",
                flush=True,
            )
    for row in scale_rows(asked.quick):
        rows.append(row)
        print(
            f"{row['loss']}: {row['pairs']} x {row['candidates']}: {row['wall_s']:.1f} s, "
            f"+{row['growth_mb']:.0f} MB, peak {row['peak_mb']:.0f} MB",
            flush=True,
        )
    keep("bench_objectives", asked, rows, run)


if __name__ == "__main__":
    main()
