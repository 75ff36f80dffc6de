"""A request for a new tap with what is known of it, its history, and the locate tickets of orders that dig."""

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ForeignKey, Index, Select, String, Text, select, text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.domain.locate_tickets import Ticket
from curbstop.domain.policy import Policy
from curbstop.domain.service_orders import OrderState
from curbstop.domain.taps import TapFacts, as_of
from curbstop.models.base import Base, Json, Versioned, utc_now
from curbstop.models.ids import new_id
from curbstop.models.service_order import ServiceOrder

_OPEN = "stage NOT IN ('active', 'cancelled', 'expired')"
# What of an installation's order lets nobody dig any more.
_GONE = (OrderState.CANCELLED.value,)


class TapRequest(Versioned, Base):
    """A customer wants a tap at a place; what happened so far are its facts, and its stage follows from them."""

    __tablename__ = "tap_request"
    __table_args__ = (
        Index("ix_tap_request_stage_stage_at", "stage", "stage_at"),
        Index(
            "uq_tap_request_service_point_id_open",
            "service_point_id",
            unique=True,
            postgresql_where=text(_OPEN),
            sqlite_where=text(_OPEN),
        ),
    )

    number: Mapped[str] = mapped_column(String(20), unique=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"), index=True)
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"))
    service_class: Mapped[str] = mapped_column(String(20))
    meter_size: Mapped[str] = mapped_column(String(15))
    note: Mapped[str | None] = mapped_column(Text)
    stage: Mapped[str] = mapped_column(String(20))
    stage_at: Mapped[datetime]
    survey_order_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"))
    surveyed_at: Mapped[datetime | None]
    quote_cents: Mapped[int | None] = mapped_column(BigInteger)
    quoted_at: Mapped[datetime | None]
    quote_through: Mapped[date | None]
    payment_ref: Mapped[str | None] = mapped_column(String(80))
    paid_at: Mapped[datetime | None]
    # Permit -> {reference, received_on}.
    permits: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    install_order_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"), index=True)
    install_due_on: Mapped[date | None]
    installed_at: Mapped[datetime | None]
    meter_set_at: Mapped[datetime | None]
    inspection_requested_at: Mapped[datetime | None]
    inspection_due_at: Mapped[datetime | None]
    inspection_ref: Mapped[str | None] = mapped_column(String(80))
    inspected_at: Mapped[datetime | None]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    deposit_ref: Mapped[str | None] = mapped_column(String(80))
    deposit_at: Mapped[datetime | None]
    on_route_at: Mapped[datetime | None]
    activated_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(Text)
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))


class TapHistory(Base):
    """One thing that happened to a tap request, append-only: who, when, why, and the stage that it led to."""

    __tablename__ = "tap_history"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    tap_request_id: Mapped[UUID] = mapped_column(ForeignKey("tap_request.id"), index=True)
    event: Mapped[str] = mapped_column(String(24))
    from_stage: Mapped[str | None] = mapped_column(String(20))
    to_stage: Mapped[str] = mapped_column(String(20))
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)


class LocateTicket(Base):
    """The 811 ticket of an order that digs; another call replaces it, and the audit keeps the one before."""

    __tablename__ = "locate_ticket"

    order_id: Mapped[UUID] = mapped_column(ForeignKey("service_order.id"), primary_key=True)
    number: Mapped[str] = mapped_column(String(40))
    called_at: Mapped[datetime]
    legal_start_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    emergency: Mapped[bool] = mapped_column(default=False)
    justification: Mapped[str | None] = mapped_column(Text)
    recorded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)

    def as_ticket(self) -> Ticket:
        return Ticket(self.number, self.legal_start_at, self.expires_at, self.emergency, self.justification)


def taps_with_install() -> Select[TapRequest, ServiceOrder, LocateTicket]:
    """Requests, each with its installation's order and that order's ticket, where there are any."""
    return (
        select(TapRequest, ServiceOrder, LocateTicket)
        .outerjoin(ServiceOrder, ServiceOrder.id == TapRequest.install_order_id)
        .outerjoin(LocateTicket, LocateTicket.order_id == ServiceOrder.id)
    )


def tap_facts(
    row: TapRequest, install: ServiceOrder | None, ticket: LocateTicket | None, *,
    policy: Policy, at: datetime, zone: ZoneInfo,
) -> TapFacts:  # fmt: skip
    """What the rule asks of a request, at a moment."""
    order = install if install is not None and install.state not in _GONE else None
    return TapFacts(
        now=at,
        today=as_of(at, zone),
        zone=zone,
        permits_wanted=policy.taps.permits,
        deposit_cents=policy.taps.deposit_cents,
        surveyed_at=row.surveyed_at,
        quoted_at=row.quoted_at,
        quote_through=row.quote_through,
        paid_at=row.paid_at,
        permits=frozenset(row.permits),
        install_order=order is not None,
        ticket=ticket.as_ticket() if order is not None and ticket is not None else None,
        install_on=order.scheduled_on if order is not None else None,
        install_due_on=row.install_due_on,
        installed_at=row.installed_at,
        meter_set_at=row.meter_set_at,
        inspection_due_at=row.inspection_due_at,
        inspected_at=row.inspected_at,
        account=row.account_id is not None,
        deposit_at=row.deposit_at,
        on_route_at=row.on_route_at,
        activated_at=row.activated_at,
    )
