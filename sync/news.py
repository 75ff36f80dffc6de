"""Whether a pull would bring anything, in one statement: most pulls are asked for when nothing happened."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    Select,
    Text,
    Uuid,
    bindparam,
    cast,
    exists,
    false,
    func,
    or_,
    select,
)

from curbstop.commands.journal import NOTICE
from curbstop.commands.scope import REFERENCE, route_bucket, technician_bucket
from curbstop.domain.actors import Actor
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OrderState
from curbstop.models.base import UtcDateTime
from curbstop.models.change_log import ChangeHorizon, ChangeLog, SyncHistory
from curbstop.models.leases import bounds, due
from curbstop.models.route import RouteSession
from curbstop.models.service_order import ServiceOrder
from curbstop.models.tablet import Tablet
from curbstop.queries.tablets import LATELY
from curbstop.settings import Settings
from sync import cursor as cursors


def quiet(
    connection: Connection,
    actor: Actor,
    settings: Settings,
    cursor: str,
    at: datetime,
    *,
    beacon: Mapping[str, Any] | None = None,
) -> bool:
    """True when nothing changed since the cursor, nothing waits to be handed over, and the tablet was heard lately.

    Nor has it another `beacon` than the last time. It never says why not, and refuses nothing: whatever is odd is for
    the pull itself to answer.
    """
    try:
        since = cursors.read(cursor, settings.secret_key)
    except Problem:
        return False
    if actor.staff_id is None or since.tablet_id != actor.tablet_id:
        return False
    given = {
        "staff_id": actor.staff_id,
        "tablet_id": actor.tablet_id,
        "seq": since.seq,
        **{f"bucket_{number}": bucket for number, bucket in enumerate(sorted(since.buckets))},
        **bounds(at, settings),
    }
    history_id, newest, heard_at, said, walked, anything = connection.execute(_asked(len(since.buckets)), given).one()
    routes = {route_bucket(UUID(text)) for text in (walked or "").split(",") if text}
    mine = {technician_bucket(actor.staff_id), *routes, REFERENCE}
    if beacon is not None and said != dict(beacon):
        return False
    if anything or heard_at is None or at - heard_at >= LATELY:
        return False
    return history_id == since.history_id and since.seq <= (newest or 0) and mine == since.buckets


@cache
def _asked(buckets: int) -> Select[Any]:
    """The statement for so many buckets, made once: it takes longer to make than to run.

    Each bucket is looked up for itself, in the order of its index: so PostgreSQL finds one plan for every cursor, where
    planning each time takes four times as long as the look.
    """
    staff_id = bindparam("staff_id", type_=Uuid())
    tablet_id = bindparam("tablet_id", type_=Uuid())
    seq = bindparam("seq", type_=BigInteger())
    changed = or_(false(), *(_newer(bindparam(f"bucket_{number}", type_=Text()), seq) for number in range(buckets)))
    waiting = exists().where(ServiceOrder.technician_id == staff_id, ServiceOrder.state == OrderState.ASSIGNED)
    leases = due(
        staff_id,
        soon=bindparam("soon", type_=UtcDateTime()),
        today=bindparam("today", type_=Date()),
        last=bindparam("last", type_=UtcDateTime()),
    )
    return select(
        SyncHistory.history_id,
        select(func.max(ChangeLog.seq)).scalar_subquery(),
        select(Tablet.last_seen_at).where(Tablet.id == tablet_id).scalar_subquery(),
        select(Tablet.beacon).where(Tablet.id == tablet_id).scalar_subquery(),
        select(func.aggregate_strings(cast(RouteSession.route_version_id, Text), ","))
        .where(RouteSession.technician_id == staff_id, RouteSession.state == "open")
        .scalar_subquery(),
        changed | waiting | leases.with_only_columns(ServiceOrder.id).order_by(None).exists(),
    )


def _newer(bucket: Any, seq: Any) -> ColumnElement[bool]:
    change = (
        select(ChangeLog.seq)
        .where(ChangeLog.bucket == bucket, ChangeLog.seq > seq, ChangeLog.kind != NOTICE)
        .order_by(ChangeLog.bucket, ChangeLog.seq)
        .limit(1)
    )
    forgotten = exists().where(ChangeHorizon.bucket == bucket, ChangeHorizon.seq > seq)
    return change.scalar_subquery().is_not(None) | forgotten
