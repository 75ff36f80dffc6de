"""Voice codes: a dispatcher's word over the telephone that a cut-off may be begun after its lease ran out.

Six digits that follow from the order and the local day by a key of the server's, so that nothing has to be stored or
sent to the tablet, and what was said on the telephone can be checked whenever the completion arrives.
"""

import hashlib
import hmac
from datetime import date, timedelta
from uuid import UUID

from curbstop.commands import journal
from curbstop.commands.order_steps import is_of_crew, load, type_of
from curbstop.commands.work import Work
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import ON_TABLET_STATES, OrderState
from curbstop.models.service_order import ServiceOrder

DIGITS = 6
# How many days a completion may be late and still show a code of its own day.
LATEST = timedelta(days=31)


def give(work: Work, order_id: UUID) -> tuple[str, date]:
    """The code for today and the day; every look is audited.

    Problems: forbidden, not_found, impossible_transition (no cut-off, not on a tablet, or recalled: then nobody may).
    """
    granted = require(work.actor, Action.GIVE_VOICE_CODE)
    order = load(work, order_id, None)
    if Grant.YES not in granted and not is_of_crew(work, order.technician_id):
        raise Problem("forbidden", "A crew lead speaks for the own crew's orders only.")
    if not type_of(work, order).is_cut_off:
        raise Problem("impossible_transition", f"{order.number} is no cut-off; it needs no code.", state=order.state)
    if order.state == OrderState.RECALL_PENDING:
        raise Problem("impossible_transition", f"{order.number} was recalled: it must not be cut.", state=order.state)
    if order.state not in ON_TABLET_STATES:
        raise Problem("impossible_transition", f"{order.number} is on no tablet.", state=order.state)
    day = _today(work)
    journal.audit(work, "give_voice_code", "service_order", order.id, after={"day": day.isoformat()})
    return _code(work, order_id, day), day


def day_of(work: Work, order: ServiceOrder, code: str) -> date | None:
    """The day that a code was right for, from the order's dispatch until today; None for a wrong one."""
    today = _today(work)
    first = order.dispatched_at.astimezone(work.settings.zone).date() if order.dispatched_at is not None else today
    day = max(first, today - LATEST)
    while day <= today:
        if hmac.compare_digest(_code(work, order.id, day).encode(), code.encode("utf-8", "replace")):
            return day
        day += timedelta(days=1)
    return None


def _today(work: Work) -> date:
    return work.at.astimezone(work.settings.zone).date()


def _code(work: Work, order_id: UUID, day: date) -> str:
    # A key of its own: what is signed elsewhere with the secret says nothing about a code.
    key = hmac.digest(work.settings.secret_key.encode(), b"curbstop.voice-code", hashlib.sha256)
    found = hmac.digest(key, f"{order_id}/{day.isoformat()}".encode(), hashlib.sha256)
    return f"{int.from_bytes(found[:8]) % 10**DIGITS:0{DIGITS}d}"
