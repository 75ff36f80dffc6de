"""Change-outs that were posted or imported, and what of them other systems still have to hear."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json
from curbstop.models.ids import new_id


class ChangeOutRecord(Base):
    """One exchange in the books, with both halves; the same place, serials and day are the same exchange."""

    __tablename__ = "change_out"
    __table_args__ = (
        Index("uq_change_out_identity", "service_point_id", "old_serial", "new_serial", "installed_on", unique=True),
        Index("ix_change_out_new_serial", "new_serial"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"))
    old_meter_id: Mapped[UUID | None] = mapped_column(ForeignKey("meter.id"))
    new_meter_id: Mapped[UUID] = mapped_column(ForeignKey("meter.id"))
    old_serial: Mapped[str] = mapped_column(String(40))
    new_serial: Mapped[str] = mapped_column(String(40))
    old_endpoint: Mapped[str | None] = mapped_column(String(40))
    new_endpoint: Mapped[str | None] = mapped_column(String(40))
    installed_on: Mapped[date]
    installed_at: Mapped[datetime]
    # By register position, as the digits were typed.
    out_reads: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    in_reads: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    out_kind: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(40))
    remark: Mapped[str | None] = mapped_column(Text)
    installer: Mapped[str | None] = mapped_column(String(120))
    photos: Mapped[list[Any]] = mapped_column(Json, default=list)
    # Codes of what did not fit, and was looked at.
    findings: Mapped[list[Any]] = mapped_column(Json, default=list)
    source: Mapped[str] = mapped_column(String(20))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"))
    recorded_at: Mapped[datetime]


class ExportRun(Base):
    """One file that went out: how many rows it had, and the hash of its bytes.

    A file of what changed also says how many rows were as the last file had them, and how many places are no longer
    told of. `faults` lists the rows that were left out because a field did not fit, up to a bound; they are tried again
    with the next file.
    """

    __tablename__ = "export_run"
    __table_args__ = (Index("ix_export_run_kind_number", "kind", "number", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(10))
    number: Mapped[int]
    rows: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    # 'fixed' or 'csv'; 'changed' or 'all'.
    form: Mapped[str] = mapped_column(String(10), default="csv", server_default="csv")
    scope: Mapped[str] = mapped_column(String(10), default="changed", server_default="changed")
    unchanged: Mapped[int] = mapped_column(default=0, server_default="0")
    left_out: Mapped[int] = mapped_column(default=0, server_default="0")
    gone: Mapped[int] = mapped_column(default=0, server_default="0")
    seconds: Mapped[float | None]
    faults: Mapped[list[Any]] = mapped_column(Json, default=list, server_default="[]")
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    recorded_at: Mapped[datetime]


class ExportSent(Base):
    """What another system was last told of a place: the first sixteen bytes of the SHA-256 of its row, and when."""

    __tablename__ = "export_sent"

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"), primary_key=True)
    row_hash: Mapped[bytes] = mapped_column(LargeBinary(16))
    run_id: Mapped[UUID] = mapped_column(ForeignKey("export_run.id"))


class ExportMark(Base):
    """Another system has to hear of a place: the next file of that kind takes it, once."""

    __tablename__ = "export_mark"
    __table_args__ = (Index("ix_export_mark_kind_run_id", "kind", "run_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    # 'mco' or 'vflex'.
    kind: Mapped[str] = mapped_column(String(10))
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"))
    change_out_id: Mapped[UUID | None] = mapped_column(ForeignKey("change_out.id"))
    marked_at: Mapped[datetime]
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey("export_run.id"))
