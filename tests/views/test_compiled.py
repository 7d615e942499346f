"""The compiled path makes the views of the batched path, from the same bits."""

import os
import subprocess
import sys

import pytest
import torch

pytest.importorskip("numba")

from goodviews.core.rng import Key
from goodviews.views import compiled, parse_view
from goodviews.views.compiled.room import tensor_for
from goodviews.views.compiled.warm import warm_up

SIMCLR = "crop()|flip()|jitter(1.0)|grey()"
SPECS = [
    ("crop(size=8)", (1, 3, 5)),
    ("crop(scale=(0.9, 1), size=5)", (3,)),
    ("crop(scale=(0.3, 1), interpolation='bicubic', size=9)", (1, 4)),
    ("crop(interpolation='bicubic')|flip()", (3,)),
    ("flip()|grey(p=0.5)|blur(sigma=(0.1, 3.0), p=1)", (1, 2, 3)),
    ("blur(kernel='23taps', p=1)", (3,)),
    ("jitter(2.5, p=1)", (1, 3)),
    (SIMCLR, (1, 3)),
    (SIMCLR + "|blur()", (3,)),
    ("flip()|crop(size=12)|jitter(0.5)|crop(size=7)", (3,)),
    ("flip()|noise()|crop()|rotate()|grey()", (3,)),
]
CASES = [(spec, channels) for spec, many in SPECS for channels in many]


@pytest.fixture
def batched(monkeypatch):
    """Run something on the batched path."""

    def run(work):
        monkeypatch.setenv("GOODVIEWS_COMPILED", "0")
        try:
            return work()
        finally:
            monkeypatch.delenv("GOODVIEWS_COMPILED")

    return run


def bytes_of(channels, *, count=24, high=19, wide=23, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shape = (count, channels, high, wide)
    return torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)


def key_of(images, *, seed=3, epoch=1):
    return Key.of(seed=seed, samples=torch.arange(len(images)), epoch=epoch)


@pytest.mark.parametrize(("spec", "channels"), CASES)
def test_both_paths_make_the_same_views(spec, channels, batched):
    chain = parse_view(spec).first
    for high, wide in ((19, 23), (33, 17), (1, 7)) if "size" in spec else ((19, 23), (48, 32)):
        images = bytes_of(channels, high=high, wide=wide)
        floats = images.float() / 255
        params = chain.sample(tuple(images.shape[1:]), key_of(images))
        truth = batched(lambda f=floats, p=params: chain.apply(f, p))
        for source in (images, floats):
            for layout in (torch.contiguous_format, torch.channels_last):
                seen = chain.apply(source.contiguous(memory_format=layout), params)
                assert seen.dtype == torch.float32
                assert seen.shape == truth.shape
                assert (seen - truth).abs().max() < 1e-5
        assert compiled.render(chain.steps, 0, images, params) is not None


@pytest.mark.parametrize("spec", [spec for spec, _ in SPECS])
def test_the_kernel_draws_the_same_bits(spec, batched):
    pair = parse_view(spec)
    words = torch.arange(2000)
    for shape in ((3, 19, 23), (3, 7, 64), (3, 224, 224)):
        for which in (0, 1):
            key = pair.key(which, words, 5, words, 2)
            drawn = pair.first.sample(shape, key)
            truth = batched(lambda s=shape, k=key: pair.first.sample(s, k))
            assert set(drawn) == set(truth)
            for name, value in truth.items():
                assert drawn[name].dtype == value.dtype
                assert drawn[name].shape == value.shape
                assert torch.equal(drawn[name], value), name


def test_a_crop_that_never_fits_falls_back_to_the_centre(batched):
    spec = "crop(scale=(1, 1), ratio=(3, 4))"
    chain = parse_view(spec).first
    key = Key.of(seed=0, samples=torch.arange(64))
    drawn = chain.sample((3, 20, 31), key)
    assert set(drawn["0.crop.width"].tolist()) == {31}
    assert set(drawn["0.crop.height"].tolist()) == {10}
    truth = batched(lambda: chain.sample((3, 20, 31), key))
    assert all(torch.equal(drawn[name], truth[name]) for name in truth)


def params_of(order, *, on=True, **factors):
    given = {"brightness": 1.0, "contrast": 1.0, "saturation": 1.0, "hue": 0.0} | factors
    params = {f"0.jitter.{name}": torch.tensor([value]) for name, value in given.items()}
    return params | {
        "0.jitter.order": torch.tensor([order]),
        "0.jitter.on": torch.tensor([on]),
    }


