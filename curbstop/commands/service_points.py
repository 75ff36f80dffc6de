"""Service points: entering and correcting them, and telling tablets when what they show of one has changed."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from geoalchemy2 import WKBElement
from sqlalchemy import select, update
from sqlalchemy.orm.util import identity_key

from curbstop.commands import journal, numbering, search_index
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.meters import PhysicalState
from curbstop.domain.numbers import Prefix
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.models.among import among
from curbstop.models.ids import new_id
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_ewkb
from geo import addresses

ADDRESS = ("house_number", "predir", "street_name", "street_type", "postdir", "unit")
NOTES = frozenset({"access_notes", "read_instructions", "hazards"})
EDITABLE = frozenset({*ADDRESS, *NOTES, "city", "state", "zip"})
LONGEST_ADDRESS = 160
HAZARDS = ("dog", "hostile", "insects", "traffic", "slope", "wiring", "confined_space")


def create(work: Work, fields: Mapping[str, Any]) -> ServicePoint:
    """A new connection; `fields` are EDITABLE ones plus `longitude`, `latitude` and `physical_state`.

    Problems: forbidden, invalid (hazards, position).
    """
    _require_edit(work, fields)
    plain = {name: value for name, value in fields.items() if name in EDITABLE}
    check_hazards(plain.get("hazards"))
    point = ServicePoint(
        id=new_id(),
        number=numbering.next_numbers(work, Prefix.SERVICE_POINT)[0],
        address=address_line(plain),
        address_key=address_key(plain),
        location=_location(fields),
        location_source="surveyed" if fields.get("longitude") is not None else None,
        physical_state=PhysicalState(fields.get("physical_state") or PhysicalState.TAPPED).value,
        field_versions={},
        created_at=work.at,
        **{"hazards": [], **plain},
    )
    work.session.add(point)
    journal.changed(work, point, "create")
    _index(work, point)
    return point


def edit(work: Work, service_point_id: UUID, changes: Mapping[str, Any], *, if_version: int | None) -> ServicePoint:
    """Corrects address and notes (the office) or the position (GIS); tablets that hold the place hear of it."""
    moves = {"longitude", "latitude"} & set(changes)
    if moves and Grant.YES not in require(work.actor, Action.EDIT_GEOMETRY):
        raise Problem("forbidden", "Only a GIS editor moves a service point; others propose it.")
    plain = {name: value for name, value in changes.items() if name not in moves}
    if plain or not moves:
        _check_edit(work, plain)
    point = get(work, ServicePoint, service_point_id)
    check_version(point, if_version)
    versions = dict(point.field_versions)
    for name, value in plain.items():
        if getattr(point, name) != value:
            setattr(point, name, value)
            versions[name] = point.version + 1
    if moves:
        point.location, point.location_source = _location(changes), "surveyed"
        versions["location"] = point.version + 1
    if set(ADDRESS) & set(plain):
        parts = {name: getattr(point, name) for name in ADDRESS}
        point.address, point.address_key = address_line(parts), address_key(parts)
    point.field_versions = versions
    journal.changed(work, point, "edit")
    _index(work, point)
    return point


def touch(work: Work, service_point_ids: Iterable[UUID]) -> None:
    """Tells the tablets that what they show of these places has changed: a meter, a reading, a customer's name.

    A fixed number of statements for any number of places.
    """
    ids = list(set(service_point_ids))
    if not ids:
        return
    # Versions in memory would be behind the database's after a bulk update, so the update is what counts.
    work.session.flush()
    touched = work.session.execute(
        update(ServicePoint)
        .where(among(work.session, ServicePoint.id, ids))
        .values(version=ServicePoint.version + 1, updated_at=work.at)
        .returning(ServicePoint.id, ServicePoint.version)
        .execution_options(synchronize_session=False)
    ).all()
    known = [point for point in ids if identity_key(ServicePoint, point) in work.session.identity_map]
    if known:
        stale = select(ServicePoint).where(ServicePoint.id.in_(known)).execution_options(populate_existing=True)
        work.session.scalars(stale).all()
    journal.tell_buckets(work, "service_point", [(row_id, version) for row_id, version in touched])


def address_line(parts: Mapping[str, Any]) -> str:
    """The address as people read it, from its parts."""
    street = [parts.get(name) for name in ("house_number", "predir", "street_name", "street_type", "postdir")]
    line = " ".join(" ".join(str(part) for part in street if part).split())
    unit = " ".join((parts.get("unit") or "").split())
    if not line:
        raise Problem("invalid", "An address needs at least a street name.", field="street_name")
    whole = f"{line} {unit}" if unit else line
    if len(whole) > LONGEST_ADDRESS:
        raise Problem("invalid", f"An address has at most {LONGEST_ADDRESS} letters.", field="street_name")
    return whole


def address_key(parts: Mapping[str, Any]) -> str:
    """What makes two spellings of one address equal."""
    return addresses.parse(address_line(parts)).match_key


def _require_edit(work: Work, fields: Mapping[str, Any]) -> None:
    """The office enters a place with all that is known of it, the GIS editor its address and position."""
    granted = require(work.actor, Action.EDIT_SERVICE_POINTS)
    if Grant.YES not in granted and any(fields.get(name) for name in NOTES):
        raise Problem("forbidden", "Notes and hazards are the office's to write.")


def _check_edit(work: Work, plain: Mapping[str, Any]) -> None:
    granted = require(work.actor, Action.EDIT_SERVICE_POINTS)
    if Grant.YES not in granted:
        raise Problem("forbidden", "Address and notes are the office's to edit.")
    unknown = set(plain) - EDITABLE
    if unknown:
        raise Problem("invalid", f"These fields are not edited here: {', '.join(sorted(unknown))}.")
    check_hazards(plain.get("hazards"))


def check_hazards(hazards: Iterable[Any] | None) -> None:
    """Raises Problem(invalid) for a word that is not in HAZARDS: screens and truck sheets have a sign for each."""
    wrong = [hazard for hazard in hazards or [] if hazard not in HAZARDS]
    if wrong:
        raise Problem(
            "invalid", f"Hazards are {', '.join(HAZARDS)}; not {', '.join(map(str, wrong))}.", field="hazards"
        )


def _location(fields: Mapping[str, Any]) -> WKBElement | None:
    longitude, latitude = fields.get("longitude"), fields.get("latitude")
    if longitude is None and latitude is None:
        return None
    if longitude is None or latitude is None or not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise Problem(
            "invalid", "A position needs a longitude and a latitude in degrees (EPSG:4326).", field="longitude"
        )
    return WKBElement(point_ewkb(longitude, latitude), srid=4326, extended=True)


def _index(work: Work, point: ServicePoint) -> None:
    # Also the accounts there, which are found by the address.
    search_index.refresh(work, "service_point", [point.id])
