"""The rows that imports bring, checked and typed: what a file's reader hands to the command that writes.

`source_key` names a row across runs: the file's own id where it has one (`id:14754`), otherwise what makes the row
itself (`address:14|A|MAIN ST|`). Points are (longitude, latitude). `address_key` is `geo.addresses`' match key.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

LonLat = tuple[float, float]


@dataclass(frozen=True, slots=True)
class AddressRow:
    """A service point. `location_source` is imported (the file's coordinates), geocoded or None."""

    source_key: str
    address_key: str
    address: str
    house_number: str | None
    predir: str | None
    street_name: str
    street_type: str | None
    postdir: str | None
    unit: str | None
    city: str | None
    state: str | None
    zip: str | None
    access_notes: str | None
    location: LonLat | None
    location_source: str | None


@dataclass(frozen=True, slots=True)
class StreetRow:
    """A segment of a centerline with its ranges; None where a side has no numbers."""

    source_key: str
    name: str
    left_from: int | None
    left_to: int | None
    right_from: int | None
    right_to: int | None
    left_zip: str | None
    right_zip: str | None
    from_node: str | None
    to_node: str | None
    line: tuple[LonLat, ...]


@dataclass(frozen=True, slots=True)
class HydrantRow:
    """A hydrant; `attributes` keeps the file's other values under their own names."""

    source_key: str
    number: str
    manufacturer: str | None
    installed_on: date | None
    flow_gpm: int | None
    status: str | None
    location: LonLat
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AssetRow:
    """A main, valve or other asset; its shape is WKB in longitude and latitude."""

    source_key: str
    kind: str
    number: str | None
    material: str | None
    diameter_in: float | None
    installed_on: date | None
    status: str | None
    shape: bytes
    bounds: tuple[float, float, float, float]
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MeterRow:
    """A meter and where it is installed, by the service point's number or its address; in stock where by neither."""

    source_key: str
    serial: str
    size: str | None
    manufacturer: str | None
    model: str | None
    dials: int
    decimals: int
    multiplier: Decimal
    unit: str
    radio_id: str | None
    endpoint_kind: str
    service_point_number: str | None
    address_key: str | None
    installed_on: date | None


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account with its customer, at a service point named by its number or its address."""

    source_key: str
    number: str
    customer_number: str
    customer_name: str
    phone: str | None
    email: str | None
    language: str
    name_withheld: bool
    status: str
    service_class: str
    service_point_number: str | None
    address_key: str | None


@dataclass(frozen=True, slots=True)
class OrderRow:
    """A service order that another system asks for, at a service point named by its number, account or address."""

    source_key: str
    type_code: str
    priority: int
    requested_on: date | None
    instructions: str | None
    service_point_number: str | None
    account_number: str | None
    address_key: str | None


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A line of a contact log; `at` without a zone is the utility's own time, amounts are in cents."""

    source_key: str
    attempt_id: str | None
    account_number: str
    at: datetime
    by_name: str | None
    channel: str
    direction: str
    reached: str
    reason: str
    result: str
    promise_cents: int | None
    promise_on: date | None
    note: str | None


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """Money that came in, by billing's own key; a moment without a zone is the utility's own time."""

    source_key: str
    account_number: str
    cents: int
    received_at: datetime
    paid_a_restoral: bool


@dataclass(frozen=True, slots=True)
class ReturnedPaymentRow:
    """A payment that the bank sent back, by the key that it came with."""

    source_key: str
    returned_on: date
    reason: str


@dataclass(frozen=True, slots=True)
class StandingRow:
    """What an account owes by billing's books, as of a moment."""

    source_key: str
    account_number: str
    past_due_cents: int
    periods_past_due: int
    as_of: datetime
    delinquent_since: date | None
    debt_class: str | None
    owed_by_former_occupant: bool


@dataclass(frozen=True, slots=True)
class HoldRow:
    """An arrangement, a dispute or another reason not to cut off; known again by account, kind and first day."""

    source_key: str
    account_number: str
    kind: str
    starts_on: date
    through: date | None
    reason: str
    category: str | None


@dataclass(frozen=True, slots=True)
class ChangeOutRow:
    """A meter change-out that somebody else made: the new meter, and what became of the old one.

    The place is named by its number, or is where the old meter is installed. Readings are the digits as they stand.
    """

    source_key: str
    record_number: str | None
    service_point_number: str | None
    old_serial: str
    new_serial: str
    installed_on: date
    register: int
    in_read: str
    out_read: str | None
    out_read_kind: str
    dials: int
    decimals: int
    multiplier: Decimal
    unit: str
    size: str | None
    read_type: str
    radio_id: str | None
    manufacturer: str | None
    model: str | None
    location: LonLat | None
    reason: str | None
    remark: str | None
    installer: str | None
    photos: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LotRow:
    """A lot of a development, at an address that need not be known yet."""

    source_key: str
    development_number: str
    lot: str
    address_key: str
    address: str
    house_number: str | None
    predir: str | None
    street_name: str
    street_type: str | None
    postdir: str | None
    unit: str | None
    city: str | None
    state: str | None
    zip: str | None
    location: LonLat | None


ImportRow = (
    AddressRow | StreetRow | HydrantRow | AssetRow | MeterRow | AccountRow | OrderRow | ContactRow | ChangeOutRow
    | LotRow | PaymentRow | ReturnedPaymentRow | StandingRow | HoldRow
)  # fmt: skip
