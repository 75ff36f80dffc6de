"""Push over HTTP in batches of 50: readings along a route, and a technician's orders, against the bare rows."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from bench.figures import Figure, figure
from bench.place import Place, database
from bench.route import Walk, walk
from curbstop.commands import dispatch, service_orders
from curbstop.commands.many import insert_many, update_many
from curbstop.commands.service_orders import NewOrder
from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Role
from curbstop.domain.row_checks import check_columns
from curbstop.models.audit import AuditEntry
from curbstop.models.base import utc_now
from curbstop.models.change_log import BucketRow, ChangeLog
from curbstop.models.ids import new_id
from curbstop.models.op_ledger import OpLedger
from curbstop.models.reading import Reading
from curbstop.models.route import StopVisit
from curbstop.models.service_point import ServicePoint
from curbstop.models.staff import Staff
from curbstop.models.tablet import Tablet

NAMES = ("sync.push_ops", "sync.push_share", "sync.push_order_ops")
BATCH = 50


def measure(place: Place) -> Iterator[Figure]:
    """All stops of the route, each read once; then a day of orders: travel, arrive, complete."""
    with database(place) as base, walk(base, place.amount(5_000, 500)) as walked:
        ops = [_read(number, stop, register) for number, (stop, _, register) in enumerate(walked.stops, 1)]
        value = _push(walked, ops)
        yield figure(NAMES[0], place, value, unit="ops/s", better="higher", bar=1_000)
        yield figure(NAMES[1], place, value, unit="ops/s", better="higher", bar=1 / 3, baseline=_bare(walked))
        value = _push(walked, _days(walked, place.amount(300, 30), len(ops)))
        yield figure(NAMES[2], place, value, unit="ops/s", better="higher")


def _push(walked: Walk, ops: Sequence[dict[str, Any]]) -> float:
    began = time.perf_counter()
    for start in range(0, len(ops), BATCH):
        body = {"ops": ops[start : start + BATCH]}
        answer = walked.client.post(f"{walked.url}/sync/v1/push", json=body, timeout=300)
        answer.raise_for_status()
        refused = [one for one in answer.json()["verdicts"] if one["verdict"] != "applied"]
        assert not refused, refused[:3]
    return len(ops) / (time.perf_counter() - began)


def _op(number: int, kind: str, aggregate: str, args: dict[str, Any], follows: str | None = None) -> dict[str, Any]:
    return {
        "op_id": str(new_id()),
        "n": number,
        "kind": kind,
        "kind_version": 1,
        "aggregate": aggregate,
        "follows": follows,
        "base_version": None,
        "noted_at": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "args": args,
    }


def _read(number: int, stop: UUID, register: UUID) -> dict[str, Any]:
    args = {"stop_id": str(stop), "readings": [{"register_id": str(register), "value": "001234"}]}
    return _op(number, "stop.read", f"stop/{stop}", args)


def _days(walked: Walk, count: int, sent: int) -> list[dict[str, Any]]:
    """The ops of so many orders, which are on the tablet already."""
    orders = []
    with walked.base.work() as work:
        person = work.session.scalars(select(Staff).where(Staff.login == "bench-walker")).one()
        person.daily_capacity = count
        work.session.flush()
        boss = replace(work, actor=Actor(person.id, person.name, frozenset({Role.SUP}), None))
        today = utc_now().astimezone(walked.base.settings.zone).date()
        for _, place, _ in walked.stops[:count]:
            order = service_orders.create(boss, NewOrder(type_code="GEN", service_point_id=place))
            orders.append(dispatch.assign(boss, order.id, technician_id=person.id, scheduled_on=today).id)
    body = {"cursor": None, "schema_version": 1}
    walked.client.post(f"{walked.url}/sync/v1/pull", json=body, timeout=300).raise_for_status()
    ops: list[dict[str, Any]] = []
    for order_id in orders:
        follows = None
        for kind, args in (
            ("order.travel", {}),
            ("order.arrive", {}),
            ("order.complete", {"outcome": "DONE", "captures": {"notes": "Looked at it"}}),
        ):
            ops.append(_op(sent + len(ops) + 1, kind, f"service_order/{order_id}", args, follows))
            follows = str(ops[-1]["op_id"])
    return ops


def _bare(walked: Walk) -> float:
    """The same rows without a rule, a check or HTTP: two transactions for each batch, as a push has."""
    with walked.base.work() as work:
        tablet, staff = work.session.execute(
            select(Tablet.id, Staff.id).join(Staff, Staff.login == "bench-walker")
        ).first() or (None, None)
    began = time.perf_counter()
    for start in range(0, len(walked.stops), BATCH):
        stops = walked.stops[start : start + BATCH]
        at, ids = utc_now(), [new_id() for _ in range(BATCH)]
        with walked.base.sessions.write() as session:
            ledger = [
                {"op_id": op, "tablet_id": tablet, "staff_id": staff, "sha256": op.bytes * 2, "raw": b"x" * 350}
                | {"n": None, "kind": "stop.read", "aggregate": f"stop/{stop}", "received_at": at}
                for op, (stop, _, _) in zip(ids, stops, strict=False)
            ]
            insert_many(session, OpLedger, ledger)
        with walked.base.sessions.write() as session:
            visits = [
                {"id": new_id(), "stop_id": stop, "service_point_id": place, "kind": "read", "details": {"flags": []}}
                | {"op_id": op, "technician_id": staff, "tablet_id": tablet, "noted_at": at, "recorded_at": at}
                for op, (stop, place, _) in zip(ids, stops, strict=False)
            ]
            insert_many(session, StopVisit, visits)
            readings = [
                {"id": new_id(), "service_point_id": place, "register_id": register, "value": 1234, "kind": "regular"}
                | {"source": "bench", "noted_at": at, "recorded_at": at, "flags": []}
                for _, place, register in stops
            ]
            insert_many(session, Reading, readings)
            for row in (visits, readings):
                insert_many(session, AuditEntry, [_audit(one, at) for one in row])
            places = [{"id": place, "version": 3, "updated_at": at} for _, place, _ in stops]
            update_many(session, ServicePoint, places, keys=("id",))
            held = [
                {"entity_type": "service_point", "entity_id": place, **check_columns("service_point", place, 3)}
                for _, place, _ in stops
            ]
            update_many(session, BucketRow, held, keys=("entity_type", "entity_id"))
            changes = [
                {"bucket": "bench", "entity_type": "service_point", "entity_id": place, "kind": "P"}
                | {"row_version": 3, "recorded_at": at}
                for _, place, _ in stops
            ]
            insert_many(session, ChangeLog, changes)
            told = [{"op_id": op, "verdict": "applied", "answer": {"verdict": "applied"}} for op in ids[: len(stops)]]
            update_many(session, OpLedger, told, keys=("op_id",))
    return len(walked.stops) / (time.perf_counter() - began)


def _audit(row: dict[str, Any], at: datetime) -> dict[str, Any]:
    said = {"before": None, "after": {"value": "1234"}, "action": "record", "entity_type": "reading"}
    return {"id": new_id(), "recorded_at": at, "entity_id": row["id"], **said}
