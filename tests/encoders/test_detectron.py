"""What is exported for detectron2 gives equal features in C4 and FPN models of torchvision."""

import json
import pickle
import re

import pytest
import torch
from torchvision.models import get_model
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.detection.backbone_utils import _resnet_fpn_extractor
from torchvision.ops import FrozenBatchNorm2d, roi_align

from goodviews.encoders import build_pair, export_encoders
from goodviews.encoders.maps import Maps
from goodviews.training.detection import build_detector

SIDE = 64


@pytest.fixture(scope="module", params=[18, 50])
def both(request, tmp_path_factory):
    """The encoder, its feature maps, and torchvision's network with the exported weights.

    Names are read by detectron2's layout, its normalisation layers are the frozen ones.
    """
    pixels = torch.rand(4, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    spec = f"resnet(depth={request.param}, stem='imagenet')"
    encoders = build_pair(spec, pixels, pixels, shared=True, head="linear(dim=4)", seed=0)
    with torch.no_grad():
        encoders(pixels, pixels)
    folder = tmp_path_factory.mktemp("detectron2")
    export_encoders(encoders.eval(), to="detectron2", out=folder, passport={})
    arrays = pickle.loads((folder / "backbone.pkl").read_bytes())["model"]
    net = get_model(f"resnet{request.param}", norm_layer=FrozenBatchNorm2d)
    weights = {}
    for name, value in arrays.items():
        name = re.sub(r"^stem\.", "", name)
        name = re.sub(r"^res(\d)", lambda found: f"layer{int(found[1]) - 1}", name)
        name = re.sub(r"conv(\d)\.norm", r"bn\1", name)
        name = name.replace("shortcut.norm", "downsample.1").replace("shortcut", "downsample.0")
        weights[name] = torch.from_numpy(value)
    found = net.load_state_dict(weights, strict=False)
    assert set(found.missing_keys) == {"fc.weight", "fc.bias"}
    assert not found.unexpected_keys
    settings = json.loads((folder / "export.json").read_text())["load"]
    mean, std = (
        torch.tensor(settings[f"MODEL.PIXEL_{name}"])[:, None, None] for name in ("MEAN", "STD")
    )
    as_detectron2 = (255 * pixels - mean) / std
    maps = Maps(encoders.backbones[0], (3, SIDE, SIDE)).eval()
    return maps, pixels, net.eval(), as_detectron2


def close(one, other):
    assert one.std() > 1e-3
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4 * float(other.abs().max()))


def test_the_maps_that_a_pyramid_takes_are_equal(both):
    maps, pixels, net, given = both
    body = _resnet_fpn_extractor(net, 5).body
    with torch.no_grad():
        for ours, theirs in zip(maps(pixels), body(given).values(), strict=True):
            close(ours, theirs)


def test_the_levels_of_a_pyramid_are_equal(both):
    maps, pixels, net, given = both
    ours = build_detector(maps, 2, shape=(352, 352)).backbone.eval()
    theirs = _resnet_fpn_extractor(net, 5, norm_layer=lambda wide: torch.nn.GroupNorm(32, wide))
    theirs.fpn.load_state_dict(ours.fpn.state_dict())
    with torch.no_grad():
        for one, other in zip(ours(pixels).values(), theirs.eval()(given).values(), strict=True):
            close(one, other)


def test_the_map_and_the_head_of_boxes_of_c4_are_equal(both):
    maps, pixels, net, given = both
    body = IntermediateLayerGetter(net, {"layer3": "0"})
    regions = torch.tensor([[4.0, 4.0, 60.0, 50.0]])
    boxes = [regions] + [torch.zeros(0, 4)] * 3
    model = build_detector(maps, 2, shape=(SIDE, SIDE), neck="c4").eval()
    with torch.no_grad():
        ours, theirs = model.backbone(pixels), body(given)
        close(ours["0"], theirs["0"])
        pooled = model.roi_heads.box_roi_pool(ours, boxes, [(SIDE, SIDE)] * 4)
        features = model.roi_heads.box_head(pooled)
        close(features, net.layer4(roi_align(theirs["0"], boxes, 14, 1 / 16, 2)).mean((2, 3)))
