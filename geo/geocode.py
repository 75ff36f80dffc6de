"""Places addresses on street centerlines by name, range, parity and side; what is not certain is not placed.

A segment's range belongs to one side of it. Its numbers may run against the line, be zero or be missing; its ends say
whether it holds odd numbers, even ones or both. A number that fits in two places is told apart by its ZIP code, and
otherwise is reported as ambiguous.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

import numpy as np

from geo.addresses import Address, Street, street
from geo.distance import WGS84, LonLat, distance_m, shifted

# A house stands so far from the centerline, and so far from the corner where the block has room for that.
OFFSET_M: Final = 12.0
INSET_M: Final = 8.0
# Two candidates that lie as near as this are one place: the same lot, seen from two segments that share a corner.
SAME_PLACE_M: Final = 40.0


class Reason(StrEnum):
    """Why an address was not placed."""

    NO_NUMBER = "no_number"
    NO_SUCH_STREET = "no_such_street"
    NUMBER_OUT_OF_RANGE = "number_out_of_range"
    WRONG_PARITY = "wrong_parity"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class AddressRange:
    """The numbers along one side, from the line's first point to its last; `first` may be the greater one."""

    first: int
    last: int
    zip: str = ""

    @classmethod
    def of(cls, first: int | None, last: int | None, zip_code: str | None = None) -> Self | None:
        """None where a side has no numbers: they are missing, zero or negative."""
        if first is None or last is None or first <= 0 or last <= 0:
            return None
        return cls(first, last, (zip_code or "")[:5])

    def spans(self, number: int) -> bool:
        return min(self.first, self.last) <= number <= max(self.first, self.last)

    def has_parity_of(self, number: int) -> bool:
        """A range whose ends differ in parity holds both."""
        return (self.first - self.last) % 2 == 1 or (self.first - number) % 2 == 0

    def fraction(self, number: int) -> float:
        """How far along the line a number stands, 0 to 1; the middle where the range is one number."""
        return 0.5 if self.first == self.last else (number - self.first) / (self.last - self.first)


@dataclass(frozen=True, slots=True)
class Segment:
    """A block of a street. `line` runs in the direction of its ranges; left and right are seen along it."""

    key: str
    street: Street
    line: tuple[LonLat, ...]
    left: AddressRange | None = None
    right: AddressRange | None = None

    @classmethod
    def of(
        cls,
        key: str,
        name: str,
        line: Sequence[LonLat],
        left: AddressRange | None = None,
        right: AddressRange | None = None,
    ) -> Self:
        """A segment out of a name in one line (`Mt Auburn St`)."""
        return cls(key, street(name), tuple(line), left, right)


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an address stands: the point, the segment's key, the side and how far along it (0 to 1)."""

    point: LonLat
    segment: str
    side: str
    fraction: float


@dataclass(frozen=True, slots=True)
class NotPlaced:
    """Why an address has no place, with a sentence for the person who corrects the file."""

    reason: Reason
    detail: str


Outcome = Placed | NotPlaced


