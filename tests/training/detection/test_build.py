"""Detectors are those of torchvision, on any backbone; nothing blows up from random weights."""

import copy

import pytest
import torch
from torchvision.models import resnet18
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import _resnet_fpn_extractor
from torchvision.ops import roi_align

from goodviews.core.errors import InputError
from goodviews.encoders import build_backbone
from goodviews.encoders.maps import Maps
from goodviews.training.detection import build_detector
from goodviews.training.detection.build import freeze
from goodviews.training.detection.fit import Detector, fit_detector, predict_boxes
from goodviews.training.detection.necks import group_norm

SHAPE = (64, 96)


def maps_of(spec, shape=SHAPE):
    torch.manual_seed(1)
    return Maps(build_backbone(spec, channels=3, size=shape), (3, *shape)).eval()


def objects(row):
    box = torch.tensor([[8.0, 8.0, 40.0 + row, 48.0], [50.0, 10.0, 90.0, 60.0]])
    masks = torch.zeros(2, *SHAPE, dtype=torch.uint8)
    masks[0, 8:48, 8:40], masks[1, 10:60, 50:90] = 1, 1
    return {"boxes": box, "labels": torch.tensor([1, 2]), "masks": masks}


def test_our_detector_equals_torchvisions_builder():
    shape = (352, 384)
    ours = build_detector(maps_of("torchvision('resnet18')", shape), 3, shape=shape, seed=2).eval()
    net = resnet18()
    for name, part in net.named_modules():
        if name.endswith("bn2"):  # as ours starts: of a trained network, both are what was loaded
            torch.nn.init.ones_(part.weight)
    backbone = _resnet_fpn_extractor(net, 5, norm_layer=group_norm)
    theirs = FasterRCNN(
        backbone,
        4,
        min_size=min(shape),
        max_size=max(shape),
        image_mean=[0.0] * 3,
        image_std=[1.0] * 3,
        box_head=copy.deepcopy(ours.roi_heads.box_head),
        rpn_anchor_generator=AnchorGenerator(
            ((32,), (64,), (128,), (256,), (512,)), ((0.5, 1.0, 2.0),) * 5
        ),
    ).eval()
    moved = {}
    for name, value in ours.state_dict().items():
        moved[name.replace("backbone.maps.module.module.", "backbone.body.")] = value
    assert theirs.load_state_dict(moved, strict=True)
    images = list(torch.rand(1, 3, *shape))
    with torch.no_grad():
        for one, other in zip(ours(images), theirs(images), strict=True):
            assert len(one["boxes"]) > 0
            for name, value in one.items():
                torch.testing.assert_close(value, other[name], rtol=1e-5, atol=1e-5)


