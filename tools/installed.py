"""Does what is published work? Wheel and sdist are installed by themselves and used.

    python tools/installed.py build/dist

Each is installed without its dependencies into an empty folder, which then comes before every
other copy of goodviews: it must have all files of the source, read images, write a page and run an
experiment.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src"
COMMANDS = (
    ["--version"],
    ["doctor", "digits"],
    ["reproduce", "proposition", "--scale", "test", "--out", "rows"],
    ["views", "show", "crop()", "digits", "--out", "page.html"],
)


def files(folder: Path) -> set[str]:
    """Files of the packages in a folder, without what Python makes of them."""
    found = (file for name in ("goodviews", "goodviews_experiments")
             for file in (folder / name).rglob("*") if file.is_file())  # fmt: skip
    return {str(file.relative_to(folder)) for file in found if "__pycache__" not in file.parts}


def check(archive: Path) -> str:
    """Install one archive and use it; what is wrong, or nothing."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "lib"
        install = ["pip", "install", "--quiet", "--no-deps", "--target", str(home), str(archive)]
        subprocess.run([sys.executable, "-m", *install], check=True)
        missing = sorted(files(SOURCE) - files(home))
        if missing:
            return f"{archive.name} lacks {', '.join(missing)}."
        env = os.environ | {"PYTHONPATH": str(home)}
        for words in COMMANDS:
            done = subprocess.run(
                [sys.executable, "-P", "-m", "goodviews", *words],
                cwd=folder,
                env=env,
                capture_output=True,
                text=True,
            )
            if done.returncode:
                return f"{archive.name}: goodviews {' '.join(words)}: {done.stderr.strip()}"
    return ""


def main() -> None:
    """Check both archives of a folder."""
    found = sorted(Path(sys.argv[1]).glob("goodviews-*"))
    wrong = [words for archive in found if (words := check(archive))]
    if len(found) != 2:
        wrong.append(
            f"{sys.argv[1]} holds {len(found)} archives; a wheel and an sdist belong there."
        )
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"Installed and used: {', '.join(archive.name for archive in found)}")


if __name__ == "__main__":
    main()
