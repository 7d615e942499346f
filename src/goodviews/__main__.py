"""``python -m goodviews`` is the command line."""

from goodviews.cli.main import run

if __name__ == "__main__":
    run()