def test_c4_is_the_last_stage_on_regions_of_the_map_before_it():
    maps = maps_of("torchvision('resnet18')")
    net = copy.deepcopy(maps.module.module)
    model = build_detector(maps, 2, shape=SHAPE, neck="c4").eval()
    image = torch.rand(1, 3, *SHAPE)
    regions = torch.tensor([[4.0, 4.0, 60.0, 50.0], [30.0, 8.0, 90.0, 64.0]])
    with torch.no_grad():
        x = net.maxpool(net.relu(net.bn1(net.conv1(image))))
        x = net.layer3(net.layer2(net.layer1(x)))
        found = model.backbone(image)
        assert list(found) == ["0"]
        assert torch.equal(found["0"], x)
        heads = model.roi_heads
        pooled = heads.box_roi_pool(found, [regions], [SHAPE])
        made = heads.box_predictor(heads.box_head(pooled))
        hand = net.layer4(roi_align(x, [regions], 14, 1 / 16, 2)).mean(dim=(2, 3))
        expected = heads.box_predictor.cls_score(hand), heads.box_predictor.bbox_pred(hand)
    for one, other in zip(made, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("spec", "strides"),
    {
        "convnet(width=4)": (4, 8, 16, 32, 64),
        "resnet18(width=0.1)": (4, 8, 16, 32, 64),
        "timm('test_vit', img_size=(64, 96))": (4, 8, 16, 32, 64),
        "timm('test_resnet')": (4, 8, 16, 32, 64),
    }.items(),
)
def test_every_backbone_has_levels_whose_strides_double(spec, strides):
    model = build_detector(maps_of(spec), 2, shape=SHAPE)
    assert model.backbone.strides == strides
    levels = list(model.backbone(torch.rand(1, 3, *SHAPE)).values())
    sizes = [tuple(one.shape[2:]) for one in levels]
    assert sizes == [(-(-64 // stride), -(-96 // stride)) for stride in strides]
    sum(one.sum() for one in levels).backward()
    assert any(p.grad is not None and bool(p.grad.any()) for p in model.backbone.maps.parameters())


@pytest.mark.parametrize(("kind", "neck"), [("masks", "fpn"), ("masks", "c4"), ("boxes", "fpn")])
def test_training_from_random_weights_does_not_blow_up(kind, neck):
    maps = maps_of("resnet18(width=0.1, stem='imagenet')")
    model = build_detector(maps, 2, shape=SHAPE, kind=kind, neck=neck)
    images = torch.randint(0, 256, (2, 3, *SHAPE), dtype=torch.uint8)
    seen = []

    def look(net, _, out):
        if net.training:
            seen.append(sum(one.item() for one in out.values()))

    model.register_forward_hook(look)
    settings = Detector(kind, 2, neck, steps=3, batch=2)
    fit_detector(model, images, objects, settings=settings, rate=3e-4, seed=0)
    assert len(seen) == 3
    assert max(seen) < 10
    found = predict_boxes(model, images)
    assert len(found) == 2
    assert ("masks" in found[0]) == (kind == "masks")


def test_a_mirrored_image_has_mirrored_objects():
    from goodviews.training.detection.fit import _example

    image = torch.randint(0, 256, (3, *SHAPE), dtype=torch.uint8)
    target = objects(0)
    pixels, made = _example(image, target, True)
    assert torch.equal(pixels, image.flip(-1).float() / 255)
    for box, mask in zip(made["boxes"].int().tolist(), made["masks"], strict=True):
        rows, columns = mask.nonzero(as_tuple=True)
        ends = [int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1]
        assert ends == box


def test_the_stem_is_what_the_finest_map_depends_on():
    maps = maps_of("torchvision('resnet18')")
    freeze(maps, "stem", (3, *SHAPE))
    names = {name for name, p in maps.module.module.named_parameters() if not p.requires_grad}
    assert names
    assert {name.split(".")[0] for name in names} == {"conv1", "bn1", "layer1"}
    freeze(maps, "all", (3, *SHAPE))
    assert not any(p.requires_grad for p in maps.parameters())


def test_frozen_weights_and_statistics_stay_and_others_move():
    maps = maps_of("convnet(width=4)")
    freeze(maps, "stem", (3, *SHAPE))
    model = build_detector(maps, 2, shape=SHAPE)
    before = copy.deepcopy(model.state_dict())
    held = {name for name, p in model.named_parameters() if not p.requires_grad}
    images = torch.randint(0, 256, (8, 3, *SHAPE), dtype=torch.uint8)
    settings = Detector("boxes", 2, steps=1, batch=8)
    fit_detector(model, images, objects, settings=settings, rate=1e-3, seed=0)
    moved = {name for name, value in model.state_dict().items() if not before[name].equal(value)}
    assert not held & moved
    parts = {name.rsplit(".", 1)[0] for name in held}
    assert not any(name.rsplit(".", 1)[0] in parts for name in moved)
    assert any("running_mean" in name for name in moved)
    assert any(name.startswith("backbone.maps") for name in moved)


def test_what_does_not_fit_a_backbone_is_refused():
    with pytest.raises(InputError, match="neck c4 needs a residual network"):
        build_detector(maps_of("convnet(width=4)"), 2, shape=SHAPE, neck="c4")
    with pytest.raises(InputError, match="Unknown neck"):
        build_detector(maps_of("convnet(width=4)"), 2, shape=SHAPE, neck="c5")
    with pytest.raises(InputError, match="freeze stem needs"):
        freeze(maps_of("timm('test_vit', img_size=(64, 96))"), "stem", (3, *SHAPE))
