"""Draws a route as an SVG: the streets, the walk from stop to stop, and each stop's place in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

import numpy as np

from geo.distance import Floats, plane_m

WIDTH: Final = 1000.0
# The picture is no flatter and no taller than this, whatever the route.
_SHAPES: Final = (0.55, 1.15)
_MARGIN: Final = 0.06
# With more stops than this their numbers would hide each other: every so many have one, and both ends.
_NUMBERED: Final = 80
_SCALES: Final = (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)


@dataclass(frozen=True, slots=True)
class Line:
    """A street: its name, and its corners as (longitude, latitude)."""

    name: str
    points: Floats


@dataclass(frozen=True, slots=True)
class Picture:
    """The drawing, and how long its scale's bar is in meters."""

    svg: str
    scale_m: int


def draw(stops: Floats, numbers: Sequence[int], streets: Sequence[Line]) -> Picture:
    """Stops in their order of walking (longitude, latitude; shape (n, 2), at least one), each with its number."""
    plane = plane_m(np.concatenate([stops, *(street.points for street in streets)]))
    here = plane[: len(stops)]
    frame = _Frame(here)
    parts = [f'<rect width="{WIDTH:.0f}" height="{frame.height:.0f}" fill="#ffffff"/>']
    at = len(stops)
    longest: dict[str, tuple[float, Floats]] = {}
    for street in streets:
        line = frame.at(plane[at : at + len(street.points)])
        at += len(street.points)
        parts.append(_path(line, "#c9ced6", 6))
        length = float(np.hypot(*np.diff(line, axis=0).T).sum())
        if street.name and length > longest.get(street.name, (60.0, line))[0]:
            longest[street.name] = (length, line)
    walk = frame.at(here)
    parts += [_name(name, line) for name, (_, line) in sorted(longest.items()) if frame.shows(line)]
    parts.append(_path(walk, "#1769aa", 2.5))
    parts += _stops(walk, numbers)
    scale_m, bar = frame.scale()
    parts.append(
        f'<g stroke="#333" stroke-width="2" fill="none"><path d="M30 {frame.height - 30:.0f} h{bar:.1f}"/>'
        f'<path d="M{WIDTH - 40:.0f} 70 v-44 m-9 14 l9 -14 l9 14"/></g>'
        f'<text x="30" y="{frame.height - 38:.0f}" font-size="16" fill="#333">{scale_m:,} m</text>'
        f'<text x="{WIDTH - 47:.0f}" y="92" font-size="18" fill="#333">N</text>'
    )
    size = f'width="{WIDTH:.0f}" height="{frame.height:.0f}" viewBox="0 0 {WIDTH:.0f} {frame.height:.0f}"'
    return Picture(f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(parts)}</svg>', scale_m)


class _Frame:
    """The part of the plane that is drawn, and how it comes onto the paper."""

    def __init__(self, here: Floats) -> None:
        low, high = here.min(axis=0), here.max(axis=0)
        wide, tall = np.maximum((high - low) * (1 + 2 * _MARGIN), 60.0)
        shape = min(max(tall / wide, _SHAPES[0]), _SHAPES[1])
        self._per_m = min(WIDTH / wide, WIDTH * shape / tall)
        self.height = float(WIDTH * shape)
        self._middle = (low + high) / 2

    def at(self, plane: Floats) -> Floats:
        moved: Floats = (plane - self._middle) * np.array([self._per_m, -self._per_m])
        return moved + np.array([WIDTH, self.height]) / 2

    def shows(self, line: Floats) -> bool:
        middle = line[len(line) // 2]
        return bool(0 < middle[0] < WIDTH and 0 < middle[1] < self.height)

    def scale(self) -> tuple[int, float]:
        meters = max((one for one in _SCALES if one * self._per_m <= WIDTH / 4), default=_SCALES[0])
        return meters, meters * self._per_m


def _path(line: Floats, color: str, width: float) -> str:
    steps = " L".join(f"{x:.1f} {y:.1f}" for x, y in line)
    how = f'stroke="{color}" stroke-width="{width}" fill="none" stroke-linejoin="round" stroke-linecap="round"'
    return f'<path d="M{steps}" {how}/>'


def _name(name: str, line: Floats) -> str:
    """Along the street's longest piece, and never upside down."""
    first, last = line[0], line[-1]
    middle = line[len(line) // 2] if len(line) > 2 else (first + last) / 2
    turn = float(np.degrees(np.arctan2(*(last - first)[::-1])))
    turn = turn - 180 if turn > 90 else turn + 180 if turn < -90 else turn
    place = f'transform="translate({middle[0]:.1f} {middle[1]:.1f}) rotate({turn:.1f})"'
    return f'<text {place} y="-5" text-anchor="middle" font-size="12" fill="#6b7280">{escape(name)}</text>'


def _stops(walk: Floats, numbers: Sequence[int]) -> Iterator[str]:
    every = max(1, -(-len(walk) // _NUMBERED))
    last = len(walk) - 1
    for index, ((x, y), number) in enumerate(zip(walk, numbers, strict=True)):
        color = "#1b7f3b" if index == 0 else "#b3261e" if index == last else "#1769aa"
        end = index in (0, last)
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{7 if end else 3.5}" fill="{color}"/>'
        if end or index % every == 0:
            yield f'<text x="{x + 6:.1f}" y="{y - 5:.1f}" font-size="11" fill="#111">{number}</text>'