class StreetIndex:
    """Streets by their folded names; made once, then asked for many addresses."""

    def __init__(self, segments: Iterable[Segment], offset_m: float = OFFSET_M, inset_m: float = INSET_M) -> None:
        self._offset_m, self._inset_m = offset_m, inset_m
        self._by_street: dict[str, list[_Block]] = {}
        self._types: dict[str, set[str]] = {}
        for segment in segments:
            if len(segment.line) < 2 or not segment.street.name:
                continue
            self._by_street.setdefault(segment.street.key, []).append(_Block(segment))
            self._types.setdefault(segment.street.name, set()).add(segment.street.key)

    def __len__(self) -> int:
        """The number of streets."""
        return len(self._by_street)

    def place(self, address: Address, zip_code: str | None = None) -> Outcome:
        """A place, or why there is none. `zip_code` tells two streets of one name apart."""
        if address.number is None:
            return NotPlaced(Reason.NO_NUMBER, "The address has no house number.")
        blocks = self._blocks(address.street)
        if not blocks:
            return NotPlaced(Reason.NO_SUCH_STREET, f"No street is called {address.street.key or 'nothing'}.")
        number = address.number
        spots = [
            (block, side, numbers)
            for block in blocks
            if block.low <= number <= block.high
            for side, numbers in block.sides
            if numbers.spans(number) and numbers.has_parity_of(number)
        ]
        if not spots:
            return _outside(address, blocks)
        wanted = (zip_code or "")[:5]
        if len(spots) > 1 and wanted:
            spots = [spot for spot in spots if spot[2].zip == wanted] or spots
        found = [self._spot(block, side, numbers.fraction(address.number)) for block, side, numbers in spots]
        if any(distance_m(found[0].point, other.point) > SAME_PLACE_M for other in found[1:]):
            where = ", ".join(sorted({spot.segment for spot in found}))
            return NotPlaced(Reason.AMBIGUOUS, f"{address.number} fits in {len(found)} places: segments {where}.")
        return found[0]

    def _blocks(self, wanted: Street) -> list["_Block"]:
        """The street of that name; where one of the two says less, the only street that it can be."""
        if exact := self._by_street.get(wanted.key):
            return exact
        near = [key for key in sorted(self._types.get(wanted.name, ())) if self._says_less(wanted, key)]
        return self._by_street[near[0]] if len(near) == 1 else []

    def _says_less(self, wanted: Street, key: str) -> bool:
        known = self._by_street[key][0].segment.street
        pairs = ((wanted.type, known.type), (wanted.predir, known.predir), (wanted.postdir, known.postdir))
        return all(one == other or not one or not other for one, other in pairs)

    def _spot(self, block: "_Block", side: str, fraction: float) -> Placed:
        inset = min(self._inset_m, block.length_m / 4)
        at, azimuth = block.at(inset + fraction * (block.length_m - 2 * inset))
        point = shifted(at, azimuth + (90 if side == "right" else -90), self._offset_m)
        return Placed(point, block.segment.key, side, fraction)


class _Block:
    """A segment with its legs measured."""

    __slots__ = ("_azimuths", "_ends", "high", "length_m", "low", "segment", "sides")

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        both = (("left", segment.left), ("right", segment.right))
        self.sides = [(side, numbers) for side, numbers in both if numbers]
        numbers = [number for _, side in self.sides for number in (side.first, side.last)]
        self.low, self.high = (min(numbers), max(numbers)) if numbers else (1, 0)
        line = np.asarray(segment.line, float)
        azimuths, _, meters = WGS84.inv(line[:-1, 0], line[:-1, 1], line[1:, 0], line[1:, 1])
        self._azimuths: list[float] = np.asarray(azimuths).tolist()
        self._ends: list[float] = np.cumsum(meters).tolist()
        self.length_m = self._ends[-1]

    def at(self, along_m: float) -> tuple[LonLat, float]:
        """The point so far along the line, and the direction of the line there."""
        leg = min(bisect_right(self._ends, along_m), len(self._ends) - 1)
        before = self._ends[leg - 1] if leg else 0.0
        return shifted(self.segment.line[leg], self._azimuths[leg], along_m - before), self._azimuths[leg]


def _outside(address: Address, blocks: Sequence[_Block]) -> NotPlaced:
    assert address.number is not None
    ranges = [numbers for block in blocks for _, numbers in block.sides]
    if any(numbers.spans(address.number) for numbers in ranges):
        odd = "odd" if address.number % 2 else "even"
        return NotPlaced(Reason.WRONG_PARITY, f"{address.street.key} has no {odd} numbers around {address.number}.")
    if not ranges:
        return NotPlaced(Reason.NUMBER_OUT_OF_RANGE, f"{address.street.key} has no numbers in the street file.")
    low = min(min(numbers.first, numbers.last) for numbers in ranges)
    high = max(max(numbers.first, numbers.last) for numbers in ranges)
    between = f"has numbers from {low} to {high}" + (", with gaps" if low <= address.number <= high else "")
    return NotPlaced(Reason.NUMBER_OUT_OF_RANGE, f"{address.street.key} {between}; {address.number} is not on it.")
