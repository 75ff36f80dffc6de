"""The address's fields, which five layouts share, and the address, the place and the key that they give."""

import hashlib
from typing import Any, Final

from shapely import Point

from curbstop.files.layout import Draft, Field
from curbstop.files.values import RefusedError, text
from geo.addresses import Address, from_parts, parse
from geo.distance import LonLat
from geo.geocode import NotPlaced

ADDRESS_FIELDS: Final = (
    Field("address", text(160), "The whole address in one line", ("full_address", "fulladdr", "full_addr", "addr",
          "street_address", "site_address", "service_address", "address_line_1", "address1", "premise")),
    Field("number", text(20), "House number", ("street_number", "house_number", "house_no", "addr_num", "add_number",
          "st_num", "addrnum", "stnum", "street_no", "hse_nbr")),
    Field("suffix", text(12), "What follows the number: A, 1/2", ("street_number_suffix", "number_suffix", "addnum_suf",
          "house_suffix", "num_suffix", "half")),
    Field("predir", text(10), "Direction before the name", ("street_predir", "st_predir", "pre_dir", "dir_pre",
          "dir_prefix", "prefix_direction")),
    Field("street_name", text(80), "Name of the street", ("st_name", "stname", "road_name", "street")),
    Field("street_type", text(20), "Ave, St, Rd", ("street_suffix", "st_postyp", "st_type", "sttype", "str_type",
          "road_type", "type_suffix")),
    Field("postdir", text(10), "Direction after the type", ("dir_suff", "dir_suffix", "street_postdir", "st_posdir",
          "post_dir", "suffix_direction")),
    Field("unit_kind", text(20), "Apt, Unit, Ste", ("unit_type", "unittype")),
    Field("unit", text(20), "Number of the unit", ("unit_number", "apt", "apartment", "unitid", "unit_no", "suite")),
)  # fmt: skip


def address_of(draft: Draft) -> Address:
    """The row's address: from its parts where there are any, otherwise from its one line."""
    if draft.words("street_name"):
        return from_parts(
            number=draft.words("number"),
            suffix=draft.words("suffix"),
            predir=draft.words("predir"),
            name=draft.words("street_name"),
            street_type=draft.words("street_type"),
            postdir=draft.words("postdir"),
            unit=draft.words("unit"),
            unit_kind=draft.words("unit_kind"),
        )
    return parse(draft.words("address"))


def address_key(draft: Draft) -> str | None:
    """The match key of the row's address; None where the row has none."""
    found = address_of(draft)
    return found.match_key if found.street.name else None


def location_of(draft: Draft, address: Address) -> tuple[LonLat, str]:
    """Where the address is and how that is known: from the file, or from the streets.

    RefusedError with geocode's reason, or no_location where neither knows it.
    """
    if isinstance(draft.geometry, Point):
        return (draft.geometry.x, draft.geometry.y), "imported"
    if draft.streets is None:
        raise RefusedError("no_location", "The row has no coordinates, and no streets were given to place it on.")
    outcome = draft.streets.place(address, draft.words("zip"))
    if isinstance(outcome, NotPlaced):
        raise RefusedError(outcome.reason.value, outcome.detail, address.match_key)
    return outcome.point, "geocoded"


def key_of(kind: str, *parts: Any) -> str:
    """A source key of at most 120 signs; longer ones are kept apart by their hash."""
    key = f"{kind}:{'|'.join(str(part) for part in parts)}"
    if len(key) <= 120:
        return key
    return f"{key[:80]}~{hashlib.sha256(key.encode()).hexdigest()[:32]}"
