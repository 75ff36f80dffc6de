"""Reads exports: the runs, the files that were taken in, and the rows of a run's file."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session, aliased

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.change_out import ChangeOutRecord, ExportMark, ExportRun
from curbstop.models.import_batch import ImportBatch
from curbstop.models.meter import Endpoint, Meter, Register
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_of
from curbstop.models.staff import Staff
from curbstop.queries.page import Page, PageRequest, fetch

RUN_SORTS = {"recorded_at": ExportRun.recorded_at}
BATCH_SORTS = {"recorded_at": ImportBatch.recorded_at}


def runs(session: Session, actor: Actor, page: PageRequest, *, kind: str | None = None) -> Page[Row[Any]]:
    """The log of what went out."""
    require(actor, Action.EXPORT_FILES)
    statement = _runs()
    if kind is not None:
        statement = statement.where(ExportRun.kind == kind)
    return fetch(session, statement, page, RUN_SORTS, ExportRun.id)


def run(session: Session, actor: Actor, run_id: UUID) -> Row[Any]:
    """One run, or Problem(`not_found`)."""
    require(actor, Action.EXPORT_FILES)
    row = session.execute(_runs().where(ExportRun.id == run_id)).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no export with id {run_id}.")
    return row


def batches(session: Session, actor: Actor, page: PageRequest, *, kind: str | None = None) -> Page[Row[Any]]:
    """The log of what was taken in."""
    require(actor, Action.IMPORT_DATA)
    columns = (getattr(ImportBatch, column.key) for column in ImportBatch.__table__.columns)
    statement = select(*columns, Staff.name.label("staff_name")).outerjoin(Staff, Staff.id == ImportBatch.staff_id)
    if kind is not None:
        statement = statement.where(ImportBatch.kind == kind)
    return fetch(session, statement, page, BATCH_SORTS, ImportBatch.id)


def change_outs(session: Session, actor: Actor, run_id: UUID) -> Iterator[dict[str, Any]]:
    """The rows of a run's file, one for each register of an exchange, in the order of the exchanges.

    What is told of the new meter is what was installed; registers that were replaced since count as well.
    """
    require(actor, Action.EXPORT_FILES)
    old = aliased(ServicePoint)
    marked = (
        select(ChangeOutRecord, old.number, old.location, Meter.size, Meter.manufacturer, Meter.model, Register)
        .join(ExportMark, ExportMark.change_out_id == ChangeOutRecord.id)
        .join(old, old.id == ChangeOutRecord.service_point_id)
        .join(Meter, Meter.id == ChangeOutRecord.new_meter_id)
        .join(Register, Register.meter_id == Meter.id)
        .where(ExportMark.run_id == run_id)
        .order_by(ChangeOutRecord.installed_at, ChangeOutRecord.id, Register.position, Register.id)
    )
    kinds = _kinds(session, run_id)
    told: set[tuple[UUID, int]] = set()
    for record, number, location, size, make, model, register in session.execute(marked):
        # The first register of a position is the one that the meter came with.
        if (record.id, register.position) in told:
            continue
        told.add((record.id, register.position))
        position = str(register.position)
        longitude, latitude = point_of(bytes(location.data)) if location is not None else (None, None)
        yield {
            "service_point_number": number,
            "longitude": longitude,
            "latitude": latitude,
            "size": size,
            "manufacturer": make,
            "model": model,
            "dials": register.dials,
            "decimals": register.decimals,
            "multiplier": register.multiplier,
            "unit": register.unit,
            "position": register.position,
            "in_read": record.in_reads.get(position),
            "out_read": None if record.out_kind == "estimated" else record.out_reads.get(position),
            "read_type": kinds.get(record.new_endpoint, "AMI"),
            **{
                name: getattr(record, name)
                for name in (
                    "installed_on", "old_serial", "new_serial", "new_endpoint", "out_kind", "reason", "remark",
                    "installer", "photos",
                )
            },
        }  # fmt: skip


def _kinds(session: Session, run_id: UUID) -> dict[str | None, str]:
    rows = session.execute(
        select(Endpoint.radio_id, Endpoint.kind)
        .join(ChangeOutRecord, ChangeOutRecord.new_endpoint == Endpoint.radio_id)
        .join(ExportMark, ExportMark.change_out_id == ChangeOutRecord.id)
        .where(ExportMark.run_id == run_id)
        .order_by(Endpoint.id)
    )
    return {number: kind for number, kind in rows if kind in ("AMI", "AMR")}


def _runs() -> Select[Any]:
    columns = (getattr(ExportRun, column.key) for column in ExportRun.__table__.columns)
    return select(*columns, Staff.name.label("staff_name")).outerjoin(Staff, Staff.id == ExportRun.staff_id)
