"""What the gates of a cut-off answered, with all that they looked at, and who overrode one."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, utc_now
from curbstop.models.ids import new_id


class GateCheck(Base):
    """One asking of all gates for one cut-off, append-only: the policy's version, the facts, and what stood against it.

    A gate of `asked` that is not among `objections` had nothing against it.
    """

    __tablename__ = "gate_check"
    __table_args__ = (
        Index("ix_gate_check_account_id_asked_at", "account_id", "asked_at"),
        Index("ix_gate_check_line_id_asked_at", "line_id", "asked_at"),
        Index("ix_gate_check_order_id_asked_at", "order_id", "asked_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    line_id: Mapped[UUID | None] = mapped_column(ForeignKey("cut_off_line.id"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"))
    cause: Mapped[str] = mapped_column(String(20))
    stage: Mapped[str] = mapped_column(String(10))
    cut_on: Mapped[date]
    policy_number: Mapped[int]
    ruling: Mapped[str] = mapped_column(String(16))
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    asked: Mapped[list[Any]] = mapped_column(Json)
    objections: Mapped[list[Any]] = mapped_column(Json)
    # The roles of whoever overrode a gate, by its name.
    overrides: Mapped[dict[str, Any]] = mapped_column(Json)
    asked_at: Mapped[datetime] = mapped_column(default=utc_now)
    asked_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))


class GateOverride(Base):
    """Somebody's word that a gate does not stand in the way of one account's cut-off through a day; append-only."""

    __tablename__ = "gate_override"
    __table_args__ = (Index("ix_gate_override_account_id", "account_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    cause: Mapped[str] = mapped_column(String(20))
    gate: Mapped[str] = mapped_column(String(20))
    # What it was given for: another objection of the same gate is not overridden by it.
    code: Mapped[str] = mapped_column(String(40))
    through: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    roles: Mapped[list[Any]] = mapped_column(Json)
    given_at: Mapped[datetime] = mapped_column(default=utc_now)
    given_by_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
