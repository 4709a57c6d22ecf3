"""One measured promise: a ratio, and what it should reach."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    what: str
    ratio: float
    target: float
    spread: tuple[float, float] = (float("nan"), float("nan"))
    note: str = ""
    at_most: bool = False

    @property
    def reached(self) -> bool:
        return self.ratio <= self.target if self.at_most else self.ratio >= self.target

    def __str__(self) -> str:
        mark = "reached" if self.reached else "MISSED "
        sign = "≤" if self.at_most else "≥"
        low, high = self.spread
        return (
            f"  {mark}  {self.ratio:6.2f}×  {sign} {self.target:<5g} [{low:.2f} … {high:.2f}]  {self.what}  {self.note}"
        )

    def markdown(self) -> str:
        """The row of a table."""
        sign = "≤" if self.at_most else "≥"
        low, high = self.spread
        mark = "" if self.reached else "missed"
        spread = f"{low:.2f} … {high:.2f}" if low == low else ""
        note = " ".join(part for part in (mark, self.note) if part)
        return f"| {self.what} | {self.ratio:.2f}× | {sign} {self.target:g} | {spread} | {note} |"
