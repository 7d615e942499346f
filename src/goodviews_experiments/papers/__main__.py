"""Write docs/papers.md from results: python -m goodviews_experiments.papers, in a clone."""

from pathlib import Path

from goodviews.core import InputError, write_text
from goodviews_experiments.papers.page import page


def main() -> None:
    """Write the page into the working folder, which must be a clone of the repository."""
    if not Path("results").is_dir() or not Path("docs").is_dir():
        raise InputError(
            f"{Path.cwd()} does not hold the folders results and docs: run this command in a "
            "clone of the repository."
        )
    write_text(Path("docs/papers.md"), page(Path("results")))
    print("Written: docs/papers.md")


if __name__ == "__main__":
    main()
