"""The accounts at the end of a run: every op that was ever noted, and every row that ought to be on a tablet.

Three sides are held against each other: what the technicians noted (`Technician.noted`), what the tablets were told
(their verdict tables), and what the server's tables say. Nothing here asks the code under test whether it was right,
except for the rows of a fresh pull, and those are held against the orders' own table, too.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Role
from curbstop.models import Attachment, Conflict, OpLedger, OrderHistory, ServiceOrder, Staff, StopVisit
from curbstop.models.engine import Sessions
from curbstop.settings import Settings
from curbstop.tablet import outbox
from sync import pull
from tests.faults.fleet import Technician

FINAL = frozenset({"applied", "merged", "superseded_noop", "parked", "quarantined", "duplicate"})
# What an applied op of a kind leaves behind exactly once, and under which event.
EVENTS = {
    "order.travel": "travel",
    "order.arrive": "arrive",
    "order.suspend": "suspend",
    "order.resume": "resume",
    "order.decline": "decline",
    "order.complete": "complete",
    "order.return": "return",
    "order.acknowledge_recall": "ack",
    "order.create": "create",
}
VISITS = frozenset({"stop.read", "stop.skip"})
# States in which an order is with its technician, whichever way one asks.
WITH_TECHNICIAN = ("dispatched", "en_route", "on_site", "suspended", "recall_pending")


@dataclass
class Accounts:
    """The sums of a run. `lost`, `doubled` and `skipped` must be 0 and `complaints` empty."""

    operations: int = 0
    verdicts: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    doubled: int = 0
    skipped: int = 0
    rows: int = 0
    details: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def balance(self) -> bool:
        return not (self.lost or self.doubled or self.skipped or self.complaints)

    def summary(self) -> dict[str, Any]:
        """What `make soak` ends with."""
        applied = sum(self.verdicts.get(name, 0) for name in ("applied", "merged", "superseded_noop", "duplicate"))
        return {
            "operations_sent": self.operations,
            "applied": applied,
            "parked": self.verdicts.get("parked", 0),
            "quarantined": self.verdicts.get("quarantined", 0),
            "operations_lost": self.lost,
            "operations_doubled": self.doubled,
            "rows_checked": self.rows,
            "rows_skipped": self.skipped,
            "complaints": len(self.complaints),
        }

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def draw_up(sessions: Sessions, settings: Settings, technicians: Sequence[Technician]) -> Accounts:
    """The accounts of a run that has come to rest."""
    made = Accounts()
    for technician in technicians:
        made.complaints += technician.complaints
        _ops(made, sessions, technician)
        _rows(made, sessions, settings, technician)
    return made


def _ops(made: Accounts, sessions: Sessions, technician: Technician) -> None:
    told = {one["op_id"]: one for one in outbox.verdicts(technician.store)}
    ids = [UUID(op_id) for op_id in technician.noted]
    with sessions.read() as session:
        ledger = {str(row.op_id): row for row in session.scalars(select(OpLedger).where(OpLedger.op_id.in_(ids)))}
        history = Counter(
            (str(op_id), event)
            for op_id, event in session.execute(
                select(OrderHistory.op_id, OrderHistory.event).where(OrderHistory.op_id.in_(ids))
            )
        )
        visits = Counter(map(str, session.scalars(select(StopVisit.op_id).where(StopVisit.op_id.in_(ids)))))
        parked = Counter(map(str, session.scalars(select(Conflict.op_id).where(Conflict.op_id.in_(ids)))))
        photos = set(map(str, session.scalars(select(Attachment.id))))
    made.operations += len(technician.noted)
    if len(set(technician.noted)) != len(technician.noted):
        made.details.append(f"{technician.login} noted an op twice, so the run itself is wrong")
        made.doubled += 1
    for op_id in technician.noted:
        row, here = ledger.get(op_id), told.get(op_id)
        if row is None or row.verdict not in FINAL or here is None or here["verdict"] != row.verdict:
            made.lost += 1
            said = None if here is None else here["verdict"]
            made.details.append(f"{op_id} of {technician.login}: ledger {row and row.verdict}, tablet {said}")
            continue
        made.verdicts[row.verdict] = made.verdicts.get(row.verdict, 0) + 1
        effects, wanted = _effects(row, history, visits, photos), _wanted(row)
        if effects > wanted:
            made.doubled += 1
        elif effects < wanted or (row.verdict in ("parked", "quarantined") and parked[op_id] != 1):
            made.lost += 1
        else:
            continue
        made.details.append(f"{op_id} {row.kind} {row.verdict}: {effects} effects, {parked[op_id]} conflicts")


def _effects(row: OpLedger, history: Counter[tuple[str, str]], visits: Counter[str], photos: set[str]) -> int:
    """How often the op had its effect."""
    op_id = str(row.op_id)
    if row.kind == "order.return" and row.verdict == "merged":
        return history[op_id, "keep"]  # the order is somebody else's by now, and goes on
    if row.kind in EVENTS:
        return history[op_id, EVENTS[row.kind]]
    if row.kind in VISITS:
        return visits[op_id]
    if row.kind == "attachment.declare" and row.answer is not None and row.verdict == "applied":
        return int(row.answer["result"]["attachment_id"] in photos)
    return _wanted(row)  # an edit of fields leaves no row of its own


def _wanted(row: OpLedger) -> int:
    if row.verdict == "superseded_noop":
        # Overtaken progress changes nothing, and the order's history has it; unless its making waits for the office.
        return int((row.answer or {}).get("code") != "not_found")
    return int(row.verdict in ("applied", "merged"))


def _rows(made: Accounts, sessions: Sessions, settings: Settings, technician: Technician) -> None:
    """What the tablet holds, what a fresh pull says, and what the orders' own table says: all the same."""
    with sessions.read() as session:
        member = session.get_one(Staff, technician.staff_id)
        roles = frozenset(Role(role) for role in member.roles)
        actor = Actor(member.id, member.name, roles, technician.tablet_id)
        lines = list(pull.pull(session, actor, settings, None, 1) or [])
        mine = set(
            session.scalars(
                select(ServiceOrder.id).where(
                    ServiceOrder.technician_id == member.id, ServiceOrder.state.in_(WITH_TECHNICIAN)
                )
            )
        )
    wanted = {
        (row["entity_type"], row["id"]): (row["version"], row["body"])
        for line in lines
        if "data" in line
        for row in line["data"]["rows"]
        if not row["gone"]
    }
    held: dict[tuple[str, str], tuple[int, Any]] = {}
    for row in technician.store.query("SELECT entity_type, id FROM server_row"):
        kept = technician.store.server_row(row["entity_type"], row["id"])
        assert kept is not None
        held[row["entity_type"], row["id"]] = (kept[0], kept[2])
    made.rows += len(wanted)
    wrong = [key for key in wanted.keys() | held.keys() if wanted.get(key) != held.get(key)]
    wrong += [("service_order", str(one)) for one in mine if ("service_order", str(one)) not in held]
    made.skipped += len(set(wrong))
    made.details += [
        f"{technician.login} {key}: should be {str(wanted.get(key))[:150]}, is {str(held.get(key))[:150]}"
        for key in sorted(set(wrong))[:5]
    ]


def orders_made_twice(sessions: Sessions, instructions: Sequence[str]) -> list[str]:
    """Of the orders that the office made, those that are not there exactly once, by their unique instructions."""
    with sessions.read() as session:
        found = dict(
            session.execute(
                select(ServiceOrder.instructions, func.count())
                .where(ServiceOrder.instructions.in_(instructions))
                .group_by(ServiceOrder.instructions)
            ).all()
        )
    return [text for text in instructions if found.get(text) != 1]
