"""When nothing is cut off: moratoria for a time and an area, and the weather that is told for a day."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import shapely
from shapely.geometry import shape
from sqlalchemy import select

from curbstop.commands import journal
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.account import Account
from curbstop.models.among import among
from curbstop.models.ids import new_id
from curbstop.models.moratorium import Moratorium, WeatherDay
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_of


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMoratorium:
    """From a day on, through another or until it is ended; `area` is GeoJSON in degrees, or None for everywhere."""

    name: str
    reason: str
    starts_on: date
    through: date | None = None
    area: Mapping[str, Any] | None = None


def declare(work: Work, new: NewMoratorium) -> Moratorium:
    """Nothing is cut off there from that day on; cut-offs that are out get no further lease.

    Problems: forbidden, invalid (it ends before it begins, the area is no polygon).
    """
    require(work.actor, Action.DECLARE_MORATORIUM)
    if new.through is not None and new.through < new.starts_on:
        raise Problem("invalid", "A moratorium ends no earlier than it begins.", field="through")
    if new.area is not None:
        read_area(new.area)
    row = Moratorium(
        id=new_id(),
        name=new.name,
        reason=new.reason,
        starts_on=new.starts_on,
        through=new.through,
        area=dict(new.area) if new.area is not None else None,
        made_by_id=work.actor.staff_id,
        created_at=work.at,
    )
    work.session.add(row)
    journal.changed(work, row, "moratorium.declare")
    return row


def end(work: Work, moratorium_id: UUID, *, through: date, if_version: int | None = None) -> Moratorium:
    """Its last day is `through`, which may lie in the past. Problems: forbidden, not_found, version_mismatch."""
    require(work.actor, Action.DECLARE_MORATORIUM)
    row = get(work, Moratorium, moratorium_id)
    check_version(row, if_version)
    row.through = through
    journal.changed(work, row, "moratorium.end")
    return row


def tell_weather(work: Work, day: date, *, alert: str | None, low_f: float | None, high_f: float | None) -> WeatherDay:
    """Keeps what is forecast for a day; what was told before is replaced, and stays in the audit trail."""
    require(work.actor, Action.TELL_WEATHER)
    if low_f is not None and high_f is not None and low_f > high_f:
        raise Problem("invalid", "The lowest temperature is above the highest.", field="low_f")
    row = work.session.get(WeatherDay, day, with_for_update=True)
    before = None if row is None else {"alert": row.alert, "low_f": row.low_f, "high_f": row.high_f}
    if row is None:
        row = WeatherDay(day=day)
        work.session.add(row)
    row.alert, row.low_f, row.high_f, row.told_at, row.told_by_id = alert, low_f, high_f, work.at, work.actor.staff_id
    work.session.flush()
    after = {"day": day.isoformat(), "alert": alert, "low_f": low_f, "high_f": high_f}
    journal.audit(work, "weather.tell", "weather_day", new_id(), before=before, after=after)
    return row


def read_area(area: Mapping[str, Any]) -> Any:
    """The Shapely shape, or Problem(`invalid`): only polygons in degrees."""
    try:
        found = shape(dict(area))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, shapely.errors.ShapelyError) as error:
        raise Problem("invalid", "The area is no GeoJSON polygon.", field="area") from error
    west, south, east, north = found.bounds if not found.is_empty else (999.0,) * 4
    if found.geom_type not in ("Polygon", "MultiPolygon") or not found.is_valid:
        raise Problem(
            "invalid", "The area is a GeoJSON Polygon or MultiPolygon that does not cross itself.", field="area"
        )
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise Problem("invalid", "The area is in degrees of longitude and latitude.", field="area")
    return found


def in_force(work: Work, day: date, account_ids: Collection[UUID]) -> dict[UUID, tuple[str, ...]]:
    """The names of the moratoria that hold for each account's place on a day; places are read only where one has an
    area. An account whose place has no position is inside every area: nobody knows better.
    """
    rows = list(
        work.session.scalars(
            select(Moratorium)
            .where(Moratorium.starts_on <= day, Moratorium.through.is_(None) | (Moratorium.through >= day))
            .order_by(Moratorium.starts_on, Moratorium.id)
        )
    )
    everywhere = tuple(row.name for row in rows if row.area is None)
    with_area = [(row.name, read_area(row.area)) for row in rows if row.area is not None]
    found = dict.fromkeys(account_ids, everywhere + tuple(name for name, _ in with_area))
    if not with_area:
        return found if everywhere else {}
    places = work.session.execute(
        select(Account.id, ServicePoint.location)
        .join(ServicePoint, ServicePoint.id == Account.service_point_id)
        .where(among(work.session, Account.id, account_ids))
    )
    for account_id, location in places:
        inside = tuple(name for name, area in with_area if _is_inside(area, location))
        found[account_id] = everywhere + inside
    return found


def _is_inside(area: Any, location: Any) -> bool:
    return location is None or bool(shapely.intersects_xy(area, *point_of(bytes(location.data))))
