"""Evaluate an encoder of graphs on links: predictors beside their controls, a table and rows.

Letters: N nodes, F representation.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from goodviews.core.claim import claimed
from goodviews.core.command import default_folder
from goodviews.core.errors import InputError, unknown
from goodviews.core.files import read_json, write_text
from goodviews.core.origin import run_origin, write_table
from goodviews.core.progress import Report, as_report
from goodviews.core.text import ends, number, points, share
from goodviews.data.graphs import Graphs
from goodviews.encoders import build_graph_encoders
from goodviews.evaluation.links import (
    NEGATIVES,
    LinkPredictor,
    LinkScores,
    LinkSplit,
    link_predictor,
    link_scores,
    split_links,
)
from goodviews.evaluation.links.decoders import DECODERS
from goodviews.measurement.links import train_on_links
from goodviews.methods import method
from goodviews.pages.links.page import links_page

Row = dict[str, Any]
Encode = Callable[[Any], Any]

_HEURISTICS = ("common_neighbours", "adamic_adar", "degree_product")
_SURE = 0.8
"""Probability from which a prediction counts as sure in the summary."""


@dataclass(frozen=True)
class LinkEvaluation:
    """How well an encoder predicts links, beside its controls.

    Attributes:
        folder: The page ``index.html``, ``rows.csv``, ``differences.csv``, ``reliability.csv`` and
            ``run.json``.
        split: Sizes of the parts, in words.
        rows: One for each predictor and kind of negatives.
        differences: The encoder minus each control, on the same links and negatives.
        sentences: What the probabilities are worth, and which links are hard.

    Example:
        >>> LinkEvaluation(Path("evaluated"), "a split", [], [], ["Nothing."]).sentences
        ['Nothing.']
    """

    folder: Path
    split: str
    rows: list[Row]
    differences: list[Row]
    sentences: list[str]

    @property
    def files(self) -> list[Path]:
        """The page and the rows."""
        return [self.folder / "index.html", self.folder / "rows.csv"]

    def __str__(self) -> str:
        lines = [self.split, "", *_table(self.rows), ""]
        lines += [
            row["text"]
            for row in self.differences
            if (row["negatives"], row["seed"]) == (self.rows[0]["negatives"], 0)
        ]
        return "\n".join([*lines, *self.sentences, *map(str, self.files)])


def evaluate_links(
    encode: Encode | str,
    data: Graphs,
    *,
    name: str = "encoder",
    encoder: str = "gcn(width=64, hidden=128, layers=2, last=False)",
    split: LinkSplit | None = None,
    decoder: str = "cosine",
    negatives: Sequence[str] = NEGATIVES,
    count: int = 100,
    seeds: int = 3,
    seed: int = 0,
    gae: bool = True,
    note: str = "",
    out: str | Path | None = None,
    command: str = "",
    progress: bool | Report | None = None,
) -> LinkEvaluation:
    """Predict the test links of a graph with an encoder and with its controls.

    Controls: features only, common neighbours, Adamic-Adar, the degree product, the same
    encoder with random weights, and a graph autoencoder trained on the training links.

    Args:
        encode: From a graph to (N, F) representations, trained without the test links; or the
            spec of an encoder, which gets random weights.
        data: One undirected graph.
        name: Name of the encoder in the rows.
        encoder: Spec of the encoder with random weights and of the autoencoder.
        split: Split of the links on whose training graph the encoder was trained (default:
            80 % train, 5 % choose, 5 % calibrate, 10 % are tested).
        decoder: ``cosine``, ``dot`` or ``logistic``, for the encoder and its controls.
        negatives: ``uniform``, ``degree`` and ``hard``, one or several.
        count: Negatives of each test link.
        seeds: Number of encoders with random weights.
        seed: Random seed of the split.
        gae: Whether the autoencoder is trained.
        note: Sentence about what the encoder was trained on, for the page.
        out: Folder for the tables (default: ``evaluate-``, the encoder and the graph).
        command: The original command, for the record.
        progress: True draws a progress bar; a function is called with the numbers.

    Returns:
        The rows and differences; printed, a small table.

    Raises:
        InputError: Something given cannot be used; the message says what to type.

    Example:
        >>> import networkx as nx
        >>> from tempfile import TemporaryDirectory
        >>> from goodviews.data.graphs import load_graphs
        >>> club = load_graphs(nx.karate_club_graph(), features="degree")
        >>> split = split_links(club.graph, test=0.2, val=0.1, calibration=0.15)
        >>> with TemporaryDirectory() as folder:
        ...     found = evaluate_links("gcn(width=8)", club, split=split, negatives=["uniform"],
        ...                            count=10, seeds=1, gae=False, out=folder)
        >>> [row["predictor"] for row in found.rows][:2]
        ['gcn(width=8)', 'features only']
    """
    for kind in negatives:
        if kind not in NEGATIVES:
            raise unknown("kind of negatives", kind, NEGATIVES)
    if decoder not in DECODERS:
        raise unknown("decoder", decoder, DECODERS)
    graph = data.graph
    split = split or split_links(graph, calibration=0.05, seed=seed)
    if isinstance(encode, str):
        encoder = name = encode
        encode = _drawn(encode, split, seeds)
    folder = (
        Path(out) if out is not None else default_folder("evaluate", name, f"{data.name}-links")
    )
    run = run_origin(command, seeds=[split.seed])
    report = as_report(progress)
    with claimed(folder, "evaluate", own=_is_evaluation, say=report.note):
        made = {name: [link_predictor(encode, split, decoder=decoder)]}
        made |= _controls(split, encoder, decoder, seeds, gae=gae)
        rows, gaps, curves = _measured(made, negatives, count, report)
        run["data"] = {"name": data.name, "hash": data.hash}
        sizes = f"{str(split)[12:-1]}"
        said = [*_sentences(rows, curves, name), *([note] if note else [])]
        run |= {"encoder": name, "level": "links", "split": {"hash": split.hash}}
        run |= {"sizes": sizes, "sentences": said}
        write_table(folder, gaps, run, name="differences")
        write_table(folder, curves, run, name="reliability")
        write_table(folder, rows, run)
        write_text(folder / "index.html", links_page(run, rows, gaps, curves))
    return LinkEvaluation(folder, f"{data.name}: {sizes}.", rows, gaps, said)


def _is_evaluation(folder: Path) -> bool:
    with suppress(InputError):
        found = read_json(folder / "run.json")
        return isinstance(found, dict) and found.get("level") == "links"
    return False


def _drawn(spec: str, split: LinkSplit, seed: int) -> Encode:
    """The encoder of a spec with random weights."""
    made = build_graph_encoders(spec, split.graph, head="identity()", seed=seed)
    return made.eval().represent


def _controls(
    split: LinkSplit, encoder: str, decoder: str, seeds: int, *, gae: bool
) -> dict[str, list[LinkPredictor]]:
    """Name to the predictors of each control, one for each seed."""
    found: dict[str, list[LinkPredictor]] = {}
    if split.graph.features.shape[1]:
        found["features only"] = [
            link_predictor(lambda seen: seen.features, split, decoder=decoder)
        ]
    for by in _HEURISTICS:
        found[by.replace("_", " ")] = [link_predictor(by, split)]
    if not split.graph.features.shape[1]:
        return found
    random = [
        link_predictor(_drawn(encoder, split, seed), split, decoder=decoder)
        for seed in range(seeds)
    ]
    if random:
        found["random encoder"] = random
    if gae:
        settings = replace(method("gae"), encoder=encoder, device="cpu")
        trained = train_on_links(split, settings=settings, seed=split.seed)
        found["GAE"] = [link_predictor(trained.represent, split, decoder="dot")]
    return found


def _measured(
    made: dict[str, list[LinkPredictor]], negatives: Sequence[str], count: int, report: Any
) -> tuple[list[Row], list[Row], list[Row]]:
    """Rows, differences from the first predictor, and reliability curves."""
    rows, gaps, curves = [], [], []
    total = len(negatives) * sum(map(len, made.values()))
    for kind in negatives:
        own: LinkScores | None = None
        for name, predictors in made.items():
            for seed, predictor in enumerate(predictors):
                found = link_scores(predictor, negatives=kind, count=count)
                own = own or found
                rows.append(
                    {"predictor": name, "decoder": predictor.name, "negatives": kind, "seed": seed,
                     "links": len(found.links), **found.row(first=(10, 50))}
                )  # fmt: skip
                key = {"predictor": name, "negatives": kind, "seed": seed}
                if found.calibration is not None:
                    curves += [{**key, **asdict(one)} for one in found.sharpness().bins]
                if found is not own:
                    gap = own.over(found)
                    ours = next(iter(made))
                    gaps.append(
                        {**key, "encoder": ours, "auc": gap.value, "low": gap.low,
                         "high": gap.high,
                         "text": f"AUC of {ours} over {name}, {kind} negatives: "
                         f"{points(gap, signed=True)}."}
                    )  # fmt: skip
                report("predictors measured", len(rows), total)
    return rows, gaps, curves


def _value(row: Row, start: str) -> float | None:
    return next((value for name, value in row.items() if name.startswith(start)), None)


def _table(rows: Sequence[Row]) -> list[str]:
    """One line for each predictor, with its AUC by kind of negatives and what else there is."""
    kinds = list(dict.fromkeys(row["negatives"] for row in rows))
    names = {start: next((n for n in rows[0] if n.startswith(start)), start) for start in
             ("auc@", "ap@", "mrr@", "brier@")} if rows else {}  # fmt: skip
    table = [["", *[f"{names.get('auc@')} {kind}" for kind in kinds],
              *[names[start] for start in ("ap@", "mrr@", "brier@")]]] if rows else []  # fmt: skip
    for predictor in dict.fromkeys(row["predictor"] for row in rows):
        mine = [row for row in rows if row["predictor"] == predictor and row["seed"] == 0]
        cells = [predictor]
        for row in mine:
            area = row[names["auc@"]]
            cells.append(f"{share(area)} {ends(row['auc_low'], row['auc_high'], 3, bare=True)}")
        for start in ("ap@", "mrr@", "brier@"):
            value = _value(mine[0], start)
            cells.append("–" if value is None else share(value))
        table.append(cells)
    widths = (
        [max(len(row[place]) for row in table) for place in range(len(table[0]))] if table else []
    )
    return [
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]


def _sentences(rows: Sequence[Row], curves: Sequence[Row], name: str) -> list[str]:
    """What the probabilities are worth, and the links of nodes without a training link."""
    found = []
    own = next(row for row in rows if row["predictor"] == name)
    sure = [
        one for one in curves
        if (one["predictor"], one["negatives"]) == (name, own["negatives"])
        and one["probability"] >= _SURE
    ]  # fmt: skip
    pairs = sum(one["pairs"] for one in sure)
    right = 100 * sum(one["pairs"] * one["share"] for one in sure) / max(pairs, 1)
    brier = _value(own, "brier@")
    if brier is None:
        found.append(
            "There are no probabilities: they are calibrated on at least 10 links that are used "
            "for nothing else."
        )
    else:
        found.append(
            f"Calibrated probabilities of {name}: Brier score {number(brier, 3)} (0.25 is a coin)"
            + (
                f"; of the {pairs} pairs in groups with a probability of {_SURE} or more, "
                f"{right:.0f} % are links."
                if pairs
                else f"; no group of pairs has a probability of {_SURE} or more."
            )
        )
    if own["isolated_share"] > 0:
        apart = _value(own, "isolated_auc@")
        tail = "" if apart is None else f", with an AUC of {share(apart)}"
        found.append(
            f"{100 * own['isolated_share']:.0f} % of the test links end at a node without a "
            f"training link{tail}."
        )
    return found
