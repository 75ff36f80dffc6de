"""Lots of a list, held against the lots and the places that are there: a fixed number of statements for a list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands.work import Work
from curbstop.models.development import Development, Lot
from curbstop.models.service_point import ServicePoint


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLot:
    """A lot of a list; `address` are the parts of a service point's address, `location` longitude and latitude."""

    code: str
    address: Mapping[str, Any]
    address_key: str
    location: tuple[float, float] | None = None


class Same:
    """The lot is there as it is in the list."""


SAME = Same()
Verdict = tuple[str, str] | Same | UUID | None


class Judge:
    """What is to become of each lot of a list: refused, the same, at a place that is there, or at a new one (None)."""

    def __init__(self, work: Work, development: Development, rows: Sequence[tuple[int, NewLot]]) -> None:
        keys = {lot.address_key for _, lot in rows}
        mine = (
            select(Lot.code, ServicePoint.address_key)
            .join(ServicePoint, ServicePoint.id == Lot.service_point_id)
            .where(Lot.development_id == development.id)
        )
        self._there = {row.code.casefold(): row.address_key for row in work.session.execute(mine)}
        found = work.session.execute(
            select(ServicePoint.id, ServicePoint.number, ServicePoint.address_key, Lot.code)
            .outerjoin(Lot, Lot.service_point_id == ServicePoint.id)
            .where(ServicePoint.address_key.in_(keys))
        )
        self._places: dict[str, list[Any]] = {}
        for row in found:
            self._places.setdefault(str(row.address_key), []).append(row)
        self._seen: set[str] = set()

    def of(self, lot: NewLot) -> Verdict:
        code = lot.code.casefold()
        if code in self._seen or lot.address_key in self._seen:
            return "twice", f"Lot {lot.code}, or its address, is in the list twice."
        self._seen |= {code, lot.address_key}
        if code in self._there:
            if self._there[code] == lot.address_key:
                return SAME
            return "lot_differs", f"Lot {lot.code} is there with another address."
        return self._at(self._places.get(lot.address_key, []))

    @staticmethod
    def _at(places: Sequence[Any]) -> Verdict:
        """A new place, the one that is there, or why it cannot be that one."""
        if len(places) > 1:
            return "ambiguous", f"{len(places)} service points have that address."
        if places and places[0].code is not None:
            return "place_taken", f"{places[0].number} is lot {places[0].code} already."
        place: UUID | None = places[0].id if places else None
        return place
