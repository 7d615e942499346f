"""The job ``learn_views`` on graphs: a graph and a few labels in; a generator and its spec out."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from goodviews.core.cells import Cells, hashed
from goodviews.core.claim import check_owner, claimed
from goodviews.core.command import command_line, default_folder, recorded
from goodviews.core.errors import MOST_SEED, InputError, check_whole
from goodviews.core.files import write_json, write_text
from goodviews.core.origin import run_origin, versions
from goodviews.core.progress import Report
from goodviews.data.graphs import load_graphs
from goodviews.encoders.graphs.backbones import is_pooled
from goodviews.jobs.learn_views.graphs.judge import (
    JUDGE_STEPS,
    LEARNED,
    GraphJudges,
    add_gaps,
    fixed_drops,
    graph_judging,
    sides_of,
)
from goodviews.jobs.learn_views.graphs.record import graph_record, write_graph_tables
from goodviews.jobs.learn_views.graphs.roles import GraphRoles, share_out_graphs
from goodviews.jobs.learn_views.result import FILE, SPEC, LearnedViews, is_learning
from goodviews.pages import report
from goodviews.spec.files import look_in
from goodviews.training import change, change_texts
from goodviews.training.machine import check_device
from goodviews.training.state import LAST
from goodviews.training.view_learning import (
    GraphGame,
    GraphGameResult,
    GraphHistory,
    learn_graph_views,
)
from goodviews.training.view_learning.looks import lost_too_much
from goodviews.views.generators import save_generator

Row = dict[str, Any]
_POOLED = "gin(width=32, layers=3, pool='sum', norm=True)"
_SEEDS = (1000, 2000)
"""What is added to the seed for new encoders that choose, and for those that are reported."""
_TRIED = 3
"""Generators of the game that new encoders measure."""


def learn_drops(
    data: Any,
    *,
    out: str | Path | None,
    mode: str,
    task: str | None,
    given: Mapping[str, Any],
    changes: Iterable[str] | Mapping[str, Any],
    graphs: Mapping[str, Any],
    seed: int,
    device: str,
    judge_steps: int | None,
    compare: bool,
    command: str,
    say: Callable[[str], None],
    progress: Report,
) -> LearnedViews:
    """Learn views of graphs; :func:`goodviews.learn_views` describes the arguments.

    Args:
        data: Graphs, in any form that :func:`goodviews.data.graphs.load_graphs` accepts.
        out: Folder of the run.
        mode: Mode of the game.
        task: Name of the label.
        given: ``generator`` and ``steps``, where they were given.
        changes: Other settings of :class:`GraphGame` to change.
        graphs: ``features``, ``directed`` and ``level``.
        seed: Random seed of the run.
        device: ``auto``, ``cpu`` or ``cuda``.
        judge_steps: Training steps of new encoders.
        compare: Whether fixed views are measured as well.
        command: The original command.
        say: Called with each line of the log.
        progress: Called with what is counted, how many are done and how many there are.

    Returns:
        The generator, the spec of its views, and the folder of it all.

    Raises:
        InputError: Something given cannot be used; the message says what to type.
        Interrupted: The run was asked to stop; the same call resumes it.
    """
    changes = change_texts(changes)
    check_whole("seed", seed, 0, MOST_SEED)
    steps_of_judges = JUDGE_STEPS if judge_steps is None else judge_steps
    check_whole("judge_steps", steps_of_judges, 1, 100_000_000)
    check_device(device)
    check_owner(Path(out or "."), "learn-views", own=is_learning if out else lambda _: True)
    options = {name: value for name, value in graphs.items() if value is not None}
    level = options.pop("level", None)
    read = load_graphs(data, **options)
    read.graphs[0].need_features("A view generator of graphs")
    if mode == "semi" and level is None and not read.labels:
        level = "links"
    if mode == "unsupervised" and level is None and not read.labels and len(read) > 1:
        raise InputError(
            f"{read.name} has {len(read):,} graphs without labels, so no accuracy is measured; "
            "give labels, or one graph."
        )
    roles = share_out_graphs(read, mode=mode, task=task, level=level, seed=seed)
    own = {name: value for name, value in given.items() if value is not None}
    start = GraphGame(encoder=_POOLED) if roles.level == "graphs" else GraphGame()
    game = replace(change(start, changes), mode=mode, device=device, **own)
    if is_pooled(game.encoder) != (roles.level == "graphs"):
        raise InputError(
            f"level is {roles.level}, but encoder={game.encoder} "
            + ("pools nodes" if is_pooled(game.encoder) else "does not pool nodes")
            + "; leave encoder out, or choose another."
        )
    count = len(roles.learn)
    most = min(game.candidates, len(roles.held_out))
    game = replace(game, batch=min(game.batch, count), candidates=most)
    folder = Path(out or default_folder("learn-views", read.name))
    with claimed(folder, "learn-views", own=is_learning, say=say):
        ran = run_origin(command, seeds=[seed], settings=asdict(game))
        if not (folder / LAST).exists():
            write_json(folder / "run.json", ran)
        say(f"{mode} on {read!r}: {game.generator}, {game.steps} steps. {roles.summary}")
        learned = _play(roles, game, seed, folder, read.hash, say, progress)
        settings = replace(graph_judging(roles.level, count, steps_of_judges), device=device)
        choosing, reporting = (
            GraphJudges(roles, settings, game.candidates, seed + more) for more in _SEEDS
        )
        cells = Cells(folder / "judged" / hashed(asdict(settings), read.hash, roles.level, seed))
        tried = _tried(learned, game, choosing, folder, cells, progress)
        best = min(tried, key=lambda one: one["objective"])
        for one in tried:
            one["chosen"] = one is best
        learned.generator.load_state_dict(dict(learned.history.snapshots)[best["step"]])
        notes = {"mode": mode, "task": roles.task, "data": {"name": read.name, "hash": read.hash},
                 "seed": seed, "step": best["step"], "versions": versions()}  # fmt: skip
        hash = save_generator(folder / FILE, learned.generator, notes)
        look_in(folder)
        spec = sides_of(game.sides, f"learned_drops('{FILE}', hash='{hash}')")
        write_text(folder / SPEC, spec + "\n")
        wanted = [(LEARNED, spec)]
        if compare:
            wanted += fixed_drops(best["kept_edges"], best["kept_features"], sides=game.sides)
        rows = _judged(reporting, wanted, cells, progress)
        if compare:
            rows += [{**row, "view": ""} for row in reporting.baselines()]
            add_gaps(rows)
        place = str(data) if isinstance(data, str | Path) else read.name
        following = command_line("study", {"data": place, "views": f"@{folder / SPEC}"})
        found = graph_record(read, roles, game, learned, rows=rows, tried=tried, spec=spec)
        found |= {"next": recorded(following), "command": recorded(command), "seed": seed}
        write_graph_tables(folder, ran, learned.history, found)
        write_json(folder / "learned.json", found)
        return LearnedViews(
            folder, learned.generator, spec, found["headline"], following, found, report(folder)
        )


def _play(
    roles: GraphRoles,
    game: GraphGame,
    seed: int,
    folder: Path,
    hash: str,
    say: Callable[[str], None],
    progress: Report,
) -> GraphGameResult:
    begun = False

    def watch(_: Any, history: GraphHistory) -> None:
        nonlocal begun
        if not begun and history.steps > 1:
            say(f"Resuming at step {history.steps - 1} of {game.steps}.")
        begun = True
        progress("steps trained", history.steps, game.steps)

    learned = learn_graph_views(
        roles.data,
        roles.learn,
        game=game,
        seed=seed,
        held_out=roles.held_out,
        aim=roles.aim,
        hash=hashed(hash, roles.level, roles.task),
        folder=folder,
        watch=watch,
    )
    if learned.history.stopped:
        say(learned.history.stopped)
    return learned


def _tried(
    learned: GraphGameResult,
    game: GraphGame,
    judges: GraphJudges,
    folder: Path,
    cells: Cells,
    progress: Report,
) -> list[Row]:
    """Some generators of the game, measured by new encoders on what the game minimises."""
    looks = [look for look in learned.history.looks if look.step > game.warm_up]
    looks = [look for look in looks if not lost_too_much(look, game.give)]
    looks = looks or learned.history.looks[:1]
    wanted = sorted({round((len(looks) - 1) * (part + 1) / _TRIED) for part in range(_TRIED)})
    place = folder / "candidates"
    look_in(place)
    tried = []
    for number, which in enumerate(wanted):
        progress("generators judged", number, len(wanted))
        look = looks[which]
        learned.generator.load_state_dict(dict(learned.history.snapshots)[look.step])
        name = f"g{look.step:06d}.safetensors"
        hash = save_generator(place / name, learned.generator, {"step": look.step})
        view = sides_of(game.sides, f"learned_drops('{name}', hash='{hash}')")
        row = cells(f"choice {view}", judges.row, view)
        cost = sum(game.cost(share) for share in look.dropped)
        value = cost + (row["nats"] if game.uses_information else 0.0)
        tried.append({"step": look.step, "game_nats": look.shared_nats, "nats": row["nats"],
                      "cost": cost, "objective": value, "kept_edges": look.kept_edges,
                      "kept_features": look.kept_features})  # fmt: skip
    progress("generators judged", len(wanted), len(wanted))
    return tried


def _judged(
    judges: GraphJudges, wanted: list[tuple[str, str]], cells: Cells, progress: Report
) -> list[Row]:
    """A run of new encoders for each view; these have not chosen the learned one."""
    rows = []
    for number, (name, view) in enumerate(wanted):
        progress("views compared", number, len(wanted))
        rows.append({"name": name, "view": view, **cells(f"row {view}", judges.row, view)})
    progress("views compared", len(wanted), len(wanted))
    return rows
