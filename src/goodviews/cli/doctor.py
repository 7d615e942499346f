"""``goodviews doctor [DATA]``."""

import typer

from goodviews.cli.shared import Data, Labels, Root, Size, verb


def doctor(data: Data = None, labels: Labels = None, size: Size = None, root: Root = None) -> None:
    """Say what was read from DATA, what is odd, slow or missing, and what to type next.

    Ends with code 2 when a study could not use the set.
    """
    from goodviews.data import examine, load
    from goodviews.jobs.look.pace import pace

    found = examine(data, labels=labels, size=size, root=root)
    if all(finding.kind != "broken" for finding in found):
        found[-1:-1] = pace(load(data, labels=labels, size=size, root=root))
    width = max(len(finding.kind) for finding in found)
    for finding in found:
        said = finding.sentence + (f" {finding.action}" if finding.action else "")
        print(f"{finding.kind:<{width}}  {said}")
    if any(finding.kind == "broken" for finding in found):
        raise typer.Exit(2)


app = verb(doctor)