def test_order_is_the_images_own_and_values_are_cut_after_every_change():
    chain = parse_view("jitter()").first
    image = torch.full((1, 3, 4, 4), 0.8)
    image[..., :2] = 0.4
    bright, contrast = {"brightness": 1.6}, {"contrast": 0.5}
    first = chain.apply(image, params_of([0, 1, 2, 3], **bright, **contrast))
    second = chain.apply(image, params_of([1, 0, 2, 3], **bright, **contrast))
    # 0.8 * 1.6 is cut to 1 before its distance from the new mean 0.82 is halved.
    mean = 0.9999 * (1.0 + 0.64) / 2
    assert first[0, 0, 0, 3].item() == pytest.approx((1.0 + mean) / 2, abs=1e-6)
    mean = 0.9999 * 0.6
    assert second[0, 0, 0, 3].item() == pytest.approx(min((0.8 + mean) / 2 * 1.6, 1), abs=1e-6)
    assert torch.equal(chain.apply(image, params_of([0, 1, 2, 3], on=False, **bright)), image)


def test_hue_turns_hsv_and_keeps_value_and_chroma():
    import colorsys

    chain = parse_view("jitter()").first
    image = bytes_of(3, count=1, high=6, wide=7).float() / 255
    image[..., 0] = 0.5  # grey has no hue
    for shift in (-0.5, -0.13, 0.2, 0.5):
        seen = chain.apply(image, params_of([3, 0, 1, 2], hue=shift))
        for before, after in zip(
            image[0].flatten(1).T.tolist(), seen[0].flatten(1).T.tolist(), strict=True
        ):
            hue, saturation, value = colorsys.rgb_to_hsv(*before)
            truth = colorsys.hsv_to_rgb((hue + shift) % 1, saturation, value)
            assert after == pytest.approx(truth, abs=1e-5)


def test_crop_taps_stay_inside_the_crop():
    chain = parse_view("crop(size=6)").first
    images = torch.ones(1, 3, 40, 40)
    images[..., 10:30, 10:30] = 0.25
    where = {"top": 10, "left": 10, "height": 20, "width": 20}
    params = {f"0.crop.{name}": torch.tensor([value]) for name, value in where.items()}
    assert torch.allclose(chain.apply(images, params), torch.tensor(0.25), atol=1e-6)


def test_a_crop_outside_the_image_never_reaches_the_kernel():
    chain = parse_view("crop()").first
    params = {
        f"0.crop.{name}": torch.tensor([value])
        for name, value in {"top": 5, "left": 0, "height": 9, "width": 4}.items()
    }
    assert compiled.render(chain.steps, 0, torch.zeros(1, 3, 8, 8), params) is None


def test_gradient_double_and_compiling_take_the_batched_path():
    chain = parse_view("crop()|jitter()").first
    images = bytes_of(3).float() / 255
    params = chain.sample(tuple(images.shape[1:]), key_of(images))
    leaf = images.clone().requires_grad_()
    chain.apply(leaf, params).sum().backward()
    assert leaf.grad is not None
    assert leaf.grad.isfinite().all()
    assert chain.apply(images.double(), params).dtype == torch.float64
    with torch.no_grad():
        assert (chain.apply(leaf, params) - chain.apply(images, params)).abs().max() < 1e-6


def test_threads_share_a_batch_and_change_nothing():
    pair = parse_view(SIMCLR + "|blur()")
    images = bytes_of(3, count=40, high=64, wide=64)
    samples = torch.arange(40)
    before = torch.get_num_threads()
    one = pair(images, seed=0, samples=samples, epoch=0)
    torch.set_num_threads(3)
    try:
        three = pair(images, seed=0, samples=samples, epoch=0)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(one[0], three[0])
    assert torch.equal(one[1], three[1])


def test_memory_of_views_that_are_held_is_not_used_again():
    first = tensor_for((300, 300))
    first.fill_(1)
    part, address = first[10:], first.data_ptr()
    del first
    second = tensor_for((300, 300))
    second.fill_(2)
    assert second.data_ptr() != address
    assert (part == 1).all()
    del part
    assert tensor_for((300, 300)).data_ptr() == address


class Views(torch.utils.data.Dataset):
    """One view of each of 12 images, made in a worker."""

    def __len__(self):
        return 12

    def __getitem__(self, place):
        pair = parse_view(SIMCLR + "|blur()")
        images = bytes_of(3, count=12, high=32, wide=32)[place : place + 1]
        return pair.view(0, images, seed=0, samples=torch.tensor([place]), epoch=0)[0]


@pytest.mark.parametrize("start", ["fork", "spawn", "forkserver"])
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_workers_of_every_kind_make_the_same_views(start):
    if start not in torch.multiprocessing.get_all_start_methods():
        pytest.skip(f"no {start} here")
    images = bytes_of(3, count=12, high=32, wide=32)
    pair = parse_view(SIMCLR + "|blur()")
    before = torch.get_num_threads()
    torch.set_num_threads(2)  # the parent has a pool of threads when it forks
    try:
        big = bytes_of(3, count=64, high=48, wide=48)
        pair(big, seed=0, samples=torch.arange(64), epoch=0)
    finally:
        torch.set_num_threads(before)
    truth = pair.view(0, images, seed=0, samples=torch.arange(12), epoch=0)
    loader = torch.utils.data.DataLoader(
        Views(), batch_size=4, num_workers=1, multiprocessing_context=start
    )
    assert (torch.cat(list(loader)) - truth).abs().max() == 0


