"""The MoCo step with a queue of 65,536 keys, beside lightly's memory bank.

One process, one thread, CPU seconds; both are warmed up, rounds are interleaved, and the
median of the rounds is told. A step is what happens between the encoders' output and their
gradient: logits against positive and queue, loss, gradient of the queries, keys stored. The
parts are timed as well: taking the negatives and storing the keys. Last, both are asked to
hold keys when a batch runs past the end of the queue, and told how many of the newest ones
are there.

    python benchmarks/moco_queue.py [--quick] [--out FOLDER]
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
from goodviews.objectives import infonce
from goodviews.training.memory import Queue
from timing import arguments, growth, keep, peers, turns

DIM = 128
Step = Callable[[Tensor, Tensor], object]


def ours(size: int) -> dict[str, Step]:
    """Whole step and its parts with our queue."""
    queue = Queue(size, DIM)

    def step(query: Tensor, key: Tensor) -> None:
        loss = infonce(query, key, negatives=queue.negatives(), in_batch=False).mean()
        loss.backward()
        queue.push(key)

    return {
        "step": step,
        "negatives": lambda *_: queue.negatives(),
        "store": lambda _, key: queue.push(key),
    }


def lightly(size: int) -> dict[str, Step]:
    """The same with lightly: its loss holds the bank."""
    from lightly.loss import NTXentLoss
    from lightly.models.modules.memory_bank import MemoryBankModule

    loss = NTXentLoss(temperature=0.1, memory_bank_size=(size, DIM))
    bank = MemoryBankModule(size=(size, DIM))
    with torch.no_grad():
        bank(F.normalize(torch.randn(2, DIM), dim=1), update=True)

    return {
        "step": lambda query, key: loss(query, key).backward(),
        "negatives": lambda _, key: bank(key, update=False),
        "store": lambda _, key: bank(F.normalize(key, dim=1), update=True),
    }


def seconds(step: Step, batch: int, seed: int) -> float:
    """CPU seconds of one step on fresh queries and keys."""
    rng = torch.Generator().manual_seed(seed)
    query = torch.randn(batch, DIM, generator=rng).requires_grad_()
    key = torch.randn(batch, DIM, generator=rng)
    begin = time.process_time()
    step(query, key)
    return time.process_time() - begin


def kept(size: int = 100, batch: int = 30) -> dict[str, int]:
    """How many of the newest ``size`` keys each holds after batches that pass its end."""
    from lightly.models.modules.memory_bank import MemoryBankModule

    rng = torch.Generator().manual_seed(0)
    keys = F.normalize(torch.randn(7 * batch, DIM, generator=rng), dim=1)
    queue, bank = Queue(size, DIM), MemoryBankModule(size=(size, DIM))
    for part in keys.split(batch):
        queue.push(part)
        bank(part, update=True)
    held = {
        "goodviews": queue.negatives(),
        "lightly": bank(keys[:1], update=False)[1].T,
    }
    newest = keys[-size:]
    return {
        name: int((newest @ rows.T > 1 - 1e-5).any(dim=1).sum()) for name, rows in held.items()
    }


def main() -> None:
    asked = arguments(__doc__).parse_args()
    found = peers("lightly")
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    flag = " --quick" if asked.quick else ""
    run = run_origin(
        f"python benchmarks/moco_queue.py{flag}", seeds=[0], threads=1, dim=DIM, peers=found
    )
    size, rounds = (4096, 5) if asked.quick else (65536, 15)
    libraries = {"lightly": lightly(size), "goodviews": ours(size)}
    rows: list[dict[str, object]] = []
    for batch in (64, 256):
        for part in ("step", "negatives", "store"):
            steps = {name: parts[part] for name, parts in libraries.items()}
            works = {name: partial(seconds, step, batch) for name, step in steps.items()}
            memory = {name: growth(partial(work, 0)) for name, work in works.items()}
            taken = turns(works, rounds)
            measure = statistics.median(taken["lightly"])
            for name, times in taken.items():
                median = statistics.median(times)
                quarters = statistics.quantiles(times, n=4)
                rows.append(
                    {
                        "part": part,
                        "queue": size,
                        "batch": batch,
                        "library": name,
                        "rounds": rounds,
                        "median_ms": 1e3 * median,
                        "quarter_ms": 1e3 * quarters[0],
                        "three_quarters_ms": 1e3 * quarters[2],
                        "times_lightly": measure / median,
                        "growth_mb": memory[name],
                    }
                )
                grown = "" if memory[name] is None else f"{memory[name]:7.0f} MB"
                print(
                    f"{part:10} batch {batch:4} {name:10} {1e3 * median:9.3f} ms "
                    f"{measure / median:8.2f}x {grown}",
                    flush=True,
                )
    for name, count in kept().items():
        rows.append({"part": "newest of 100 keys held", "library": name, "kept": count})
        print(f"of the newest 100 keys, pushed by 30, {name} holds {count}")
    keep("bench_moco_queue", asked, rows, run)


if __name__ == "__main__":
    main()
