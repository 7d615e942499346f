"""The main job, from data to a folder that a page is made of."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.claim import check_owner, claimed
from goodviews.core.command import command_line, default_folder, label_options, recorded, restored
from goodviews.core.errors import InputError, check_whole, refuse_options
from goodviews.core.files import write_json
from goodviews.core.progress import Report, as_report, draws_progress
from goodviews.core.records.screening import Screening
from goodviews.core.records.search import Search
from goodviews.core.text import counted
from goodviews.data import Data, Groups, Images, Labels, load
from goodviews.data.columns import Columns
from goodviews.data.graphs import is_graph_data
from goodviews.data.size import Size, SizeLike
from goodviews.data.targets.maps import pixel_images
from goodviews.encoders import build_backbone
from goodviews.jobs.study.about import about_images, describe, image_splits
from goodviews.jobs.study.best_encoders import keep_encoders
from goodviews.jobs.study.budget import default_epochs
from goodviews.jobs.study.chosen import BEST, chosen_views, write_chosen
from goodviews.jobs.study.comparison.compare import COMPARED, compare_with_scratch
from goodviews.jobs.study.comparison.given import check_given
from goodviews.jobs.study.follow import UNIT
from goodviews.jobs.study.graphs.job import study_graphs
from goodviews.jobs.study.inputs import (
    CELLS,
    IN_MEMORY,
    actual_device,
    check_same_form,
    check_task_size,
    data_argument,
    grouped,
    run_seeds,
    size_note,
    view_specs,
    working_size,
)
from goodviews.jobs.study.lengths.run import MEASURED, add_lengths
from goodviews.jobs.study.pace import epochs_in
from goodviews.jobs.study.pairs import draw_pairs
from goodviews.jobs.study.pixel_inputs import holds_both, image_folder, join_maps, read_target
from goodviews.jobs.study.plan import Plan, make_plan
from goodviews.jobs.study.result import StudyResult, plain_advice
from goodviews.jobs.study.run import run_cells, workers_of, workers_on
from goodviews.jobs.study.screening.first import choose_views, planned_lengths, prepare
from goodviews.jobs.study.screening.labels import FEWEST
from goodviews.jobs.study.screening.stage import FOLDER as SCREENING
from goodviews.jobs.study.search.job import first_view, searched_space, searched_views
from goodviews.jobs.study.store import Store, is_study, stored_plan
from goodviews.jobs.study.verdict.build import make_verdict
from goodviews.jobs.study.verdict.measured import in_words
from goodviews.pages import report
from goodviews.spec.files import keep_beside
from goodviews.training import Settings
from goodviews.training.machine import check_device
from goodviews.training.objective import build_objective
from goodviews.training.pace import MINUTES
from goodviews.training.small import small_settings
from goodviews.views import default_views, parse_view

_PAIRS = 6

_WORKERS, _MINUTES = 1_024, 1_000_000


@draws_progress
def study(
    data: Data = None,
    *,
    views: str | Path | Iterable[str] | None = None,
    out: str | Path | None = None,
    labels: Labels = None,
    groups: Groups = None,
    columns: Columns = (),
    task_data: Data = None,
    target: str | None = None,
    ignore: int = 255,
    task_size: SizeLike = None,
    seeds: int | Sequence[int] = 3,
    candidates: int | None = None,
    size: SizeLike = None,
    channels: str | int | None = None,
    value_range: tuple[float, float] | None = None,
    epochs: int | None = None,
    minutes: float | None = None,
    kind: str | None = None,
    audit: str | None = None,
    search: int | None = None,
    per_class: int = 10,
    label_draws: int = 10,
    root: str | Path | None = None,
    encoder: str | None = None,
    objective: str | None = None,
    device: str = "auto",
    jobs: int | None = None,
    on: str | None = None,
    gpus_per_cell: float = 0.0,
    page: bool = True,
    against: Sequence[str] = (),
    graphs: Mapping[str, Any] | None = None,
    command: str | None = None,
    progress: bool | Report | None = None,
) -> StudyResult:
    """Pretrain with each view, bound what its two views share, read the task out, and compare.

    A study that was stopped resumes when it is started again with the same ``out``.

    Args:
        data: Images in any form that :func:`goodviews.load` accepts (default: scikit-learn's
            digits); or graphs, as in :func:`goodviews.data.graphs.load_graphs`.
        views: Specs, files with one on a line, or one family. Without them, short runs of
            many compositions choose a few; without labels, a family by kind of data.
        out: The study folder (default: ``study-`` and the name of the data).
        labels: Labels in any form that :func:`goodviews.load` accepts.
        groups: Column of the labels that holds the group of each image, or (N,) groups, as in
            :func:`goodviews.load`: no split divides a group.
        columns: How columns of labels are read where the guess is wrong, such as
            ``{"age": "number"}``; as in :func:`goodviews.load`.
        task_data: Other data, on whose labels the representations are evaluated.
        target: ``pixels``: the representations are evaluated on the class of each pixel as well,
            by label images in ``task_data`` (default: ``data``), in any layout of
            :func:`goodviews.data.read_scenes`, or alone where ``data`` has images of the same
            names. Labels of these images are tasks beside it.
        ignore: Value of label images that does not count.
        task_size: Height and width of those images (default: those of the others).
        seeds: How many, or which.
        candidates: K of the information bound; as many as are held out, at most 4,096.
        size: Height and width of the images; see :func:`goodviews.load`. With ``"natural"``, or a
            size such as ``"64,natural"``, crops and patches are cut from images at their own
            sizes, and encoders are evaluated on the central part at that size.
        channels: ``first`` or ``last`` for arrays, the number of channels, or both; as in
            :func:`goodviews.load`.
        value_range: Values of black and white (default: found from the data).
        epochs: Passes over the pretraining images; by default about 80,000 images are shown,
            or as many as fit the time where views are chosen.
        minutes: Approximate time that the study may take, instead of epochs; 10 where views are
            chosen.
        kind: ``natural``, ``topdown``, ``symbols`` or ``general`` images, which decides what is
            tried where no views are given (default: found from the images).
        audit: A view of your own: it is trained without each of its steps and with operations that
            it lacks, and compared with the best of these.
        search: Number of trials of a search: ``views`` is then a spec with ranges, such as
            ``crop(scale=({0.1: 1.0}, 1))``, whose best views a study compares afterwards.
        per_class: Labels per class of each readout, where most images are labelled.
        label_draws: How often those labels are drawn.
        root: Folder that holds torchvision's datasets.
        encoder: Backbone spec.
        objective: Objective spec.
        device: ``auto``, ``cpu`` or ``cuda``.
        jobs: Worker processes; 0 works in this process. Of a Ray cluster that is started on this
            machine, its processors.
        on: ``"ray"`` runs the cells on the Ray cluster at ``RAY_ADDRESS``, or on one that is
            started on this machine.
        gpus_per_cell: GPU that each cell takes of that cluster, such as 0.25.
        page: Whether ``index.html`` and the figure are written as well.
        against: Weights to compare with as well, such as ``timm:resnet18`` or
            ``timm:resnet18@FILE``: frozen, fine-tuned, and as a start for pretraining.
        graphs: Options of graphs: ``features``, ``directed``, ``level`` (``nodes``, ``graphs`` or
            ``links``), ``split`` (``public``, ``masks``, ``10/90`` or ``10/10/80``) and
            ``missing``.
        command: Command to record.
        progress: True draws a progress bar; a function is called with what is counted (``"images
            read"``, ``"runs finished"``), how many are done and how many there are.

    Returns:
        The rows, the verdict and the folder that holds them.

    Raises:
        InputError: Something given cannot be used; the message says what to type.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> data = np.random.default_rng(0).random((80, 8, 8)), np.arange(80) % 2
        >>> few = {"seeds": 1, "epochs": 1, "label_draws": 2, "encoder": "convnet(width=4)"}
        >>> with TemporaryDirectory() as place:
        ...     result = study(data, views="noise(std=0.1)", out=place, page=False, jobs=0, **few)
        >>> [task.regime for task in result.verdict.tasks]
        ['undecided']
    """
    begun = time.perf_counter()
    report_progress = as_report(progress)
    if is_graph_data(data):
        refuse_options(
            *("images", "these are graphs"),
            **{"labels": labels, "groups": groups, "columns": columns or None, "size": size},
            **{"task_data": task_data, "channels": channels, "value_range": value_range},
            **{"kind": kind, "audit": audit, "root": root, "minutes": minutes, "target": target},
            **{"against": against or None, "per_class": None if per_class == 10 else per_class},
            search=search,
            gpus_per_cell=gpus_per_cell or None,
        )
        return study_graphs(
            data, views=views, out=out, seeds=seeds, candidates=candidates, epochs=epochs,
            label_draws=label_draws, encoder=encoder, objective=objective, device=device,
            jobs=jobs, on=on, page=page, graphs=graphs or {}, command=command,
            progress=report_progress,
        )  # fmt: skip
    refuse_options("graphs", "these are images", **(graphs or {}))
    if audit is not None and views is not None:
        raise InputError("Give either --audit or --views: an audit makes its own views.")
    space = searched_space(views, search, audit)
    specs, family = view_specs(views) if views is not None and not space else ((), None)
    if minutes is not None and not 0 < minutes <= _MINUTES:
        raise InputError(
            f"minutes must be more than 0 and at most {_MINUTES:,}, but got {minutes:g}."
        )
    for name, number, least, most in (
        ("per_class", per_class, 1, 10**9), ("label_draws", label_draws, 1, 10_000),
        ("epochs", epochs, 1, 1_000_000), ("candidates", candidates, 2, 10**9),
        ("jobs", jobs, 0, _WORKERS),
    ):  # fmt: skip
        if number is not None:
            check_whole(name, number, least, most)
    chosen = run_seeds(seeds)
    if len(specs) * len(chosen) > CELLS:
        raise InputError(
            f"{len(specs):,} views with {counted(len(chosen), 'seed')} are more than the "
            f"{CELLS:,} runs that a study may have: give fewer views, or fewer --seeds."
        )
    device = "cuda" if gpus_per_cell and device == "auto" else device  # of the cluster's machines
    if not gpus_per_cell:
        check_device(device)
    check_owner(Path(out or "."), "study", own=is_study if out else lambda _: True)

    def reading(done: int, total: int) -> None:
        report_progress("images read", done, total)

    way: dict[str, Any] = {"channels": channels, "value_range": value_range, "root": root}
    one = task_data is None or not isinstance(groups, str)
    told: dict[str, Any] = {"labels": labels, "groups": groups if one else None, **way}
    told["columns"] = columns if task_data is None else ()
    scenes = read_target(target, data, task_data, ignore)
    both_kinds = holds_both(scenes, data, task_data)
    if task_size is not None and (task_data is None or scenes is not None):
        raise InputError(
            "--task-size is the size of labelled images of --task-data; give that too, or --size."
        )

    def loaded(size: SizeLike) -> Images:
        if scenes is not None and both_kinds:
            return pixel_images(scenes, size=size, labels=labels, progress=reading)
        return load(data, size=size, **told, progress=reading)

    images, fit = loaded(size), Size.of(size).fit
    if size in (None, "natural") and views is None and (working := working_size(data, images)):
        report_progress.note(size_note(images, working))
        images = loaded(f"{working[0]}x{working[1]},{fit}")
    task_images, maps = images, None
    if scenes is not None:
        for note in scenes.notes:
            report_progress.note(note)
        images, task_images, maps = join_maps(
            images, scenes, size=size, own=both_kinds, progress=reading
        )
        check_same_form(images, task_images)
    elif task_data is not None:
        wanted = task_size
        if task_size is None and not isinstance(task_data, Images):
            wanted = f"{images.height}x{images.width},{fit}"
        task_images = load(task_data, size=wanted, columns=columns, **way, progress=reading)
        if isinstance(groups, str):
            both = (images, data, labels), (task_images, task_data, None)
            images, task_images = grouped(both, groups)
        check_same_form(images, task_images)
    shape = (images.channels, images.height, images.width)
    if space:
        specs = (first_view(space, shape),)
    open_choice = not specs and min(shape[1:]) > 1 and bool(task_images.labels)
    if audit is not None and not open_choice:
        raise InputError(
            "--audit compares by labels, but there are none, or the images are single pixels; "
            "give --labels."
        )
    if not specs:
        specs, family = view_specs(audit or default_views(images.channels, min(shape[1:])))
    check_given(against, task_images, report_progress)
    pairs = [parse_view(spec) for spec in specs]
    for pair in pairs:
        pair.check(shape, images.least_shape)

    settings = small_settings(
        min(pair.side(shape) for pair in pairs), device=actual_device(device)
    )
    settings = replace(
        settings,
        encoder=encoder or settings.encoder,
        objective=objective or settings.objective,
    )
    build_objective(settings.objective)
    build_backbone(settings.encoder, channels=images.channels, size=shape[1:])
    check_task_size(settings.encoder, pairs, images, task_images)

    def planned(settings: Settings, views: tuple[str, ...], *, raced: bool = False) -> Plan:
        return make_plan(
            images,
            task_images,
            views=views,
            seeds=chosen,
            settings=settings,
            chosen=raced,
            candidates=candidates,
            per_class=per_class,
            draws=label_draws,
            reading={"channels": channels, "value_range": value_range},
            maps=maps,
        )

    named = data_argument(data, images)
    place = data if isinstance(data, str | Path) else named or None
    same: dict[str, Any] = {"data": place, **label_options(labels), "size": size}
    same |= {"channels": channels, "range": value_range, "root": root}
    same["groups"] = groups if isinstance(groups, str) else None
    own = {
        "out": out, "views": views if isinstance(views, str | Path | None) else [*specs],
        "epochs": epochs, "minutes": minutes, "kind": kind, "audit": audit, "search": search,
        "encoder": encoder, "objective": objective, "per_class": per_class, "target": target,
        "seeds": seeds if isinstance(seeds, int) else None,
    }  # fmt: skip
    typed = command or command_line("study", same | own, defaults={"seeds": 3, "per_class": 10})
    called = place if place != IN_MEMORY else images.name
    if scenes is not None and both_kinds:
        place = image_folder(scenes)
    folder = Path(out) if out is not None else default_folder("study", called)
    asked = epochs is not None
    with (
        workers_on(on, jobs, gpus_per_cell=gpus_per_cell, device=settings.device) as workers,
        claimed(folder, "study", own=is_study, say=report_progress.note),
    ):
        plan = planned(settings, specs, raced=open_choice or bool(space))
        first = prepare(plan, kind, specs[0] if audit else "") if open_choice else None
        if audit is not None and first is None:
            raise InputError(
                f"--audit needs at least {FEWEST} labels for selection alone; label more images, "
                "or compare views with --views."
            )
        screening: tuple[Screening, ...] = ()
        searched: Search | None = None
        stored = stored_plan(folder)  # a timed study resumes with the same number
        if first is not None:
            seconds = 60 * (minutes or MINUTES) * workers_of(workers)
            length = planned_lengths(
                plan, first.slowest, runs=first.runs, seconds=seconds, folder=folder / SCREENING
            )
            report_progress.note(length.words(seconds, workers_of(workers)))
            specs, screening = choose_views(
                plan, first, length, folder=folder, jobs=workers, progress=report_progress
            )
            family = None
            epochs = epochs or max(1, round(length.shown / len(plan.splits.pretrain)))
        elif space and search:
            specs, searched, epochs = searched_views(
                plan, space, search, minutes=minutes, epochs=epochs, folder=folder, jobs=workers,
                progress=report_progress, earlier=tuple(stored["views"]) if stored else (),
            )  # fmt: skip
        elif epochs is None and minutes is not None:
            epochs = stored["settings"]["epochs"] if stored else None
            epochs = epochs or epochs_in(plan, minutes, workers_of(workers))
        elif epochs is None:
            epochs = default_epochs(len(plan.splits.pretrain))
        raced = first is not None or searched is not None
        plan = planned(replace(settings, epochs=epochs), specs, raced=raced)
        store = Store(folder, plan)
        for spec in specs:
            keep_beside(spec, store.folder)
        done = run_cells(plan, store, jobs=workers, progress=report_progress)
        if not any(cell.role == "candidate" for cell in done.results):
            why = next(iter(done.failed.values()), "no cell finished")
            raise InputError(f"No view could be trained: {why}")
        store.write(done.results)
        _draw(plan, store.folder)
        kept = recorded(typed)
        given = minutes or (MINUTES if raced else None)
        outcomes = compare_with_scratch(
            plan, store, done.results, jobs=workers, report=report_progress, against=against,
            seconds=given and COMPARED * 60 * given * workers_of(workers),
        )  # fmt: skip
        verdict = make_verdict(
            plan, done.results, family=family, data=named, command=kept, failed=done.failed,
            screening=screening, searched=searched, outcomes=outcomes,
        )  # fmt: skip
        verdict = add_lengths(
            plan, store, done.results, verdict, command=kept, report=report_progress, asked=asked,
            jobs=workers, seconds=given and MEASURED * 60 * given * workers_of(workers),
        )  # fmt: skip
        verdict = in_words(verdict)
        write_json(store.folder / "verdict.json", verdict.to_json())
        seconds = time.perf_counter() - begun
        run = describe(
            plan, done, verdict, family, kept, seconds,
            data=about_images(plan), splits=image_splits(plan),
        )  # fmt: skip
        write_json(store.folder / "run.json", run.to_json())
        named_views = chosen_views(verdict)
        write_chosen(folder, named_views)
        encoders = keep_encoders(plan, store, named_views, report_progress)
        following = restored(verdict.tasks[0].advice.command, typed)
        best = named_views[0] if named_views else None
        good = best is not None and not best.doubt
        if good:
            best_view = folder / f"{BEST}.txt"
            named_best = {"data": place, "backbone": "resnet18", "views": best_view}
            following = command_line("pretrain", named_best | same)
            if named == IN_MEMORY:
                following = (
                    f"goodviews.pretrain(data, backbone='resnet18', views={str(best_view)!r})"
                )
        rows = [row for cell in plan.cells if cell in done.results
                for row in done.results[cell].rows]  # fmt: skip
        written = report(folder) if page else None
    report_progress(UNIT, len(plan.cells), len(plan.cells), share=1.0)
    return StudyResult(
        folder=folder,
        rows=rows,
        verdict=verdict,
        advice=plain_advice(verdict),
        best_view=best.view if best else None,
        recommended=good,
        encoders=encoders[BEST] if best else (),
        command=following,
        page=written,
    )


def _draw(plan: Plan, folder: Path) -> None:
    rng = np.random.default_rng(0)
    held = plan.splits.held_out
    index = np.sort(rng.choice(held, min(_PAIRS, len(held)), replace=False))
    for number, view in enumerate(plan.views):
        draw_pairs(plan.images, index, view, f"v-{number + 1}", folder / "pairs")
