"""Imports of places: service points from addresses, streets, hydrants and other assets."""

from collections.abc import Sequence
from typing import cast

from geoalchemy2 import WKBElement

from curbstop.commands import numbering
from curbstop.commands.import_rows import Numbered, Outcome, Wanted, line_element, put, shape_element
from curbstop.commands.work import Work
from curbstop.domain.import_rows import AddressRow, AssetRow, HydrantRow, LonLat, StreetRow
from curbstop.domain.numbers import Prefix
from curbstop.models.asset import Hydrant, Street, UtilityAsset
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_ewkb

_PARTS = ("address", "house_number", "predir", "street_name", "street_type", "postdir", "unit", "city", "state", "zip")
_STREET = (
    "name", "left_from", "left_to", "right_from", "right_to", "left_zip", "right_zip", "from_node", "to_node",
)  # fmt: skip
_ASSET = ("kind", "number", "material", "diameter_in", "installed_on", "status", "attributes")
_HYDRANT = ("number", "manufacturer", "installed_on", "flow_gpm", "status", "attributes")


def addresses(work: Work, rows: Sequence[Numbered]) -> Outcome:
    """A service point for each address. What the office entered (notes, states) is not overwritten by an empty cell."""
    wanted = [_address(cast(AddressRow, row)) for _, row in rows]
    numbers = numbering.next_numbers(work, Prefix.SERVICE_POINT, len(rows))
    defaults = [{"number": number, "physical_state": "on", "hazards": [], "field_versions": {}} for number in numbers]
    return put(work, ServicePoint, wanted, defaults)


def streets(work: Work, rows: Sequence[Numbered]) -> Outcome:
    """Centerline segments with their ranges."""
    values = [cast(StreetRow, row) for _, row in rows]
    wanted: list[Wanted] = [
        (row.source_key, {**{name: getattr(row, name) for name in _STREET}, "line": line_element(row.line)})
        for row in values
    ]
    return put(work, Street, wanted, [{} for _ in wanted])


def hydrants(work: Work, rows: Sequence[Numbered]) -> Outcome:
    """Hydrants with their attributes."""
    values = [cast(HydrantRow, row) for _, row in rows]
    wanted: list[Wanted] = [
        (row.source_key, {**{name: getattr(row, name) for name in _HYDRANT}, "location": _point(row.location)})
        for row in values
    ]
    return put(work, Hydrant, wanted, [{} for _ in wanted])


def assets(work: Work, rows: Sequence[Numbered]) -> Outcome:
    """Mains, valves and other assets, of any shape."""
    values = [cast(AssetRow, row) for _, row in rows]
    wanted: list[Wanted] = [
        (row.source_key, {**{name: getattr(row, name) for name in _ASSET}, "shape": shape_element(row.shape)})
        for row in values
    ]
    return put(work, UtilityAsset, wanted, [{} for _ in wanted])


def _address(row: AddressRow) -> Wanted:
    columns = {name: getattr(row, name) for name in _PARTS} | {"address_key": row.address_key}
    if row.location is not None:
        columns |= {"location": _point(row.location), "location_source": row.location_source}
    if row.access_notes:
        columns["access_notes"] = row.access_notes
    return row.source_key, columns


def _point(location: LonLat) -> WKBElement:
    return WKBElement(point_ewkb(*location), srid=4326, extended=True)
