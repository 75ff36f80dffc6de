"""Incidents: work that a tablet seems to have lost. Raised from what it says of its own outbox, settled by the office.

A tablet numbers its ops without a gap and says with each exchange how many it still has. So the server knows of work
that it never saw: when an installation comes back that has forgotten its outbox, and when a number never comes.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, distinct, exists, func, select, update

from curbstop.commands import journal
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.clocks import as_moment
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.ids import new_id
from curbstop.models.op_ledger import OpLedger
from curbstop.models.tablet import Tablet, TabletIncident

REINSTALLED, WENT_BACK, GAP = "reinstalled", "counter_went_back", "gap"
_MOST_NAMED = 20  # numbers of missing ops that an incident names one by one


def look(work: Work, tablet: Tablet, said: Mapping[str, Any]) -> None:
    """Compares a beacon with the one before it, and with what has arrived. Call before the new one is kept."""
    last_n = _count(said, "last_n")
    if last_n is None:
        return
    before = tablet.beacon or {}
    was_installed = before.get("install_id") or tablet.install_id
    if said.get("install_id") not in (None, was_installed):
        forgotten(work, tablet, REINSTALLED)
    elif last_n < (_count(before, "last_n") or 0):
        forgotten(work, tablet, WENT_BACK)
    elif said.get("outbox_count") == 0:
        _look_for_gap(work, tablet, last_n)


def forgotten(work: Work, tablet: Tablet, kind: str) -> None:
    """The tablet no longer knows what was in its outbox; raises an incident unless all of that has arrived."""
    before = tablet.beacon or {}
    missing = _missing_count(work, tablet, _count(before, "last_n") or 0)
    lost = min(_count(before, "outbox_count") or 0, missing - tablet.missing_count)
    if lost > 0:
        _report(work, tablet, kind, lost, {"beacon": dict(before)})


def settle(work: Work, incident_id: UUID, note: str, *, if_version: int | None = None) -> TabletIncident:
    """Somebody asked the technician: what came of it. The same note again changes nothing; another one is refused."""
    require(work.actor, Action.SETTLE_INCIDENT)
    incident = get(work, TabletIncident, incident_id)
    if incident.state != "open":
        if incident.note == note:
            return incident
        raise Problem("conflict", "That incident is settled already, with another note.")
    check_version(incident, if_version)
    incident.state, incident.note = "settled", note
    incident.settled_at, incident.settled_by_id = work.at, work.actor.staff_id
    _give_up(work, incident)
    journal.changed(work, incident, "incident.settle")
    return incident


def _give_up(work: Work, incident: TabletIncident) -> None:
    """What the last open incident of a tablet asked for is not looked for any longer; it is taken when it comes."""
    others = exists().where(
        TabletIncident.tablet_id == incident.tablet_id,
        TabletIncident.state == "open",
        TabletIncident.id != incident.id,
    )
    if work.session.scalar(select(others)):
        return
    tablet = get(work, Tablet, incident.tablet_id)
    last_n = _count(tablet.beacon or {}, "last_n") or 0
    outbox = _count(tablet.beacon or {}, "outbox_count")
    if outbox == 0 and last_n > tablet.through_n:
        _keep_count(work, tablet, through_n=last_n, missing_count=0)


def _look_for_gap(work: Work, tablet: Tablet, last_n: int) -> None:
    """Its outbox is empty, so every number up to the last one has arrived, or never will."""
    missing = _missing_count(work, tablet, last_n)
    if missing > tablet.missing_count:
        numbers = _missing(work, tablet, last_n)
        _report(work, tablet, GAP, missing - tablet.missing_count, {"numbers": numbers})
    elif missing < tablet.missing_count:
        # A rescue, or a colleague's outbox, brought it after all.
        _keep_count(work, tablet, missing_count=missing)
    if missing == 0 and last_n > tablet.through_n:
        _keep_count(work, tablet, through_n=last_n)


def _report(work: Work, tablet: Tablet, kind: str, lost: int, facts: Mapping[str, Any]) -> None:
    since = as_moment(facts.get("beacon", {}).get("oldest_op_at"))
    ops = "about 1 op" if lost == 1 else f"about {lost} ops"
    when = f" from {since.astimezone(work.settings.zone):%Y-%m-%d %H:%M}" if since is not None else ""
    incident = TabletIncident(
        id=new_id(),
        tablet_id=tablet.id,
        staff_id=tablet.staff_id,
        kind=kind,
        detail=f"Possibly lost work on {tablet.name}: {ops}{when}.",
        ops_lost=lost,
        since_at=since,
        facts=dict(facts),
        state="open",
        created_at=work.at,
    )
    work.session.add(incident)
    journal.changed(work, incident, "incident.raise")
    _keep_count(work, tablet, missing_count=tablet.missing_count + lost)


def _keep_count(work: Work, tablet: Tablet, **counts: int) -> None:
    # A sign of life, like the beacon: no version, no audit.
    work.session.execute(update(Tablet).where(Tablet.id == tablet.id).values(counts))


def _missing_count(work: Work, tablet: Tablet, last_n: int) -> int:
    """How many numbers have not arrived, beyond those that were looked through before."""
    counted = select(func.count(distinct(OpLedger.n))).where(_looked_through(tablet, last_n))
    return max(0, last_n - tablet.through_n - int(work.session.scalar(counted) or 0))


def _looked_through(tablet: Tablet, last_n: int) -> ColumnElement[bool]:
    return and_(OpLedger.tablet_id == tablet.id, OpLedger.n.between(tablet.through_n + 1, last_n))


def _missing(work: Work, tablet: Tablet, last_n: int) -> list[int]:
    """The first numbers that are not there; between each two neighbours that are, so that it takes one pass."""
    there = work.session.scalars(
        select(OpLedger.n).where(_looked_through(tablet, last_n)).distinct().order_by(OpLedger.n)
    )
    missing: list[int] = []
    expected = tablet.through_n + 1
    for number in [*there, last_n + 1]:
        assert number is not None
        missing += range(expected, min(number, expected + _MOST_NAMED))
        expected = number + 1
        if len(missing) >= _MOST_NAMED:
            break
    return missing[:_MOST_NAMED]


def _count(said: Mapping[str, Any], name: str) -> int | None:
    found = said.get(name)
    good = isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 2**31
    return found if good else None
