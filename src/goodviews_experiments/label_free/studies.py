"""The same question asked of the studies whose rows are in ``results``: nothing is trained.

Their rows hold RankMe, alignment, uniformity and the bound of shared nats, of earlier encoders.
"""

from pathlib import Path

import numpy as np

from goodviews.core import InputError, run_origin, write_table
from goodviews_experiments.label_free.judge import Measured, ranker_table, set_table
from goodviews_experiments.shared.figures import read_table

_SCORES = ("effective_rank", "alignment", "uniformity", "estimate_nats")
STUDIES = {
    "MNIST, noise": ("study_mnist/2026-11-22-amd-epyc-2cpu", ""),
    "digits": ("short_and_long/2026-11-22-amd-epyc-2cpu", "400"),
    "CIFAR-10": ("presets_axis/2026-11-22-amd-epyc-2cpu", ""),
    "turned digits": ("two_tasks/2026-11-22-amd-epyc-2cpu", ""),
}
"""Name: the folder in ``results``, and the epochs of its rows where it holds several lengths."""


def label_free_studies(*, scale: str, out: Path) -> Path:
    """Write ``rows.csv``, one per study and ranker, and ``rankers.csv``.

    Args:
        scale: Any; all take a second.
        out: The folder to write to.

    Returns:
        That folder.

    Raises:
        InputError: It is not started in the root of a checkout, where ``results`` lies.
    """
    command = f"goodviews reproduce label_free_studies --scale {scale}"
    run = run_origin(command, seeds=(0, 1, 2), settings={"studies": STUDIES})
    found = []
    for name, (folder, epochs) in STUDIES.items():
        path = Path("results") / folder / "rows.csv"
        if not path.is_file():
            raise InputError(f"{path} does not exist; start this in the root of a checkout.")
        rows = [row for row in read_table(path) if epochs in ("", row["epochs"])]
        found.append(_measured(name, rows))
    sets = set_table(found)
    write_table(out, ranker_table(sets), run, name="rankers")
    write_table(out, sets, run)
    return out


def _measured(name: str, rows: list[dict[str, str]]) -> Measured:
    """The candidates of a study that have all seeds and tasks."""
    made = {
        (row["view"], row["seed"], row["task"]): row for row in rows if row["role"] == "candidate"
    }
    seeds, tasks = (sorted({key[place] for key in made}) for place in (1, 2))
    views = [
        view
        for view in dict.fromkeys(key[0] for key in made)
        if all((view, seed, task) in made for seed in seeds for task in tasks)
    ]

    def table(column: str) -> np.ndarray:
        return np.array(
            [[[float(made[v, s, t][column]) for t in tasks] for s in seeds] for v in views]
        )

    scores = {column: table(column)[:, :, 0] for column in _SCORES}
    top1 = table("readout_top1")
    return Measured(name, name == "turned digits", scores, top1, top1[..., None, None])
