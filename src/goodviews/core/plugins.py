"""Names that other packages and scripts add to goodviews, looked up when a name is unknown.

A module that registers a view, an objective, a method or a world is a plug-in. In a script its
names are known once it is imported. The command line imports it when it meets a name that it
does not know: from the entry points of installed packages (group ``goodviews.plugins``), and from
the files and modules that the environment variable ``GOODVIEWS_PLUGINS`` names.
"""

import os
import sys
from collections.abc import Iterable
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

from goodviews.core.errors import InputError, unknown

GROUP = "goodviews.plugins"
"""Entry points of installed packages; the value of each is a module."""

NAMED = "GOODVIEWS_PLUGINS"
"""Environment variable: more modules, or ``.py`` files, joined as the folders of ``PATH`` are."""

Record = TypeVar("Record")


class Registry(dict[str, Record]):
    """Records by name: those of this package, and those registered by plug-ins.

    Args:
        kind: What a record is, for messages: ``view``.
        reserved: Names that no record may have.
    """

    def __init__(self, kind: str, reserved: Iterable[str] = ()) -> None:
        super().__init__()
        self.kind, self.reserved = kind, frozenset(reserved)
        self._homes: dict[str, str] = {}
        _REGISTRIES.append(self)

    def add(self, name: str, record: Record, *, home: str) -> None:
        """Store a record; a home may replace its own, as a notebook cell does on its second run.

        Args:
            name: Name that specs and commands use.
            record: What the name stands for.
            home: Where it is defined: ``module:name``.

        Raises:
            InputError: The name is not an identifier, or belongs to something else.
        """
        self.check(name, home)
        self[name], self._homes[name] = record, home

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        del self._homes[name]

    def sources(self) -> set[str]:
        """Modules and files outside this package that registered a record."""
        modules = {home.partition(":")[0] for home in self._homes.values()}
        return {_source(module) for module in modules if not module.startswith("goodviews.")}

    def check(self, name: str, home: str) -> None:
        """Refuse a name that a home may not have; see :meth:`add`."""
        if not (isinstance(name, str) and name.isidentifier()):
            raise InputError(
                f"{name!r} is not a name for {_a(self.kind)}; use letters, digits and '_', "
                f"such as 'my_{self.kind}'."
            )
        taken = self._homes.get(name)
        if name in self.reserved or (taken and _place(taken) != _place(home)):
            owner = f" by {taken}" if taken else ""
            raise InputError(
                f"The name {name!r} of {_a(self.kind)} is already taken{owner}; register {home} "
                f"under another name."
            )

    def find(self, name: str) -> Record:
        """The record of a name; plug-ins are imported where it is not known.

        Raises:
            InputError: Nothing has this name; the message gives the nearest one.
        """
        if name not in self:
            load_plugins()
        if name not in self:
            raise unknown(self.kind, name, self)
        return self[name]


_REGISTRIES: list[Registry[Any]] = []
_loaded: set[str] = set()


def load_plugins() -> None:
    """Import the plug-ins of installed packages and of the environment, each once.

    Raises:
        InputError: One of them cannot be imported.
    """
    from importlib.metadata import entry_points

    load_sources(point.value for point in entry_points(group=GROUP))
    load_sources(filter(None, os.environ.get(NAMED, "").split(os.pathsep)))


def sources() -> tuple[str, ...]:
    """Modules and files that a worker process must import to know the names registered here.

    Raises:
        InputError: Something was registered in a notebook or at a prompt, out of their reach.
    """
    found = set().union(*(registry.sources() for registry in _REGISTRIES))
    if "" in found:
        raise InputError(
            "Worker processes cannot import what is registered in a notebook cell or at a prompt; "
            "move it to a file and import that, or use jobs=0."
        )
    return tuple(sorted(found))


def load_sources(given: Iterable[str]) -> None:
    """Import modules by name and files by path, each once.

    Raises:
        InputError: One of them cannot be imported.
    """
    for source in given:
        if source.endswith(".py"):
            source = str(Path(source).expanduser().resolve())
        if source in _loaded:
            continue
        _loaded.add(source)
        try:
            _run(Path(source)) if source.endswith(".py") else import_module(source.split(":")[0])
        except InputError:
            raise
        except Exception as error:
            raise InputError(
                f"The plug-in {source} cannot be imported ({type(error).__name__}: {error}); "
                f"repair it, or take it out of {NAMED} or uninstall its package."
            ) from error


def _run(file: Path) -> None:
    """Import a file under a name of its own, unless it is the script that is running."""
    started = getattr(sys.modules.get("__main__"), "__file__", None)
    if started and Path(started).resolve() == file:
        return
    name = f"goodviews_plugin_{file.stem}_{crc32(str(file).encode()):x}"
    spec = spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise


def _source(module: str) -> str:
    """What a worker imports for a module: its name, or its file where it is a script."""
    if module not in ("__main__", "__mp_main__") and not module.startswith("goodviews_plugin_"):
        return module
    named = getattr(sys.modules.get(module), "__spec__", None)
    if module.endswith("main__") and named is not None:  # python -m package.module
        return str(named.name)
    return _file(module)


def _file(module: str) -> str:
    file = getattr(sys.modules.get(module), "__file__", None)
    return str(Path(file).resolve()) if file else ""


def _place(home: str) -> str:
    """A home that is the same under any name its module has in this process."""
    module, _, name = home.partition(":")
    return f"{_file(module) or module}:{name}"


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
