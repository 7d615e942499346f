from pathlib import Path

import numpy as np
import pytest

from goodviews.data import load

pydicom = pytest.importorskip("pydicom", reason="needs the extra science")


def write(path: Path, pixels: np.ndarray, **fields: object) -> None:
    """One file of (H, W), (P, H, W) or (H, W, 3) values."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    colour = pixels.shape[-1] == 3
    data.Rows, data.Columns = pixels.shape[-3:-1] if colour else pixels.shape[-2:]
    data.SamplesPerPixel = 3 if colour else 1
    data.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        data.PlanarConfiguration = 0
    elif pixels.ndim == 3:
        data.NumberOfFrames = len(pixels)
    data.BitsAllocated = data.BitsStored = 8 * pixels.itemsize
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    data.PixelData = pixels.tobytes()
    for name, value in fields.items():
        setattr(data, name, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path, enforce_file_format=True)


def grey(dtype: str = "uint16", most: int = 4096) -> np.ndarray:
    return np.random.default_rng(0).integers(0, most, (3, 8, 10)).astype(dtype)


def read(tmp_path: Path, images: np.ndarray, *, given=None, **fields: object):
    for i, image in enumerate(images):
        write(tmp_path / "d" / f"IM{i}.dcm", image, **fields)
    return load(tmp_path / "d", value_range=given)


def test_plain_values_stay_as_they_are(tmp_path) -> None:
    images = grey()
    found = read(tmp_path, images)
    assert found.pixels.dtype == np.uint16
    assert np.array_equal(found.pixels[:, 0], images)


def test_slope_and_intercept_give_hounsfield_units(tmp_path) -> None:
    images = grey()
    found = read(tmp_path, images, RescaleSlope=2, RescaleIntercept=-1024)
    assert np.array_equal(found.pixels[:, 0], 2 * images.astype(np.float32) - 1024)


def test_the_window_maps_values_as_the_standard_says(tmp_path) -> None:
    images = grey()
    found = read(
        tmp_path, images, RescaleSlope=1, RescaleIntercept=-1024, WindowCenter=40, WindowWidth=400
    )
    units = images - 1024.0
    expected = np.where(
        units <= 40 - 0.5 - 399 / 2,
        0,
        np.where(units > 40 - 0.5 + 399 / 2, 1, (units - 39.5) / 399 + 0.5),
    )
    assert np.abs(found.batch(np.arange(3))[:, 0].numpy() - expected).max() < 1e-5


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("LINEAR_EXACT", lambda v: np.clip((v - 2000) / 1000 + 0.5, 0, 1)),
        ("SIGMOID", lambda v: 1 / (1 + np.exp(-4 * (v - 2000) / 1000))),
    ],
)
def test_windows_of_other_shapes(tmp_path, shape, expected) -> None:
    images = grey()
    found = read(
        tmp_path, images, WindowCenter=[2000, 5], WindowWidth=[1000, 6], VOILUTFunction=shape
    )
    values = found.batch(np.arange(3))[:, 0].numpy()
    assert np.abs(values - expected(images.astype(float))).max() < 1e-4


def test_a_given_range_replaces_the_window(tmp_path) -> None:
    images = grey()
    found = read(tmp_path, images, given=(0, 8000), WindowCenter=10, WindowWidth=5)
    assert np.allclose(found.batch(np.arange(3))[:, 0].numpy(), images / 8000, atol=1e-6)


@pytest.mark.parametrize("given", [None, (100, 3000)])
@pytest.mark.parametrize("window", [{}, {"WindowCenter": 2000, "WindowWidth": 1000}])
def test_white_is_white_in_monochrome1(tmp_path, given, window) -> None:
    images = grey()
    plain = read(tmp_path / "a", images, given=given, BitsStored=12, HighBit=11, **window)
    turned = read(
        tmp_path / "b", images, given=given, BitsStored=12, HighBit=11,
        PhotometricInterpretation="MONOCHROME1", **window,
    )  # fmt: skip
    both = plain.batch(np.arange(3)) + turned.batch(np.arange(3))
    assert np.abs(both.numpy() - 1).max() < 1e-4


def test_a_table_of_values_is_a_window(tmp_path) -> None:
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    table = Dataset()
    table.add_new("LUTDescriptor", "US", [256, 100, 8])
    table.add_new("LUTData", "OW", np.arange(255, -1, -1).astype("<u2").tobytes())
    images = grey(most=500)
    found = read(tmp_path, images, VOILUTSequence=Sequence([table]))
    expected = (255 - np.clip(images.astype(int) - 100, 0, 255)) / 255
    assert np.abs(found.batch(np.arange(3))[:, 0].numpy() - expected).max() < 1e-4


def test_colour_and_signed_values_are_read(tmp_path) -> None:
    colour = np.random.default_rng(0).integers(0, 256, (3, 8, 10, 3)).astype(np.uint8)
    assert np.array_equal(read(tmp_path / "c", colour).pixels, colour.transpose(0, 3, 1, 2))
    signed = grey("int16") - 2000
    assert np.array_equal(read(tmp_path / "s", signed).pixels[:, 0], signed.astype(np.float32))


def test_frames_are_images_and_patients_are_groups(tmp_path) -> None:
    frames = np.random.default_rng(0).integers(0, 4000, (4, 5, 8, 8)).astype(np.uint16)
    for i, one in enumerate(frames):
        write(tmp_path / "d" / f"{i}", one, PatientID=f"patient {i // 2}")  # no ending
    found = load(tmp_path / "d")
    assert np.array_equal(found.pixels[:, 0], frames.reshape(20, 8, 8))
    assert found.groups is not None
    assert found.groups.tolist() == [0] * 10 + [1] * 10
    assert load(tmp_path / "d", channels="pages").channels == 5


def test_slices_of_one_series_share_a_group(tmp_path) -> None:
    for i, image in enumerate(np.repeat(grey(), 4, 0)):
        write(
            tmp_path / "d" / f"{i:02}.dcm", image, PatientID="anonymous",
            StudyInstanceUID="1.2.3", SeriesInstanceUID=f"1.2.3.{i // 4}",
        )  # fmt: skip
    found = load(tmp_path / "d")
    assert found.groups is not None
    assert found.groups.tolist() == np.repeat([0, 1, 2], 4).tolist()
    assert any("one for each series" in note for note in found.notes)
