"""Views of photographs at their own sizes beside those of a centre square.

One process, one thread, CPU seconds, rounds interleaved, median of the rounds. Pairs of views of
ImageNet photographs are made from the cache of centre squares, from the cache of whole pictures
(``--fit natural``), and from the JPEG files, each decoded when its views are made.

    python benchmarks/natural.py [--quick] [--out FOLDER]
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from goodviews.core.origin import run_origin
from goodviews.data import ImageFile, load
from goodviews.views import parse_view, views_of_files
from goodviews.views.compiled.warm import warm_up
from timing import arguments, keep, turns

SPECS = {
    "crop, flip, jitter, grey": "crop(scale=(0.08, 1), size={size})|flip()|jitter(1.0)|grey()",
    "patches": "patches(size={size}, distance={size})",
}
Work = Callable[[], object]


def contestants(folder: Path, spec: str, size: int, count: int) -> dict[str, Work]:
    """Two views of the same photographs from each source."""
    pair, index = parse_view(spec), torch.arange(count)
    side = size if spec.startswith("crop") else 2 * size  # a square that holds both patches
    square = load(folder, size=side)
    whole = load(folder, size=f"{side},natural")
    paths = sorted(folder.glob("*.JPEG"))[:count]
    epoch = iter(range(1 << 30))

    def of_files() -> object:
        files = [ImageFile(path) for path in paths]
        return views_of_files(pair, files, seed=0, samples=index, epoch=next(epoch))

    made: dict[str, Work] = {
        "centre squares": lambda: pair(
            square.for_views(index), seed=0, samples=index, epoch=next(epoch)
        ),
        "whole pictures": lambda: pair(
            whole.for_views(index), seed=0, samples=index, epoch=next(epoch)
        ),
    }
    return made | ({"files, decoded each time": of_files} if spec.startswith("crop") else {})


def seconds(work: Work) -> Callable[[int], float]:
    """CPU seconds of one call, after one to warm up."""
    work()

    def timed(_: int) -> float:
        begin = time.process_time()
        work()
        return time.process_time() - begin

    return timed


def main() -> None:
    """Time all contests and write their rows."""
    asked = arguments(__doc__).parse_args()
    torch.set_num_threads(1)
    folder = Path(os.environ["GOODVIEWS_DATA"]) / "imagenet_sample"
    run = run_origin("python benchmarks/natural.py" + " --quick" * asked.quick, seeds=[0])
    warm_up()
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as cache:
        os.environ["GOODVIEWS_CACHE"] = cache
        for size in (32,) if asked.quick else (32, 64, 224):
            for name, text in SPECS.items():
                if size == 224 and name == "patches":
                    continue  # two do not fit into a photograph
                count = 16 if asked.quick else 96
                made = contestants(folder, text.format(size=size), size, count)
                works = {source: seconds(work) for source, work in made.items()}
                taken = turns(works, 3 if asked.quick else 7)
                base = statistics.median(taken["centre squares"])
                for source, times in taken.items():
                    median = statistics.median(times)
                    rows.append(
                        {
                            "views": f"{name}, {size} px",
                            "source": source,
                            "rounds": len(times),
                            "images_per_cpu_s": count / median,
                            "times_squares": median / base,
                        }
                    )
                    print(f"{name}, {size} px  {source:26} {count / median:8.0f} images/s")
    keep("bench_natural", asked, rows, run)


if __name__ == "__main__":
    main()
