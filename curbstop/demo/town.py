"""A made-up town: streets in a slightly bent grid, house numbers by block and side, and the way a reader walks them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

CITY, STATE, ZIP = "Alder Falls", "NC", "27999"
# Somewhere in the Piedmont where no such town is.
ORIGIN = (-79.412, 35.618)
HOUSES_A_SIDE = 8
LOT_M = 20.0
BLOCK_M = HOUSES_A_SIDE * LOT_M + 20.0
STREET_GAP_M = 90.0
SETBACK_M = 9.0
_BEND_M, _BEND_LENGTH_M = 25.0, 700.0
_METERS_A_DEGREE = 111_320.0

_NAMES = (  # noqa: SIM905 - a table of words reads best as words
    "Alder Aspen Beech Birch Cedar Cherry Chestnut Cypress Dogwood Elm Fern Hawthorn Hazel Heron Holly Ivy Juniper "
    "Kestrel Larch Laurel Linden Magnolia Maple Mill Myrtle Oak Orchard Pecan Pine Plum Poplar Quarry Quince Ridge "
    "Rowan Sage Spring Spruce Sumac Sycamore Tanner Thistle Walnut Weaver Willow Wren Yarrow"
).split()
_TYPES = ("St", "St", "St", "Ave", "Rd", "Ln", "Dr")


@dataclass(frozen=True, slots=True)
class Place:
    """One address on its lot."""

    house_number: int
    street_name: str
    street_type: str
    longitude: float
    latitude: float

    @property
    def address(self) -> str:
        return f"{self.house_number} {self.street_name} {self.street_type}"


@dataclass(frozen=True, slots=True)
class Segment:
    """One block of a street's centerline; odd numbers on the left, going east."""

    name: str
    ranges: tuple[int, int, int, int] | None
    nodes: tuple[str, str]
    line: tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Town:
    """A town of at least so many places; the same number makes the same town."""

    points: int

    @property
    def blocks(self) -> int:
        """Blocks along a street: about as many meters east as north."""
        faces = self.points / (2 * HOUSES_A_SIDE)
        return max(1, math.ceil(math.sqrt(faces * STREET_GAP_M / BLOCK_M)))

    @property
    def streets(self) -> int:
        return max(1, math.ceil(self.points / (2 * HOUSES_A_SIDE * self.blocks)))

    def places(self) -> Iterator[Place]:
        """As many places as asked for, in walking order: out on the odd side, back on the even one."""
        left = self.points
        for street in range(self.streets):
            for place in self._along(street):
                if not left:
                    return
                left -= 1
                yield place

    def _along(self, street: int) -> Iterator[Place]:
        name, kind = street_name(street)
        houses = [(block, house) for block in range(self.blocks) for house in range(HOUSES_A_SIDE)]
        for odd, way in ((1, houses), (0, houses[::-1])):
            for block, house in way:
                east = block * BLOCK_M + 20.0 + house * LOT_M
                north = _north(street, east) + (SETBACK_M if odd else -SETBACK_M)
                number = 100 * (block + 1) + 2 * house + odd
                yield Place(number, name, kind, *degrees(east, north))

    def segments(self) -> Iterator[Segment]:
        """The centerlines: each street block by block, and the avenues that cross them."""
        for street in range(self.streets):
            name = " ".join(street_name(street))
            for block in range(self.blocks):
                first = 100 * (block + 1)
                yield Segment(
                    name, (first + 1, first + 99, first, first + 98), (_node(street, block), _node(street, block + 1)),
                    (_corner(street, block), _corner(street, block + 1)),
                )  # fmt: skip
        for avenue in range(self.blocks + 1):
            for street in range(self.streets - 1):
                yield Segment(
                    f"{_ordinal(avenue + 1)} Ave", None, (_node(street, avenue), _node(street + 1, avenue)),
                    (_corner(street, avenue), _corner(street + 1, avenue)),
                )  # fmt: skip

    def corners(self) -> Iterator[tuple[float, float]]:
        """Every second crossing, where hydrants stand."""
        for street in range(0, self.streets, 2):
            for avenue in range(0, self.blocks + 1, 2):
                yield _corner(street, avenue)


def street_name(street: int) -> tuple[str, str]:
    """Name and type; when the names run out they come again with a direction."""
    again, index = divmod(street, len(_NAMES))
    prefix = ("", "North ", "South ", "East ", "West ", "Upper ", "Lower ", "Old ", "New ")
    word = prefix[again] if again < len(prefix) else f"{_ordinal(again)} "
    return f"{word}{_NAMES[index]}", _TYPES[index % len(_TYPES)]


def degrees(east_m: float, north_m: float) -> tuple[float, float]:
    """Longitude and latitude of a spot so many meters from the town's corner."""
    latitude = ORIGIN[1] + north_m / _METERS_A_DEGREE
    longitude = ORIGIN[0] + east_m / (_METERS_A_DEGREE * math.cos(math.radians(ORIGIN[1])))
    return round(longitude, 7), round(latitude, 7)


def _north(street: int, east: float) -> float:
    return street * STREET_GAP_M + _BEND_M * math.sin(east / _BEND_LENGTH_M)


def _corner(street: int, avenue: int) -> tuple[float, float]:
    east = avenue * BLOCK_M
    return degrees(east, _north(street, east))


def _node(street: int, avenue: int) -> str:
    return f"n{street}-{avenue}"


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
