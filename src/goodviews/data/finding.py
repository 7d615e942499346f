"""One line of the diagnosis of a dataset."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One line of a diagnosis.

    Attributes:
        kind: ``read`` (what was found), ``odd``, ``missing``, ``slow``, ``broken`` (the dataset
            cannot be used) or ``next``.
        sentence: What was found.
        action: What to do about it; empty when there is nothing to do.

    Example:
        >>> print(Finding("missing", "There are no labels.", "Add some."))
        missing: There are no labels. Add some.
    """

    kind: str
    sentence: str
    action: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.sentence}" + (f" {self.action}" if self.action else "")
