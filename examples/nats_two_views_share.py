"""How many nats do two views of a digit share? A bound, its standard error, its ceiling.

A small encoder learns to match two crops of one image; on images it never saw, InfoNCE then
bounds I(v1; v2) from below. Try another view: python examples/nats_two_views_share.py "noise()"
"""

import sys

import goodviews


def main(view: str, epochs: int = 30, candidates: int = 256) -> goodviews.Estimate:
    found = goodviews.shared_nats(view, "digits", epochs=epochs, candidates=candidates)
    print(f"{view} shares {found}")
    return found.estimate


if __name__ == "__main__":
    for spec in sys.argv[1:] or ["crop(scale=(0.2, 1))"]:
        main(spec)
