from dataclasses import asdict, replace

from goodviews.data import load
from goodviews.training import Settings
from goodviews.training.passport import passport


def test_a_passport_says_what_was_trained_on_and_names_no_path():
    images = load("digits")
    settings = replace(Settings(views="flip()"), name="mine")
    about = passport(
        settings,
        "flip(p=0.5)",
        images,
        seed=3,
        split="abc",
        count=9,
        reading={"channels": None, "value_range": (0, 16)},
    )
    assert about["settings"] == asdict(settings)
    assert (about["views"], about["views_spelt"], about["seed"]) == ("flip()", "flip(p=0.5)", 3)
    assert about["data"] == {"name": "digits", "hash": images.hash, "split": "abc", "count": 9}
    assert about["start"] is None
    assert "python" in about["versions"]
    assert "/" not in about["data"]["name"]
