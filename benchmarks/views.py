"""Two views of an image (crop, flip, jitter, grey; with and without blur) beside other libraries.

One process, one thread, CPU seconds. Contestants are warmed up, rounds are interleaved, and
the median of the rounds is told, as source images per second and as a multiple of lightly.
All end in float32 planes in [0, 1], not normalised. Images come from GOODVIEWS_DATA.

    python benchmarks/views.py [--quick] [--jpeg] [--out FOLDER]
"""

import argparse
import io
import os
import statistics
import time
import warnings
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from goodviews.core.origin import hardware, run_origin, write_table
from goodviews.data import ImageFile
from goodviews.views import parse_view, views_of_files
from goodviews.views.compiled.warm import warm_up

Chain = Callable[[Image.Image], object]
ROUNDS = 9
BATCH = 256
SPEC = "crop(scale=(0.08, 1){size})|flip(p=0.5)|jitter(1.0, p=0.8)|grey(p=0.2){blur}"
Work = Callable[[], object]


def pictures(size: int) -> np.ndarray:
    """(256, H, W, 3) uint8 photographs."""
    root = Path(os.environ["GOODVIEWS_DATA"])
    if size == 32:
        with np.load(root / "cifar10_exact" / "train.npz") as arrays:
            return np.ascontiguousarray(arrays["images"][:BATCH])
    from goodviews.data import load

    pixels = load(root / "imagenette96", size=size, split="test").pixels[:BATCH]
    return np.ascontiguousarray(pixels.transpose(0, 2, 3, 1))


def jpegs() -> list[bytes]:
    """ImageNet photographs of about 500 x 375, as files."""
    folder = Path(os.environ["GOODVIEWS_DATA"]) / "imagenet_sample"
    files = [path.read_bytes() for path in sorted(folder.glob("*.JPEG"))]
    sizes = [Image.open(io.BytesIO(file)).size for file in files]
    return [f for f, size in zip(files, sizes, strict=True) if sorted(size) == [375, 500]][:32]


def decoded(file: bytes) -> Tensor:
    """(3, H, W) uint8 by torchvision's libjpeg-turbo."""
    from torchvision.io import ImageReadMode, decode_jpeg

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the bytes are read-only, and only read
        image: Tensor = decode_jpeg(torch.frombuffer(file, dtype=torch.uint8), ImageReadMode.RGB)
    return image


def ours(images: np.ndarray, blur: bool, compiled: bool) -> Work:
    pair = parse_view(SPEC.format(size="", blur="|blur(p=0.5)" if blur else ""))
    planes = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
    samples = torch.arange(len(images))
    epoch = iter(range(1 << 30))

    def run() -> object:
        os.environ["GOODVIEWS_COMPILED"] = str(int(compiled))
        return pair(planes, seed=0, samples=samples, epoch=next(epoch))

    return run


def ours_jpeg(files: list[bytes], blur: bool, decode: str) -> Work:
    """From files; the decoder is the package's, or that of torchvision, one file at a time."""
    pair = parse_view(SPEC.format(size=", size=224", blur="|blur(p=0.5)" if blur else ""))
    epoch, samples = iter(range(1 << 30)), torch.arange(len(files))

    def run() -> object:
        os.environ["GOODVIEWS_COMPILED"] = "1"
        made = [ImageFile(file) for file in files]
        return views_of_files(pair, made, seed=0, samples=samples, epoch=next(epoch))

    def run_alone(compiled: bool) -> object:
        os.environ["GOODVIEWS_COMPILED"] = str(int(compiled))
        turn, seen = next(epoch), []
        for number, file in enumerate(files):
            sample = torch.tensor([number])
            seen = [pair(decoded(file)[None], seed=0, samples=sample, epoch=turn)]
        return seen

    return run if decode == "files" else partial(run_alone, decode == "compiled")


def alone(chain: Chain, images: list[Image.Image]) -> list[object]:
    """One image after the other."""
    return [chain(image) for image in images]


def opened(chain: Chain, files: list[bytes]) -> list[object]:
    """The same from JPEG files."""
    return [chain(Image.open(io.BytesIO(file)).convert("RGB")) for file in files]


def lightly(size: int, blur: bool) -> Chain:
    from lightly.transforms import SimCLRTransform

    transform: Chain = SimCLRTransform(
        input_size=size, gaussian_blur=0.5 if blur else 0.0, normalize=None
    )
    return transform


def torchvision(size: int, blur: bool) -> Chain:
    from torchvision.transforms import v2

    steps: list[object] = [
        v2.PILToTensor(),
        v2.RandomResizedCrop(size, antialias=True),
        v2.RandomHorizontalFlip(),
        v2.RandomApply([v2.ColorJitter(0.8, 0.8, 0.8, 0.2)], p=0.8),
        v2.RandomGrayscale(0.2),
        *([v2.RandomApply([v2.GaussianBlur(13, (0.1, 2.0))], p=0.5)] if blur else []),
        v2.ToDtype(torch.float32, scale=True),
    ]
    chain = v2.Compose(steps)
    return lambda image: (chain(image), chain(image))


