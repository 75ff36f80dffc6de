"""Makes a layout's value out of a row's values: one function a layout."""

from hashlib import sha256
from typing import Any, Final

from shapely import LineString, Point, is_valid_reason, to_wkb

from curbstop.domain.import_rows import (
    AccountRow,
    AddressRow,
    AssetRow,
    ChangeOutRow,
    ContactRow,
    HydrantRow,
    LotRow,
    MeterRow,
    OrderRow,
    StreetRow,
)
from curbstop.files.address_fields import address_key, address_of, key_of, location_of
from curbstop.files.layout import Draft
from curbstop.files.rejects import guard, unguard
from curbstop.files.values import RefusedError
from geo.addresses import Address, Street, from_parts, title
from geo.geocode import AddressRange

_METER_VALUES: Final = (
    "size", "manufacturer", "model", "dials", "decimals", "multiplier", "unit_of_measure", "radio_id", "endpoint_kind",
    "installed_on",
)  # fmt: skip


def address(draft: Draft) -> AddressRow:
    """A service point out of an address, placed. RefusedError where it cannot be."""
    address = address_of(draft)
    if not address.street.name:
        raise RefusedError("missing_value", "The row names no street.")
    location, how = location_of(draft, address)
    key = key_of("id", draft.words("id")) if draft.words("id") else key_of("address", address.match_key)
    return AddressRow(
        source_key=key,
        **_place(draft, address),
        access_notes=draft.get("access_notes"),
        location=location,
        location_source=how,
    )


def lot(draft: Draft) -> LotRow:
    """A lot of a development. RefusedError where its address or its position cannot be read."""
    address = address_of(draft)
    if not address.street.name:
        raise RefusedError("missing_value", "The row names no street.")
    x, y = draft.get("longitude"), draft.get("latitude")
    if (x is None) != (y is None):
        raise RefusedError("bad_geometry", "A position needs a longitude and a latitude.")
    number = draft.words("development").upper()
    return LotRow(
        source_key=key_of("lot", number, draft.words("lot")),
        development_number=number,
        lot=draft.words("lot"),
        **_place(draft, address),
        location=None if x is None or y is None else (float(x), float(y)),
    )


def _place(draft: Draft, address: Address) -> dict[str, Any]:
    """The parts of a service point's address, as they are stored."""
    street = address.street
    return {
        "address_key": address.match_key,
        "address": _fit(address.label, 160),
        "house_number": _fit(address.house_number, 16) or None,
        "predir": street.predir or None,
        "street_name": _fit(title(Street(street.name)), 80),
        "street_type": street.type.title() or None,
        "postdir": street.postdir or None,
        "unit": _fit(f"{address.unit_kind.title()} {address.unit}".strip(), 40) or None,
        "city": draft.get("city"),
        "state": draft.get("state"),
        "zip": draft.get("zip"),
    }


def street(draft: Draft) -> StreetRow:
    """A segment; a side whose numbers are missing or zero has none. RefusedError where it cannot be."""
    if not isinstance(draft.geometry, LineString):
        raise RefusedError("bad_geometry", "The row has no line, or one in several parts.")
    parts = from_parts("", "", draft.words("predir"), draft.words("street_name"), draft.words("street_type"),
                       draft.words("postdir"))  # fmt: skip
    name = draft.words("name") or title(parts.street)
    if not name:
        raise RefusedError("missing_value", "The street has no name.")
    left = AddressRange.of(draft.get("left_from"), draft.get("left_to"))
    right = AddressRange.of(draft.get("right_from"), draft.get("right_to"))
    line = tuple((x, y) for x, y in draft.geometry.coords)
    ends = [f"{value:.6f}" for point in (line[0], line[-1]) for value in point]
    return StreetRow(
        source_key=key_of("id", draft.words("id")) if draft.words("id") else key_of("street", name, *ends),
        name=name,
        left_from=left.first if left else None,
        left_to=left.last if left else None,
        right_from=right.first if right else None,
        right_to=right.last if right else None,
        left_zip=draft.get("left_zip"),
        right_zip=draft.get("right_zip"),
        from_node=draft.get("from_node"),
        to_node=draft.get("to_node"),
        line=line,
    )


def hydrant(draft: Draft) -> HydrantRow:
    """A hydrant; one without a number is called unnumbered. RefusedError where it cannot be."""
    if not isinstance(draft.geometry, Point):
        raise RefusedError("missing_geometry", "The hydrant has no point.")
    point = (draft.geometry.x, draft.geometry.y)
    number = draft.words("number")
    named = key_of("id", draft.words("id")) if draft.words("id") else key_of("hydrant", number)
    if not number and not draft.words("id"):
        raise RefusedError("missing_value", "The hydrant has neither a number nor an id.")
    return HydrantRow(
        source_key=named,
        number=number or "unnumbered",
        manufacturer=draft.get("manufacturer"),
        installed_on=draft.get("installed_on"),
        flow_gpm=draft.get("flow_gpm"),
        status=draft.get("status"),
        location=point,
        attributes=draft.others(),
    )


