"""Readers of targets: each layout gives back what was written, and says what is wrong."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from goodviews.core.errors import InputError
from goodviews.data import read_scenes

SHARED = Path(os.environ.get("GOODVIEWS_DATA", "nowhere"))
BOXES = [[1.0, 2.0, 9.0, 8.0], [0.0, 0.0, 4.0, 5.0]]
SIZE = (12, 16)


def picture(path, size=SIZE):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((*size, 3), 90, np.uint8)).save(path)


def label(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".npy":
        np.save(path, values)
    else:
        Image.fromarray(values).save(path)


def write_voc(root, boxes=BOXES):
    for stem in "abcd":
        picture(root / "JPEGImages" / f"{stem}.png")
        ends = ("xmin", "ymin", "xmax", "ymax")
        objects = "".join(
            f"<object><name>{name}</name><bndbox>"
            + "".join(f"<{end}>{value}</{end}>" for end, value in zip(ends, box, strict=True))
            + "</bndbox></object>"
            for name, box in zip(("cell", "dot"), boxes, strict=False)
        )
        file = root / "Annotations" / f"{stem}.xml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"<annotation>{objects}</annotation>")
    lists = root / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("a\nb\n")
    (lists / "val.txt").write_text("c\n")
    (lists / "test.txt").write_text("d\n")


def rle(mask):
    flat = mask.T.ravel()
    edges = (
        np.flatnonzero(np.diff(np.concatenate([[False], flat]).astype(int))) if flat.any() else []
    )
    return {"size": list(mask.shape), "counts": np.diff([0, *edges, len(flat)]).tolist()}


def write_coco(root, masks=None, **change):
    for number in range(4):
        picture(root / "images" / f"{number}.png")
    made = []
    for image in range(4):
        for place, (left, top, right, bottom) in enumerate(BOXES):
            one = {"id": len(made), "image_id": image, "category_id": (7, 3)[place], "iscrowd": 0}
            one["bbox"] = [left, top, right - left, bottom - top]
            if masks is not None:
                one["segmentation"] = rle(masks[place])
            made.append(one)
    names = [{"id": 3, "name": "dot"}, {"id": 7, "name": "cell"}]
    images = [{"id": k, "file_name": f"{k}.png", "height": 12, "width": 16} for k in range(4)]
    content = {"images": images, "categories": names, "annotations": made} | change
    content = {key: value for key, value in content.items() if value is not None}
    (root / "instances.json").write_text(json.dumps(content))


def write_maps(root, folder="labels", values=None, ending=".png"):
    rng = np.random.default_rng(0)
    made = []
    for number in range(4):
        picture(root / "images" / f"{number}.png")
        one = rng.integers(0, 3, SIZE).astype(np.uint8) if values is None else values
        label(root / folder / f"{number}{ending}", one)
        made.append(one)
    return made


def test_voc_gives_back_boxes_classes_and_parts(tmp_path):
    write_voc(tmp_path)
    scenes = read_scenes(tmp_path)
    assert (scenes.kind, scenes.classes) == ("boxes", ("cell", "dot"))
    assert scenes.parts == ("train", "train", "val", "test")
    assert scenes.objects(0).boxes.tolist() == BOXES
    assert scenes.objects(3).classes.tolist() == [0, 1]
    assert scenes.scene(0)[0].shape == (3, *SIZE)


def test_coco_gives_back_boxes_and_masks_in_the_order_of_class_ids(tmp_path):
    rng = np.random.default_rng(0)
    masks = rng.random((2, *SIZE)) < 0.5
    write_coco(tmp_path, masks)
    scenes = read_scenes(tmp_path)
    assert (scenes.kind, scenes.classes) == ("masks", ("dot", "cell"))
    assert scenes.objects(1).boxes.tolist() == BOXES
    assert scenes.objects(1).classes.tolist() == [1, 0]
    assert np.array_equal(scenes.objects(2).masks, masks)
    assert any("gaps" in note for note in scenes.notes)
    assert read_scenes(tmp_path, target="boxes").kind == "boxes"


def test_coco_polygons_and_compressed_masks_are_those_of_pycocotools(tmp_path):
    pytest.importorskip("pycocotools")
    from pycocotools import mask as codes

    mask = np.zeros(SIZE, dtype=np.uint8, order="F")
    mask[2:8, 1:9] = 1
    packed = codes.encode(mask)
    packed["counts"] = packed["counts"].decode()
    write_coco(tmp_path)
    content = json.loads((tmp_path / "instances.json").read_text())
    outlines = (packed, [[1, 2, 9, 2, 9, 8, 1, 8]])
    for one in content["annotations"]:
        one["segmentation"] = outlines[one["id"] % 2]
    (tmp_path / "instances.json").write_text(json.dumps(content))
    masks = read_scenes(tmp_path).objects(0).masks
    assert np.array_equal(masks[0], mask.astype(bool))
    assert np.array_equal(masks[1], mask.astype(bool))


def test_label_images_give_back_classes_and_what_does_not_count(tmp_path):
    made = write_maps(tmp_path)
    scenes = read_scenes(tmp_path)
    assert (scenes.kind, scenes.classes) == ("pixels", ("0", "1", "2"))
    assert all(np.array_equal(scenes.pixels(k), one) for k, one in enumerate(made))
    without = read_scenes(tmp_path, ignore=2)
    assert np.array_equal(without.pixels(0), np.where(made[0] == 2, -1, made[0].astype(int)))
    assert without.hash != scenes.hash


def test_instance_label_images_give_back_masks_and_their_boxes(tmp_path):
    values = np.zeros(SIZE, dtype=np.uint16)
    values[2:8, 1:9], values[9:11, 10:15] = 1, 300
    write_maps(tmp_path, "instances", values)
    scenes = read_scenes(tmp_path)
    target = scenes.objects(0)
    assert scenes.kind == "masks"
    assert target.boxes.tolist() == [[1, 2, 9, 8], [10, 9, 15, 11]]
    assert np.array_equal(target.masks, np.stack([values == 1, values == 300]))
    pixels = read_scenes(tmp_path, target="pixels")
    assert np.array_equal(pixels.pixels(0), values > 0)


def test_depth_maps_give_back_depth_and_zero_where_it_is_unknown(tmp_path):
    values = np.linspace(0.5, 9, 12 * 16, dtype=np.float32).reshape(SIZE)
    values[0, 0] = np.nan
    write_maps(tmp_path, "depth", values, ".npy")
    scenes = read_scenes(tmp_path)
    assert scenes.kind == "depth"
    assert np.array_equal(scenes.pixels(2), np.nan_to_num(values))


def test_palette_images_are_read_as_numbers_and_names_may_have_an_ending(tmp_path):
    for number in range(2):
        picture(tmp_path / "train" / "images" / f"{number}.png")
        drawn = Image.fromarray(np.eye(12, 16, dtype=np.uint8), mode=None).convert("P")
        drawn.putpalette([9, 9, 9, 200, 0, 0])
        (tmp_path / "train" / "masks").mkdir(exist_ok=True)
        drawn.save(tmp_path / "train" / "masks" / f"{number}_mask.png")
    assert read_scenes(tmp_path).classes == ("0", "1")


def test_boxes_without_area_are_left_out_and_those_outside_are_cut(tmp_path):
    write_voc(tmp_path, [[3, 3, 3, 8], [10, 2, 40, 9]])
    scenes = read_scenes(tmp_path)
    assert scenes.objects(0).boxes.tolist() == [[10, 2, 16, 9]]
    assert scenes.notes[0].startswith("4 boxes without area were left out: a, b, c and 1 more")
    assert "4 boxes outside of their image" in scenes.notes[1]


def test_without_a_test_part_val_is_tested_and_without_any_a_quarter_is_drawn(tmp_path):
    write_voc(tmp_path / "voc")
    (tmp_path / "voc" / "ImageSets" / "Main" / "test.txt").write_text("")
    assert "test" in read_scenes(tmp_path / "voc").parts
    write_maps(tmp_path / "maps")
    first, second = read_scenes(tmp_path / "maps"), read_scenes(tmp_path / "maps")
    assert first.parts == second.parts
    assert sorted(first.parts) == ["test", "train", "train", "train"]


def broken_mask(root):
    write_coco(root, np.ones((2, *SIZE), dtype=bool))
    text = (root / "instances.json").read_text()
    (root / "instances.json").write_text(text.replace('"counts": [0, 192]', '"counts": [0, 9]'))
    read_scenes(root).objects(0)


def lost_picture(root):
    write_coco(root)
    (root / "images" / "2.png").unlink()
    read_scenes(root)


def colour_labels(root):
    write_maps(root, values=np.zeros((*SIZE, 3), np.uint8))
    read_scenes(root)


WRONG = {
    "looked for": lambda root: (picture(root / "images" / "a.png"), read_scenes(root)),
    "no annotations": lambda root: (write_coco(root, annotations=None), read_scenes(root)),
    "2.png": lost_picture,
    "run lengths": broken_mask,
    "no mask": lambda root: (write_coco(root), read_scenes(root, target="masks")),
    "no box": lambda root: (write_coco(root, annotations=[]), read_scenes(root)),
    "4 x 4 pixels": lambda root: (
        write_maps(root, values=np.eye(4, dtype=np.uint8)),
        read_scenes(root),
    ),
    "one class only": lambda root: (
        write_maps(root, values=np.zeros(SIZE, np.uint8)),
        read_scenes(root),
    ),
    "one channel": colour_labels,
    "--target masks": lambda root: (
        write_maps(root, values=np.full(SIZE, 700, np.uint16)),
        read_scenes(root),
    ),
    "all are 0": lambda root: (
        write_maps(root, "instances", np.zeros(SIZE, np.uint16)),
        read_scenes(root),
    ),
    "Unknown target": lambda root: read_scenes(root, target="boxen"),
    "is not a folder": lambda root: read_scenes(root / "nowhere"),
    "cannot be made": lambda root: (write_voc(root), read_scenes(root, target="depth")),
}


@pytest.mark.parametrize("said", WRONG)
def test_bad_input_is_answered_in_a_sentence(said, tmp_path):
    with pytest.raises(InputError, match=said):
        WRONG[said](tmp_path)


COUNTS = {
    "bccd": (364, 4886, ("Platelets", "RBC", "WBC")),
    "raccoon320": (200, 217, ("raccoon",)),
    "voc_layout_mini": (40, 154, None),
    "coco_val_mini": (40, 288, None),
    "dsb2018_nuclei": (334, 9543, ("object",)),
}


@pytest.mark.skipif(not SHARED.is_dir(), reason="GOODVIEWS_DATA is not set")
@pytest.mark.parametrize(
    "name", [*list(COUNTS)[:-1], pytest.param("dsb2018_nuclei", marks=pytest.mark.slow)]
)
def test_known_sets_have_the_counts_of_their_authors(name):
    images, boxes, classes = COUNTS[name]
    scenes = read_scenes(SHARED / name, target="boxes")
    assert len(scenes) == images
    assert sum(len(scenes.objects(k).boxes) for k in range(images)) == boxes
    assert classes in (None, scenes.classes)


def test_what_cannot_become_the_target_is_named(tmp_path):
    write_voc(tmp_path / "voc")
    with pytest.raises(InputError, match="voc holds boxes, from which masks cannot be made"):
        read_scenes(tmp_path / "voc", target="masks")
    write_maps(tmp_path / "maps")
    with pytest.raises(InputError, match="maps holds pixels, from which boxes cannot be made"):
        read_scenes(tmp_path / "maps", target="boxes")
    picture(tmp_path / "none" / "a.png")
    with pytest.raises(InputError, match="No annotations were found"):
        read_scenes(tmp_path / "none", target="boxes")
