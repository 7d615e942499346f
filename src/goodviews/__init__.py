"""goodviews: find, measure and learn the views that make representations good.

Every name below is imported when it is first used, so that ``import goodviews`` is instant.

Example:
    >>> import goodviews
    >>> len(goodviews.load("digits"))
    1797
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goodviews import (
        core,
        data,
        encoders,
        evaluation,
        graphs,
        information,
        jobs,
        measurement,
        methods,
        objectives,
        pages,
        spec,
        training,
        views,
        worlds,
    )
    from goodviews.core.errors import InputError
    from goodviews.data import Images, examine, load
    from goodviews.encoders import load_encoder
    from goodviews.information import Estimate, infonce_bound
    from goodviews.jobs.embed import Embedding, embed
    from goodviews.jobs.evaluate import Evaluation, evaluate
    from goodviews.jobs.export import export
    from goodviews.jobs.learn_views import LearnedViews, learn_views
    from goodviews.jobs.look import doctor, show_views
    from goodviews.jobs.pretrain import Trained, pretrain
    from goodviews.jobs.report import report
    from goodviews.jobs.study import StudyResult, study
    from goodviews.jobs.transfer import Transferred, transfer
    from goodviews.measurement import SharedNats, shared_nats
    from goodviews.methods import method
    from goodviews.objectives import infonce
    from goodviews.training import Settings, train
    from goodviews.views import View, ViewPair, default_views, parse_view

__version__ = "0.2.0"

_HOMES = {
    "core.errors": "InputError",
    "data": "Images examine load",
    "encoders": "load_encoder",
    "information": "Estimate infonce_bound",
    "jobs.embed": "Embedding embed",
    "jobs.evaluate": "Evaluation evaluate",
    "jobs.export": "export",
    "jobs.learn_views": "LearnedViews learn_views",
    "jobs.look": "doctor show_views",
    "jobs.pretrain": "Trained pretrain",
    "jobs.report": "report",
    "jobs.study": "StudyResult study",
    "jobs.transfer": "Transferred transfer",
    "measurement": "SharedNats shared_nats",
    "methods": "method",
    "objectives": "infonce",
    "training": "Settings train",
    "views": "View ViewPair default_views parse_view",
}
"""Package below ``goodviews``: its names that ``goodviews`` gives as well."""

_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "Embedding",
    "Estimate",
    "Evaluation",
    "Images",
    "InputError",
    "LearnedViews",
    "Settings",
    "SharedNats",
    "StudyResult",
    "Trained",
    "Transferred",
    "View",
    "ViewPair",
    "core",
    "data",
    "default_views",
    "doctor",
    "embed",
    "encoders",
    "evaluate",
    "evaluation",
    "examine",
    "export",
    "graphs",
    "infonce",
    "infonce_bound",
    "information",
    "jobs",
    "learn_views",
    "load",
    "load_encoder",
    "measurement",
    "method",
    "methods",
    "objectives",
    "pages",
    "parse_view",
    "pretrain",
    "report",
    "shared_nats",
    "show_views",
    "spec",
    "study",
    "train",
    "training",
    "transfer",
    "views",
    "worlds",
]


def __getattr__(name: str) -> Any:
    """Import a public name, or a package, when it is first used."""
    if name in _HOME:
        return getattr(importlib.import_module(f"goodviews.{_HOME[name]}"), name)
    if name in __all__:
        return importlib.import_module(f"goodviews.{name}")
    raise AttributeError(f"module 'goodviews' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Every public name and package, for completion in an editor or notebook."""
    return sorted({*globals(), *__all__})
