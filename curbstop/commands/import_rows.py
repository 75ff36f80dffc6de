"""What the import commands share: telling new rows from changed and unchanged ones, and finding places."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import shapely
from geoalchemy2 import WKBElement
from sqlalchemy import or_, select

from curbstop.commands import bulk, journal, search_index
from curbstop.commands.work import Work
from curbstop.domain.import_rows import AccountRow, ImportRow, MeterRow, OrderRow
from curbstop.models.base import Base, Versioned
from curbstop.models.service_point import ServicePoint

# A row with its line in the file.
Numbered = tuple[int, ImportRow]
Wanted = tuple[str, dict[str, Any]]
# About 1 cm: nearer than that a place has not moved.
SAME_DEG = 1e-7

M = TypeVar("M", bound=Versioned)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that does not fit what is in the database."""

    line: int
    reason: str
    detail: str


@dataclass(slots=True)
class Outcome:
    """What became of some rows."""

    added: int = 0
    changed: int = 0
    same: int = 0
    refused: list[Refusal] = field(default_factory=list)
    # Written all the same, with what somebody should look at.
    warned: list[Refusal] = field(default_factory=list)

    def include(self, other: "Outcome") -> None:
        self.added += other.added
        self.changed += other.changed
        self.same += other.same
        self.refused += other.refused
        self.warned += other.warned


def put(work: Work, model: type[M], wanted: Sequence[Wanted], defaults: Sequence[Mapping[str, Any]]) -> Outcome:
    """Inserts rows whose source key is new (with their `defaults`) and updates those whose columns differ.

    Three statements, and for each changed row its own journal. `defaults` go with `wanted`, one for one.
    """
    assert issubclass(model, Base)
    key = model.source_key
    keys = [source_key for source_key, _ in wanted]
    there = {row.source_key: row for row in work.session.scalars(select(model).where(key.in_(keys)))}
    outcome = Outcome()
    new: dict[str, dict[str, Any]] = {}
    for (source_key, columns), extra in zip(wanted, defaults, strict=True):
        row = there.get(source_key)
        if row is None:
            new[source_key] = {"source_key": source_key, **extra, **columns}
        elif differs(row, columns):
            for name, value in columns.items():
                setattr(row, name, value)
            journal.changed(work, row, "import")
            if model.__tablename__ in search_index.MODELS:
                search_index.refresh(work, model.__tablename__, [row.id])
            outcome.changed += 1
        else:
            outcome.same += 1
    bulk.load(work, model, list(new.values()), action="import")
    outcome.added = len(new)
    outcome.same += len(wanted) - outcome.added - outcome.changed - outcome.same
    return outcome


def differs(row: Base, columns: Mapping[str, Any]) -> bool:
    """Whether one of the columns would change; geometry is compared by place, not by bytes."""
    return any(not _equal(getattr(row, name), value) for name, value in columns.items())


def _equal(here: Any, wanted: Any) -> bool:
    if isinstance(here, WKBElement) and isinstance(wanted, WKBElement):
        mine, theirs = shapely.from_wkb(bytes(here.data)), shapely.from_wkb(bytes(wanted.data))
        return bool(shapely.equals_exact(mine, theirs, SAME_DEG))
    return bool(here == wanted)


def line_element(line: Sequence[tuple[float, float]]) -> WKBElement:
    """A line in EPSG:4326 as the database takes it."""
    return _element(shapely.LineString(line))


def shape_element(wkb: bytes) -> WKBElement:
    """A shape in EPSG:4326 as the database takes it."""
    return _element(shapely.from_wkb(wkb))


def _element(plain: shapely.Geometry) -> WKBElement:
    shape = shapely.set_srid(plain, 4326)
    return WKBElement(shapely.to_wkb(shape, include_srid=True, byte_order=1), srid=4326, extended=True)


class Places:
    """Service points by their number or address, looked up once for a batch."""

    def __init__(self, work: Work, rows: Sequence[AccountRow | MeterRow | OrderRow]) -> None:
        numbers = {row.service_point_number for row in rows if row.service_point_number}
        keys = {row.address_key for row in rows if row.address_key and not row.service_point_number}
        found = work.session.execute(
            select(ServicePoint.id, ServicePoint.number, ServicePoint.address_key).where(
                or_(ServicePoint.number.in_(numbers), ServicePoint.address_key.in_(keys))
            )
        ).all()
        self._by_number = {number: point_id for point_id, number, _ in found}
        self._by_key: dict[str, list[UUID]] = {}
        for point_id, _, address_key in found:
            if address_key is not None:
                self._by_key.setdefault(address_key, []).append(point_id)

    def find(self, row: AccountRow | MeterRow | OrderRow) -> tuple[UUID | None, tuple[str, str] | None]:
        """(id, None), or (None, (reason, detail)); (None, None) where the row names no place."""
        if row.service_point_number:
            point_id = self._by_number.get(row.service_point_number)
            return (point_id, None) if point_id else (None, ("no_such_place", f"no {row.service_point_number}"))
        if not row.address_key:
            return None, None
        found = self._by_key.get(row.address_key, [])
        if len(found) == 1:
            return found[0], None
        if found:
            return None, ("ambiguous", f"{len(found)} service points have that address; give their number")
        return None, ("no_such_place", "no service point has that address")
