"""What an import would do: counts, repairs, columns, coordinate system, bounds and the first refused rows."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from curbstop.files.rows import Rejected

_FIRST: Final = 10


@dataclass(slots=True)
class Preview:
    """Grows while a file is read. `reasons` counts refused rows, `unplaced` holds
    the addresses among them that have no place, each once; `bounds` is west, south, east, north."""

    layout: str
    path: Path
    format: str
    columns: dict[str, str]
    ignored: list[str]
    repairs: list[str]
    crs: str | None
    rejects_path: Path
    read: int = 0
    accepted: int = 0
    placed: int = 0
    duplicates: int = 0
    rejected: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    first_rejects: list[Rejected] = field(default_factory=list)
    unplaced: set[str] = field(default_factory=set)
    bounds: tuple[float, float, float, float] | None = None

    def reject(self, row: Rejected) -> None:
        self.rejected += 1
        self.reasons[row.reason] += 1
        if row.about:
            self.unplaced.add(row.about)
        if len(self.first_rejects) < _FIRST:
            self.first_rejects.append(row)

    def reach(self, west: float, south: float, east: float, north: float) -> None:
        """Widens the bounds."""
        old = self.bounds or (west, south, east, north)
        self.bounds = (min(old[0], west), min(old[1], south), max(old[2], east), max(old[3], north))

    def counts(self) -> dict[str, Any]:
        """The figures that an import batch keeps."""
        return {
            "read": self.read,
            "accepted": self.accepted,
            "placed": self.placed,
            "unplaced": len(self.unplaced),
            "duplicates": self.duplicates,
            "rejected": self.rejected,
            "reasons": dict(self.reasons),
        }

    def lines(self) -> list[str]:
        """What a person reads."""
        lines = [
            f"{self.path.name}: {self.format}, {self.read:,} rows: {self.accepted:,} accepted, "
            f"{self.duplicates:,} duplicates, {self.rejected:,} rejected."
        ]
        lines += [f"Repaired: {note}" for note in self.repairs]
        lines.append("Columns: " + ", ".join(f"{name} from {column}" for name, column in self.columns.items()))
        if self.ignored:
            lines.append(f"Not used: {', '.join(self.ignored)}")
        if self.crs:
            lines.append(f"Coordinate system: {self.crs}")
        if self.placed or self.unplaced:
            tried = self.placed + len(self.unplaced)
            lines.append(f"Placed on streets: {self.placed:,} of {tried:,} addresses ({self.placed / tried:.1%})")
        if self.bounds:
            lines.append("Bounds: {:.5f}, {:.5f} to {:.5f}, {:.5f}".format(*self.bounds))
        lines += [f"Rejected, {reason}: {count:,}" for reason, count in self.reasons.most_common()]
        lines += [f"  line {row.line}: {row.detail}" for row in self.first_rejects]
        if self.rejected:
            lines.append(f"All rejected rows: {self.rejects_path}")
        return lines