def albumentations(size: int, blur: bool) -> Chain:
    import albumentations as A

    chain = A.Compose(
        [
            A.RandomResizedCrop((size, size)),
            A.HorizontalFlip(p=0.5),
            A.ColorJitter((0.2, 1.8), (0.2, 1.8), (0.2, 1.8), (-0.2, 0.2), p=0.8),
            A.ToGray(p=0.2),
            *(
                [A.GaussianBlur(blur_limit=(13, 13), sigma_limit=(0.1, 2.0), p=0.5)]
                if blur
                else []
            ),
        ]
    )

    def views(image: Image.Image) -> list[Tensor]:
        pixels = np.asarray(image)
        made = (chain(image=pixels)["image"] for _ in range(2))
        return [torch.from_numpy(m).permute(2, 0, 1).contiguous().float().div_(255) for m in made]

    return views


def kornia(images: np.ndarray, size: int, blur: bool) -> Work:
    import kornia.augmentation as K

    chain = K.AugmentationSequential(
        K.RandomResizedCrop((size, size)),
        K.RandomHorizontalFlip(),
        K.ColorJitter(0.8, 0.8, 0.8, 0.2, p=0.8),
        K.RandomGrayscale(p=0.2),
        *([K.RandomGaussianBlur((13, 13), (0.1, 2.0), p=0.5)] if blur else []),
        same_on_batch=False,
    )
    planes = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()

    def run() -> object:
        floats = planes.float() / 255
        return chain(floats), chain(floats)

    return run


def chains(size: int, blur: bool) -> dict[str, Chain]:
    """Transforms of single images, by library; all but lightly's only where installed."""
    made = {"lightly": lightly(size, blur), "torchvision v2, uint8": torchvision(size, blur)}
    if find_spec("albumentations"):
        made["albumentations"] = albumentations(size, blur)
    return made


def contests(quick: bool, jpeg: bool) -> list[tuple[str, int, dict[str, Work]]]:
    """Table name, images per round, and who competes; lightly is the measure."""
    table = []
    for size in (32, 96):
        if jpeg or (quick and size > 32):
            break
        images = pictures(size)
        images = images[:64] if quick else images
        pil = [Image.fromarray(image) for image in images]
        for blur in (False, True):
            rivals: dict[str, Work] = {
                name: partial(alone, f, pil) for name, f in chains(size, blur).items()
            }
            if find_spec("kornia"):
                rivals["kornia, batched"] = kornia(images, size, blur)
            rivals["goodviews, batched torch"] = ours(images, blur, False)
            rivals["goodviews, compiled"] = ours(images, blur, True)
            table.append((f"{size} px" + " + blur" * blur, len(images), rivals))
    files = jpegs()[: 8 if quick else 32]
    for blur in (False, True):
        rivals = {name: partial(opened, f, files) for name, f in chains(224, blur).items()}
        rivals["goodviews, batched torch"] = ours_jpeg(files, blur, "batched")
        rivals["goodviews, compiled"] = ours_jpeg(files, blur, "compiled")
        rivals["goodviews, views_of_files"] = ours_jpeg(files, blur, "files")
        rivals["decoding alone, PIL"] = lambda: [
            np.array(Image.open(io.BytesIO(b)).convert("RGB")) for b in files
        ]
        rivals["decoding alone, ImageFile"] = lambda: [ImageFile(b).read() for b in files]
        rivals["decoding alone, torchvision"] = lambda: [decoded(b) for b in files]
        table.append(("JPEG 500x375 to 224" + " + blur" * blur, len(files), rivals))
    return table


def seconds(work: Work, least: float = 0.05) -> float:
    """CPU seconds of one run; short ones are repeated."""
    turns, begin = 0, time.process_time()
    while (spent := time.process_time() - begin) < least:
        work()
        turns += 1
    return spent / turns


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few images, to see that it runs")
    parser.add_argument("--jpeg", action="store_true", help="only the tables from JPEG files")
    parser.add_argument("--out", type=Path, default=None, help="folder for rows.csv and run.json")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    try:
        import cv2

        cv2.setNumThreads(1)
    except ImportError:
        pass
    names = {"pillow": "PIL"}
    for package in ("lightly", "torchvision", "albumentations", "kornia", "numba", "simplejpeg"):
        names[package] = package
    run = run_origin(
        "python benchmarks/views.py" + " --quick" * asked.quick + " --jpeg" * asked.jpeg,
        seeds=[0],
        threads=1,
        peers={package: version(package) for package, name in names.items() if find_spec(name)},
    )
    warm_up()
    rows: list[dict[str, object]] = []
    for name, count, rivals in contests(asked.quick, asked.jpeg):
        for work in rivals.values():
            work()
        taken: dict[str, list[float]] = {rival: [] for rival in rivals}
        for _ in range(5 if asked.quick else ROUNDS):
            for rival, work in rivals.items():
                taken[rival].append(seconds(work))
        for rival, times in taken.items():
            median = statistics.median(times)
            # Each round against lightly's of the same round: what slows both falls out.
            ratios = [peer / own for peer, own in zip(taken["lightly"], times, strict=True)]
            row = {
                "views": name,
                "library": rival,
                "rounds": len(times),
                "images_per_cpu_s": count / median,
                "times_lightly": statistics.median(ratios),
                "lowest": min(ratios),
                "highest": max(ratios),
            }
            rows.append(row)
            print(
                f"{name:28} {rival:27} {count / median:10.0f} images/s "
                f"{row['times_lightly']:7.2f}x  ({min(ratios):.2f} to {max(ratios):.2f})",
                flush=True,
            )
    day = str(run["started"])[:10]
    folder = asked.out or Path("results/bench_views") / f"{day}-{hardware()}"
    if not asked.quick or asked.out:
        write_table(folder, rows, run)
        print(f"rows in {folder}")


if __name__ == "__main__":
    main()
