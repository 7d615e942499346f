"""``run.json``: what a study was, and where its numbers come from."""

import os
from datetime import date
from typing import Any

import torch

from goodviews.core.origin import origin
from goodviews.jobs.study.pairs import describe_display
from goodviews.jobs.study.plan import Plan
from goodviews.jobs.study.run import Done
from goodviews.spec.grammar import Family


def describe(
    plan: Plan,
    done: Done,
    verdict: dict[str, Any],
    family: Family | None,
    command: str,
    seconds: float,
) -> dict[str, Any]:
    """The content of ``run.json``; its form stands in ``docs/study_folder.md``."""
    images, parts = plan.images, plan.splits
    first = plan.tasks[0] if plan.tasks else None
    run = origin(command, seeds=plan.seeds)
    counts = [result.rows[0] for result in done.results.values()]
    return {
        "schema": 1,
        "data": {
            "name": images.name,
            "task_data": None if plan.task_images is images else plan.task_images.name,
            "count": len(images),
            "height": images.height,
            "width": images.width,
            "channels": images.channels,
            "source": images.source,
            "range": images.range_note,
            "hash": images.hash,
            "skipped": [{"file": file, "why": why} for file, why in images.skipped],
            "display": describe_display(images),
            "labelled": {t.name: int((t.labels >= 0).sum()) for t in plan.tasks},
            "classes": {t.name: list(t.classes) for t in plan.tasks},
            "notes": list(images.notes),
        },
        "splits": {
            "pretrain": len(parts.pretrain),
            "held_out": len(parts.held_out),
            "test": int((~first.choose).sum()) if first else 0,
            "choose": int(first.choose.sum()) if first else 0,
            "labels": first.budget if first else 0,
            "label_draws": len(first.draws) if first else 0,
            "protocol": _protocol(plan),
            "hash": parts.hash,
        },
        "family": None
        if family is None
        else {
            "template": family.template,
            "argument": family.argument,
            "values": list(family.values),
        },
        "encoder": plan.settings.encoder,
        "objective": plan.settings.objective,
        "epochs": plan.settings.epochs,
        "batch": min(plan.settings.batch, len(parts.pretrain)),
        "candidates": plan.candidates,
        "seeds": list(plan.seeds),
        "cells": {
            "done": len(done.results),
            "failed": len(done.failed),
            "resumed": done.resumed,
            "undertrained": sum(bool(row.undertrained) for row in counts),
            "collapsed": sum(bool(row.collapsed) for row in counts),
        },
        "command": command,
        "versions": run["versions"],
        "commit": run["commit"],
        "hardware": f"{os.cpu_count()} x {run['hardware']}"
        if plan.settings.device == "cpu"
        else torch.cuda.get_device_name(),
        "wall_seconds": round(seconds, 1),
        "date": date.today().isoformat(),
        "wording": verdict["tasks"][0]["wording"],
    }


def _protocol(plan: Plan) -> str:
    """Who was pretrained on, who was tested, and who chose, in one sentence."""
    parts = plan.splits
    start = (
        f"{len(parts.pretrain):,} images are pretrained on, {len(parts.held_out):,} are held out "
        f"for the bound"
    )
    if not plan.tasks:
        return f"{start}; there are no labels."
    task = plan.tasks[0]
    if task.crossed:
        how = (
            f"readouts see {task.budget:,} of the {len(task.items):,} labels and are tested on "
            f"the others, in {len(task.draws)} folds; the encoder saw none of these images"
        )
    else:
        how = (
            f"each of {len(task.draws)} readouts sees {task.budget:,} labels of pretraining "
            f"images and is tested on {int((~task.choose).sum()):,} held-out ones"
        )
    if task.choose.any():
        return f"{start}; {how}; {int(task.choose.sum()):,} other labels choose the view."
    return f"{start}; {how}; the view is chosen and measured on different folds of those."