def run(code, **environment):
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_package_does_not_import_numba():
    code = "import goodviews.views, goodviews.training, sys; print('numba' in sys.modules)"
    assert run(code).strip() == "False"


def test_without_numba_there_is_one_notice_and_the_same_views():
    code = """
import sys, warnings
sys.modules["numba"] = None
import torch
from goodviews.views import compiled, parse_view
with warnings.catch_warnings(record=True) as heard:
    warnings.simplefilter("always")
    pair = parse_view("crop()|flip()|jitter()")
    images = torch.arange(4 * 3 * 64).remainder(251).to(torch.uint8).view(4, 3, 8, 8)
    for epoch in range(3):
        v1, _ = pair(images, seed=0, samples=torch.arange(4), epoch=epoch)
print(compiled.available(), sum("numba" in str(one.message) for one in heard))
print(v1.double().sum().item())
"""
    state, total = run(code).split("\n")[:2]
    assert state == "False 1"
    images = torch.arange(4 * 3 * 64).remainder(251).to(torch.uint8).view(4, 3, 8, 8)
    v1, _ = parse_view("crop()|flip()|jitter()")(images, seed=0, samples=torch.arange(4), epoch=2)
    assert float(total) == pytest.approx(v1.double().sum().item(), abs=1e-3)


@pytest.mark.slow
def test_no_index_leaves_its_array(tmp_path):
    code = """
import torch
from goodviews.core.rng import Key
from goodviews.views import parse_view
for spec in (
    "crop(size=16)|flip()|jitter()|grey()|blur()",
    "crop(size=5, interpolation='bicubic')|blur(kernel='23taps')",
    "flip()|crop(size=40)",
):
    chain = parse_view(spec).first
    for channels in (1, 3):
        for high, wide in ((1, 9), (17, 16), (40, 33)):
            for dtype in (torch.uint8, torch.float32):
                images = torch.randint(0, 256, (9, channels, high, wide), dtype=torch.uint8)
                images = images if dtype == torch.uint8 else images / 255
                key = Key.of(seed=high, samples=torch.arange(9))
                for layout in (torch.contiguous_format, torch.channels_last):
                    source = images.contiguous(memory_format=layout)
                    params = chain.sample((channels, high, wide), key)
                    assert chain.apply(source, params).isfinite().all()
"""
    run(code, NUMBA_BOUNDSCHECK="1", NUMBA_CACHE_DIR=str(tmp_path))


def test_a_whole_chain_is_one_kernel_call():
    chain = parse_view(SIMCLR + "|blur()|noise()").first
    images = bytes_of(3)
    params = chain.sample(tuple(images.shape[1:]), key_of(images))
    made = compiled.render(chain.steps, 0, images, params)
    assert made is not None
    assert made[1] == 5
    assert compiled.render(chain.steps, 5, images, params) is None


def test_warm_up_says_whether_there_are_kernels(monkeypatch):
    assert warm_up()
    assert compiled.available()
    monkeypatch.setenv("GOODVIEWS_COMPILED", "0")
    assert not compiled.available()


_DRAWN = """
import hashlib, torch
from goodviews.views import parse_view
from goodviews.views.generators import build_generator
images = torch.rand(8, 3, 48, 48, generator=torch.Generator().manual_seed(0))
pair = parse_view("crop()|flip()|jitter()|grey()|blur()")
made = [*pair(images, seed=0, samples=torch.arange(8), epoch=0)]
generator = build_generator("nvp(blocks=2, width=8)", 3)
for weight in generator.parameters():
    weight.data += torch.linspace(-0.3, 0.3, weight.numel()).view_as(weight)
mapped = generator(images)
mapped.square().sum().backward()
made += [mapped.detach(), *(weight.grad for weight in generator.parameters())]
print(hashlib.sha256(b"".join(one.numpy().tobytes() for one in made)).hexdigest())
"""


def test_the_first_process_makes_what_later_ones_make(tmp_path):
    """With an empty cache, in which nothing was compiled before: the same views to the bit."""
    env = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    runs = [
        subprocess.run(
            [sys.executable, "-c", _DRAWN], env=env, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert runs[0] == runs[1]


def test_a_cache_that_another_processor_filled_is_filled_anew(monkeypatch, tmp_path):
    from goodviews.views.compiled import jit

    started = []

    def run(command, **_):
        started.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.delenv("GOODVIEWS_COMPILES", raising=False)
    monkeypatch.setattr(jit, "_cache_home", lambda: tmp_path)
    monkeypatch.setattr(jit.subprocess, "run", run)
    for processor, starts in (("one", 1), ("one", 1), ("other", 2), ("one", 2)):
        monkeypatch.setattr(jit, "_processor", lambda name=processor: name)
        jit.compiled_apart("", 0)
        assert len(started) == starts