def asset(draft: Draft) -> AssetRow:
    """An asset of any shape. RefusedError where the shape is none, or no valid one."""
    shape = draft.geometry
    if shape is None or shape.is_empty:
        raise RefusedError("missing_geometry", "The asset has no shape.")
    if not shape.is_valid:
        raise RefusedError("bad_geometry", f"The shape is not valid: {is_valid_reason(shape)[:80]}.")
    kind, number = draft.words("kind") or "asset", draft.words("number")
    wkb = to_wkb(shape, byte_order=1)
    key = sha256(wkb).hexdigest()[:32]
    diameter = draft.get("diameter_in")
    return AssetRow(
        source_key=key_of("id", draft.words("id")) if draft.words("id") else key_of("asset", kind, number, key),
        kind=kind,
        number=number or None,
        material=draft.get("material"),
        diameter_in=None if diameter is None else float(diameter),
        installed_on=draft.get("installed_on"),
        status=draft.get("status"),
        shape=wkb,
        bounds=shape.bounds,
        attributes=draft.others(),
    )


def meter(draft: Draft) -> MeterRow:
    """A meter, and where it is installed if the row says so. RefusedError where it cannot be."""
    serial = draft.words("serial").upper()
    values: dict[str, Any] = {name: draft.get(name) for name in _METER_VALUES}
    return MeterRow(
        source_key=key_of("meter", serial),
        serial=serial,
        unit=values.pop("unit_of_measure"),
        service_point_number=draft.get("service_point"),
        address_key=address_key(draft),
        **values,
    )


def account(draft: Draft) -> AccountRow:
    """An account with its customer. RefusedError where it cannot be."""
    number = draft.words("account_number")
    at = address_key(draft)
    if not draft.get("service_point") and not at:
        raise RefusedError("missing_value", "The account names neither a service point nor an address.")
    return AccountRow(
        source_key=key_of("account", number),
        number=number,
        customer_number=draft.words("customer_number") or number,
        customer_name=draft.words("customer_name"),
        phone=draft.get("phone"),
        email=draft.get("email"),
        language=draft.words("language"),
        name_withheld=bool(draft.get("name_withheld")),
        status=draft.words("status"),
        service_class=draft.words("service_class"),
        service_point_number=draft.get("service_point"),
        address_key=at,
    )


def order(draft: Draft) -> OrderRow:
    """An order that another system asks for. RefusedError where it cannot be."""
    at = address_key(draft)
    if not draft.get("service_point") and not draft.get("account_number") and not at:
        raise RefusedError("missing_value", "The order names no service point, account or address.")
    return OrderRow(
        source_key=key_of("order", draft.words("id")),
        type_code=draft.words("type_code").upper(),
        priority=draft.values["priority"],
        requested_on=draft.get("requested_on"),
        instructions=draft.get("instructions"),
        service_point_number=draft.get("service_point"),
        account_number=draft.get("account_number"),
        address_key=at,
    )


def contact(draft: Draft) -> ContactRow:
    """A line of a contact log. RefusedError where it cannot be."""
    given, at = draft.words("id"), draft.values["at"]
    note = draft.words("note")
    if note != unguard(note) and guard(unguard(note)) == note:
        note = unguard(note)
    own = (draft.words("account_number").upper(), at.isoformat(), draft.words("channel"), note)
    amount = draft.get("promise_amount")
    return ContactRow(
        source_key=key_of("contact", given) if given else key_of("contact", *own),
        attempt_id=given or None,
        account_number=draft.words("account_number").upper(),
        at=at,
        by_name=draft.get("by"),
        channel=draft.words("channel"),
        direction=draft.words("direction"),
        reached=draft.words("reached"),
        reason=draft.words("reason"),
        result=draft.words("result"),
        promise_cents=None if amount is None else int(amount * 100),
        promise_on=draft.get("promise_date"),
        note=note or None,
    )


def change_out(draft: Draft) -> ChangeOutRow:
    """A change-out out of a file. A new meter's serial stands once in a file, whatever else the row says."""
    serial = unguard(draft.words("serial")).upper()
    old = unguard(draft.words("old_serial")).upper()
    x, y = draft.get("longitude"), draft.get("latitude")
    photos = [name.strip() for name in draft.words("photos").replace("|", ";").split(";")]
    return ChangeOutRow(
        source_key=key_of("change_out", serial),
        record_number=draft.get("record_number"),
        service_point_number=draft.get("service_point"),
        old_serial=old,
        new_serial=serial,
        installed_on=draft.values["install_date"],
        register=draft.values["register_number"],
        in_read=draft.words("starting_reading"),
        out_read=draft.get("out_read"),
        out_read_kind=draft.words("out_read_kind"),
        dials=draft.values["dials"],
        decimals=draft.values["decimals"],
        multiplier=draft.values["multiplier"],
        unit=draft.words("unit_of_measure"),
        size=draft.get("size"),
        read_type=draft.words("read_type"),
        radio_id=draft.get("transponder_id"),
        manufacturer=draft.get("manufacturer"),
        model=draft.get("model"),
        location=None if x is None or y is None else (float(x), float(y)),
        reason=draft.get("reason"),
        remark=draft.get("remark"),
        installer=draft.get("installer"),
        photos=tuple(name for name in photos if name),
    )


def _fit(words: str, most: int) -> str:
    if len(words) > most:
        raise RefusedError("too_long", f"{words[:40]!r}... has {len(words)} signs; {most} fit.")
    return words
