"""Rescues: a supervisor brings in the outbox of a tablet that cannot send it itself."""

from collections.abc import Mapping
from uuid import UUID

from curbstop.commands import journal
from curbstop.commands.work import Work, get
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.tablet import Tablet


def begin(work: Work, tablet_id: UUID) -> Tablet:
    """The tablet whose outbox is brought in, locked, so that its own push cannot meet this one.

    Any tablet that was ever enrolled: a blocked or lost one is what rescues are for. Problems: forbidden (also on a
    tablet: a rescue is done in the office, by somebody else than the one whose work it is), not_found.
    """
    require(work.actor, Action.RESCUE_WORK)
    if work.actor.tablet_id is not None:
        raise Problem("forbidden", "A rescue is done in the office, not on a tablet.", action=Action.RESCUE_WORK.value)
    return get(work, Tablet, tablet_id)


def note(work: Work, tablet: Tablet, verdicts: Mapping[str, int], reason: str | None) -> None:
    """Says in the audit who brought in what, and why."""
    journal.audit(work, "tablet.rescue", "tablet", tablet.id, after={"verdicts": dict(verdicts), "reason": reason})
