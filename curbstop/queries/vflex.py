"""Reads what an AMI system is told of meters, places and customers: one row for each place with a radio that it reads.

The selection is that of section 10 of the domain notes: an active account with its customer, a meter that is installed
with a radio of the AMI kind. A compound meter is told of by its first register.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, and_, func, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.models.account import Account, Customer
from curbstop.models.change_out import ExportSent
from curbstop.models.meter import Endpoint, Installation, Meter, Register
from curbstop.models.reading import Reading
from curbstop.models.route import Cycle, Route, RouteVersion, Stop
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_of

KIND: Final = "vflex"
# The fields that `row_of` gives; every other one has its default.
NAMES: Final = (
    "serial", "radio_id", "manufacturer", "device_status", "commodity", "service_point", "physical_state", "latitude",
    "longitude", "address", "city", "state", "zip", "account", "account_status", "service_class", "cycle", "route",
    "unit", "multiplier", "both_multipliers", "size", "dials", "last_reading", "customer", "phone", "email",
    "read_method",
)  # fmt: skip
_PLACES: Final = Decimal("0.000001")


def rows(session: Session, actor: Actor) -> Iterator[tuple[Row[Any], bytes | None]]:
    """Each place to be told of with what was last sent of it (the row's hash), in the order of the places' numbers.

    Streamed: memory stays flat however many there are.
    """
    require(actor, Action.EXPORT_FILES)
    found = session.execute(_told().execution_options(yield_per=2000))
    for row in found:
        yield row, row.row_hash


def gone(session: Session, actor: Actor) -> list[Row[Any]]:
    """Places (id, number) that the other system was told of and that the selection no longer has."""
    require(actor, Action.EXPORT_FILES)
    told = _places().with_only_columns(ServicePoint.id)
    return list(
        session.execute(
            select(ServicePoint.id, ServicePoint.number)
            .join(ExportSent, and_(ExportSent.service_point_id == ServicePoint.id, ExportSent.kind == KIND))
            .where(ExportSent.service_point_id.not_in(told))
            .order_by(ServicePoint.number)
        )
    )


def row_of(row: Row[Any]) -> dict[str, Any]:
    """A place's values by field of the VFLEX layout."""
    longitude, latitude = point_of(bytes(row.location.data)) if row.location is not None else (None, None)
    withheld = row.name_withheld
    return {
        "serial": row.serial,
        "radio_id": row.radio_id,
        "manufacturer": row.manufacturer,
        "device_status": row.meter_status,
        "commodity": "water",
        "service_point": row.number,
        "physical_state": row.physical_state,
        "latitude": _degrees(latitude),
        "longitude": _degrees(longitude),
        "address": row.address,
        "city": row.city,
        "state": row.state,
        "zip": row.zip,
        "account": row.account,
        "account_status": row.account_status,
        "service_class": row.service_class,
        "cycle": row.cycle,
        "route": row.route,
        "unit": row.unit,
        "multiplier": row.multiplier,
        # The display's own is always one.
        "both_multipliers": row.multiplier,
        "size": row.size,
        "dials": row.dials,
        "last_reading": row.last_reading,
        "customer": None if withheld else row.name,
        "phone": None if withheld else row.phone,
        "email": None if withheld else row.email,
        "read_method": row.radio_kind,
    }


def place_of(row: Row[Any]) -> UUID:
    """The service point's id."""
    found: UUID = row.id
    return found


def _degrees(value: float | None) -> Decimal | None:
    return Decimal(str(value)) if value is not None else None


def _told() -> Select[Any]:
    newest = (
        select(Reading.value)
        .where(Reading.register_id == Register.id, Reading.superseded_by_id.is_(None))
        .order_by(Reading.noted_at.desc(), Reading.id.desc())
        .limit(1)
        .correlate(Register)
        .scalar_subquery()
    )
    published = (
        select(
            Stop.service_point_id,
            func.min(Route.code).label("route"),
            func.min(Cycle.code).label("cycle"),
        )
        .join(RouteVersion, and_(RouteVersion.id == Stop.route_version_id, RouteVersion.state == "published"))
        .join(Route, Route.id == RouteVersion.route_id)
        .join(Cycle, Cycle.id == Route.cycle_id)
        .group_by(Stop.service_point_id)
        .subquery("published")
    )
    columns = (
        ServicePoint.id, ServicePoint.number, ServicePoint.physical_state, ServicePoint.location, ServicePoint.address,
        ServicePoint.city, ServicePoint.state, ServicePoint.zip, Meter.serial, Meter.manufacturer, Meter.size,
        Meter.status.label("meter_status"), Endpoint.radio_id, Endpoint.kind.label("radio_kind"),
        Account.number.label("account"), Account.status.label("account_status"), Account.service_class, Customer.name,
        Customer.phone, Customer.email, Customer.name_withheld, Register.unit, Register.multiplier, Register.dials,
        newest.label("last_reading"), published.c.route, published.c.cycle, ExportSent.row_hash,
    )  # fmt: skip
    return (
        _places()
        .join(Customer, Customer.id == Account.customer_id)
        .outerjoin(published, published.c.service_point_id == ServicePoint.id)
        .outerjoin(ExportSent, and_(ExportSent.service_point_id == ServicePoint.id, ExportSent.kind == KIND))
        .with_only_columns(*columns)
        .order_by(ServicePoint.number)
    )


def _places() -> Select[Any]:
    return (
        select(ServicePoint)
        .join(Account, and_(Account.service_point_id == ServicePoint.id, Account.status == "active"))
        .join(Installation, and_(Installation.service_point_id == ServicePoint.id, Installation.removed_at.is_(None)))
        .join(Meter, Meter.id == Installation.meter_id)
        .join(Register, and_(Register.meter_id == Meter.id, Register.position == 1, Register.removed_at.is_(None)))
        .join(
            Endpoint,
            and_(Endpoint.meter_id == Meter.id, Endpoint.retired_at.is_(None), Endpoint.kind == "AMI"),
        )
    )
