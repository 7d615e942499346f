"""What the benchmarks share: peers or a sentence, turns, memory, and where rows go."""

import argparse
import ctypes
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from goodviews.core.origin import hardware, write_table


def peers(*packages: str) -> dict[str, str]:
    """Versions of the libraries to compare with; ends the script where one is missing."""
    found, missing = {}, []
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            missing.append(package)
    if missing:
        sys.exit(
            f"This benchmark compares with {' and '.join(missing)}, which "
            f"{'is' if len(missing) == 1 else 'are'} not installed; "
            f"type: pip install 'goodviews[bench]'"
        )
    return found


def arguments(about: str | None) -> argparse.ArgumentParser:
    """``--quick`` and ``--out``."""
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    parser.add_argument("--out", type=Path, default=None, help="folder for rows.csv and run.json")
    return parser


def keep(
    name: str, asked: argparse.Namespace, rows: Sequence[Mapping[str, Any]], run: Mapping[str, Any]
) -> None:
    """Write the rows to ``results/NAME/DATE-HARDWARE``, or where ``--out`` says."""
    if asked.quick and not asked.out:
        return
    folder = asked.out or Path("results") / name / f"{str(run['started'])[:10]}-{hardware()}"
    write_table(folder, rows, run)
    print(f"rows in {folder}")


def turns(
    works: Mapping[str, Callable[[int], float]],
    rounds: int,
    *,
    fewer: Mapping[str, int] | None = None,
) -> dict[str, list[float]]:
    """Seconds that each took, a turn of every contestant in each round.

    Args:
        works: Name to a function of the round's number that returns what it took.
        rounds: How many.
        fewer: Rounds of those that are slow.
    """
    taken: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds):
        for name, work in works.items():
            if number < (fewer or {}).get(name, rounds):
                taken[name].append(work(number))
    return taken


def ratio(theirs: Sequence[float], own: Sequence[float]) -> dict[str, float]:
    """Median, lowest and highest of ratios of the same round: what slows both falls out."""
    found = [one / other for one, other in zip(theirs, own, strict=True)]
    return {"times": statistics.median(found), "lowest": min(found), "highest": max(found)}


def growth(work: Callable[[], object]) -> float | None:
    """MB by which the peak of resident memory grows; none where the system does not tell."""
    try:
        rest()
        before = status("VmRSS")
        work()
        return (status("VmHWM") - before) / 1024
    except OSError:
        return None


def rest() -> None:
    """Give freed memory back, and let the peak start from here."""
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


def status(name: str) -> int:
    """Kilobytes that Linux tells of this process, such as ``VmHWM``."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    raise OSError(name)


def extensions() -> str:
    """What the processor has for bfloat16: what a bf16 ratio depends on."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    except OSError:
        return "unknown"
    known = {"amx_bf16": "AMX", "avx512_bf16": "AVX-512 bf16", "avx512f": "AVX-512"}
    have = [word for flag, word in known.items() if flag in flags]
    return ", ".join(have if "amx_bf16" in flags else ["no AMX", *have])
