"""The jobs that look before a long run: what a view does to images, and whether data are fine."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goodviews.core.claim import check_page
from goodviews.core.command import command_line, label_options, recorded
from goodviews.core.errors import MOST_SEED, check_whole, refuse_options
from goodviews.core.files import write_text
from goodviews.core.progress import Report, as_report, draws_progress
from goodviews.data import Data, Finding, Groups, Labels, examine, load
from goodviews.data.columns import Columns
from goodviews.data.graphs import examine_graphs, is_graph_data, load_graphs
from goodviews.data.size import SizeLike
from goodviews.jobs.look.pace import pace
from goodviews.jobs.look.show import look, shared
from goodviews.pages.views.page import views_page
from goodviews.spec.grammar import expand
from goodviews.spec.lists import read_spec
from goodviews.spec.names import check_names
from goodviews.views import parse_view


@dataclass(frozen=True)
class ViewsShown:
    """What a spec does to images.

    Attributes:
        page: The page with the images after each step.
        bound: The bound on the nats that the two views share, one sentence; empty where it was
            not measured.
        steps: A table of what each step does to the values: the share that it clips, and the
            entropy before and after it; of a graph, what is left of it.
        brief: The lines of it that are always printed: those of a graph.

    Example:
        >>> shown = ViewsShown(Path("views.html"), bound="", steps="flip()  0.0")
        >>> shown.page.name
        'views.html'
    """

    page: Path
    bound: str
    steps: str
    brief: str = ""


@dataclass(frozen=True)
class Checkup:
    """What was read from data, and what is odd, slow or missing.

    Attributes:
        findings: In the order to read them.

    Example:
        >>> found = Checkup([Finding("broken", "There are 3 images.", "Add images.")])
        >>> print(found)
        broken  There are 3 images. Add images.
        >>> found.usable
        False
    """

    findings: list[Finding]

    @property
    def usable(self) -> bool:
        """Whether a study could use the data."""
        return all(finding.kind != "broken" for finding in self.findings)

    def __str__(self) -> str:
        width = max(len(finding.kind) for finding in self.findings)
        lines = [f"{one.kind:<{width}}  {one.sentence} {one.action}" for one in self.findings]
        return "\n".join(line.rstrip() for line in lines)


@draws_progress
def show_views(
    spec: str | Path,
    data: Data = None,
    *,
    out: str | Path = "views.html",
    seed: int = 0,
    bound: bool = False,
    labels: Labels = None,
    size: SizeLike = None,
    channels: str | int | None = None,
    value_range: tuple[float, float] | None = None,
    root: str | Path | None = None,
    graphs: Mapping[str, Any] | None = None,
    progress: bool | Report | None = None,
) -> ViewsShown:
    """Write a page that shows what a spec does to some images or to a graph, step by step.

    Args:
        spec: A view spec, or a file that holds one, such as the ``best_view.txt`` of a study. Of a
            family such as ``rotate(degrees={10, 30})`` the last value is shown, beside a strip of
            all of them.
        data: Images in any form that :func:`goodviews.load` accepts, or graphs in any form that
            :func:`goodviews.data.graphs.load_graphs` accepts.
        out: The page, or a folder for ``views.html``.
        seed: Random seed of the draws.
        bound: Whether a small critic is trained that bounds the nats the two views share.
        labels: CSV of labels.
        size: Height and width to resize the images to; see :func:`goodviews.load`.
        channels: ``first`` or ``last`` for arrays, the number of channels, or both; as in
            :func:`goodviews.load`.
        value_range: Values of black and white (default: found from the data).
        root: Folder of torchvision's downloaded datasets.
        graphs: For graphs: ``features`` and ``directed`` of
            :func:`goodviews.data.graphs.load_graphs`.
        progress: True draws a progress bar; a function is called with what is counted, how many
            are done and how many there are.

    Returns:
        The path of the page, and what it shows as text.

    Raises:
        InputError: The spec is not right, or cannot take these images.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     print(show_views("flip(p=1)", out=folder).steps.splitlines()[1].split()[:2])
        ['flip(p=1)', '0.0']
    """
    spec = read_spec(spec)
    check_whole("seed", seed, 0, MOST_SEED)
    target = Path(out) if Path(out).suffix == ".html" else Path(out) / "views.html"
    check_page(target)
    if is_graph_data(data):
        refuse_options(
            *("images", "these are graphs"),
            labels=labels,
            size=size,
            channels=channels,
            value_range=value_range,
            root=root,
        )
        return _show_graph(spec, data, target, seed, bound, graphs or {}, as_report(progress))
    refuse_options("graphs", "these are images", **(graphs or {}))
    pair = parse_view(check_names(spec)[-1])
    images = load(
        data, labels=labels, size=size, channels=channels, value_range=value_range, root=root
    )
    place = data if data is None or isinstance(data, str | Path) else images.name
    given: dict[str, Any] = {"data": place, "views": spec}
    given |= {**label_options(labels), "size": size, "channels": channels}
    given |= {"range": value_range, "root": root}
    verb = "study"
    if len(pair.first.out_shape((images.channels, images.height, images.width))) != 3:
        verb, given["recipe"] = "pretrain", "cpc"  # a study reads one image per view, no stacks
    command = recorded(command_line(verb, given))
    seen = look(pair, images, command=command, seed=seed, family=expand(spec))
    if bound:
        seen["bound"] = shared(repr(pair), images, seed=seed, progress=as_report(progress))
    write_text(target, views_page(seen))
    return ViewsShown(target, seen["bound"]["words"] if bound else "", "\n".join(_steps(seen)))


def _show_graph(
    spec: str,
    data: Any,
    target: Path,
    seed: int,
    bound: bool,
    graphs: Mapping[str, Any],
    progress: Report,
) -> ViewsShown:
    """The page of a view of graphs."""
    from goodviews.jobs.look.graphs import look_at_views, lost_lines, shared_by_graph
    from goodviews.pages.views.graphs import graph_views_page
    from goodviews.views.graphs import parse_graph_view

    pair = parse_graph_view(check_names(spec)[-1])
    options = {name: value for name, value in graphs.items() if value is not None}
    read = load_graphs(data, **options)
    place = data if isinstance(data, str | Path) else read.name
    command = recorded(command_line("pretrain", {"data": place, "views": spec}))
    seen = look_at_views(pair, read, command=command, seed=seed)
    words = shared_by_graph(pair, read, seed=seed, progress=progress) if bound else ""
    write_text(target, graph_views_page(seen | {"bound": words}))
    lines = "\n".join(lost_lines(seen))
    return ViewsShown(target, words, lines, brief=lines)


def doctor(
    data: Data = None,
    *,
    labels: Labels = None,
    groups: Groups = None,
    columns: Columns = (),
    size: SizeLike = None,
    channels: str | int | None = None,
    value_range: tuple[float, float] | None = None,
    root: str | Path | None = None,
    graphs: Mapping[str, Any] | None = None,
) -> Checkup:
    """Report what was read from data, what is odd, slow or missing, and what to do about it.

    Args:
        data: Images in any form that :func:`goodviews.load` accepts, or graphs in any form that
            :func:`goodviews.data.graphs.load_graphs` accepts.
        labels: CSV of labels.
        groups: Column of the labels that holds the group of each image, or (N,) groups, as in
            :func:`goodviews.load`: no split divides a group.
        columns: How columns of labels are read where the guess is wrong, such as
            ``{"age": "number"}``; as in :func:`goodviews.load`.
        size: Height and width to resize the images to; see :func:`goodviews.load`.
        channels: ``first`` or ``last`` for arrays, the number of channels, or both; as in
            :func:`goodviews.load`.
        value_range: Values of black and white (default: found from the data).
        root: Folder of torchvision's downloaded datasets.
        graphs: For graphs, more arguments of :func:`goodviews.data.graphs.load_graphs`:
            ``features``, ``nodes``, ``directed``.

    Returns:
        The findings; printed, a table with a line for each.

    Example:
        >>> found = doctor("digits")
        >>> found.usable, found.findings[0].sentence
        (True, "1,797 images named 'digits', 1 channel, 16x16 pixels, float32.")
    """
    given: dict[str, Any] = {"labels": labels, "groups": groups, "size": size}
    given["channels"] = channels
    given["columns"] = columns or None
    given |= {"value_range": value_range, "root": root}
    if is_graph_data(data):
        return Checkup(_examine_graphs(data, given, graphs or {}))
    given["columns"] = columns
    if any(value is not None for value in (graphs or {}).values()):
        named = ", ".join(name for name, value in (graphs or {}).items() if value is not None)
        return Checkup([Finding("broken", f"The option {named} is for graphs, not for images.")])
    found = Checkup(examine(data, **given))
    if found.usable:
        found.findings[-1:-1] = pace(load(data, **given))
    return found


def _examine_graphs(
    data: Any, images: Mapping[str, Any], options: Mapping[str, Any]
) -> list[Finding]:
    """Findings about graphs; options of images are refused."""
    named = [name for name, value in images.items() if value is not None]
    if named:
        return [Finding("broken", f"The option {named[0]} is for images, but these are graphs.")]
    return examine_graphs(data, **{k: v for k, v in options.items() if v is not None})


def _steps(seen: dict[str, Any]) -> list[str]:
    """The table of what each step does to the values, a line per step."""
    lines = []
    for which, rows in enumerate(seen["reports"]):
        if which and seen["same"]:
            break
        head = "step" if seen["same"] else f"step of v{which + 1}"
        lines.append(f"{head:<44} {'clipped':>8} {'entropy, nats':>16}")
        for row in rows:
            clipped = f"{100 * row['clipped']:.1f} %"
            nats = f"{row['before_nats']:.2f} to {row['after_nats']:.2f}"
            lines.append(f"{row['step'][:44]:<44} {clipped:>8} {nats:>16}")
    return lines
