"""The policy in force: started from a profile, edited into new versions, and the calendar that it counts by."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from curbstop.commands import journal
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.gates import GATES
from curbstop.domain.permissions import Action, require
from curbstop.domain.policy import Policy, edited, profile
from curbstop.domain.problems import Problem
from curbstop.models.calendar import InForce, closures, in_force
from curbstop.models.ids import new_id
from curbstop.models.policy import Closure, PolicyVersion
from curbstop.models.public_holidays import of_year

__all__ = ["CHANGED", "InForce", "close", "closures", "edit", "in_force", "reopen", "start"]

# What was reckoned by the policy, or by the calendar, has to be reckoned anew.
CHANGED = "policy.changed"


def start(work: Work, name: str, *, reason: str, if_version: int | None = None) -> InForce:
    """Makes a shipped profile the next version; what was set before is in the versions before it.

    Problems: forbidden, policy_invalid, version_mismatch.
    """
    return _next(work, name, profile(name), reason, if_version)


def edit(work: Work, changes: Mapping[str, Any], *, reason: str, if_version: int | None = None) -> InForce:
    """The next version: the present one with some settings changed. The same settings again make no version.

    Problems: forbidden, policy_invalid (names the setting), version_mismatch.
    """
    require(work.actor, Action.MANAGE_POLICIES)
    now = in_force(work.session)
    return _next(work, now.profile, edited(now.policy, changes), reason, if_version)


def close(work: Work, day: date, name: str) -> Closure:
    """The utility is closed on that day; Problem(`conflict`) when it is known already."""
    require(work.actor, Action.MANAGE_POLICIES)
    if work.session.scalar(select(Closure.id).where(Closure.day == day)) is not None:
        raise Problem("conflict", f"{day} is a closure already.")
    row = Closure(id=new_id(), day=day, name=name, created_at=work.at)
    work.session.add(row)
    journal.changed(work, row, "closure.add")
    journal.enqueue(work, CHANGED, {})
    return row


def reopen(work: Work, closure_id: UUID, *, if_version: int | None = None) -> None:
    """The utility is open on that day after all."""
    require(work.actor, Action.MANAGE_POLICIES)
    row = get(work, Closure, closure_id)
    check_version(row, if_version)
    journal.audit(work, "closure.remove", "closure", row.id, before={"day": row.day.isoformat(), "name": row.name})
    work.session.execute(delete(Closure).where(Closure.id == row.id))
    journal.enqueue(work, CHANGED, {})


def _next(work: Work, name: str, policy: Policy, reason: str, if_version: int | None) -> InForce:
    require(work.actor, Action.MANAGE_POLICIES)
    now = in_force(work.session)
    if if_version is not None and if_version != now.number:
        raise Problem("version_mismatch", current_version=now.number, your_version=if_version)
    unknown = sorted(set(policy.overrides) - {gate.name for gate in GATES})
    if unknown:
        raise Problem(
            "policy_invalid", f"There is no gate {unknown[0]!r} to override.", setting=f"overrides.{unknown[0]}"
        )
    # The law that a profile was made for is not a setting.
    allowed = sorted(set(profile(name).fees.refused) - set(policy.fees.refused))
    if allowed:
        why = f"fees.refused must hold {allowed[0]}: the profile {name} is for where no such fee may be charged."
        raise Problem("policy_invalid", why, setting="fees.refused")
    # A calendar that no country has is found out now, not by the first cut-off.
    of_year(policy.calendar.country, policy.calendar.subdivision, work.at.year)
    if now.number and (now.profile, now.policy) == (name, policy):
        return now
    # Two editors at once meet at the number: one of them is told. The row is its own audit: who, when and why.
    row = PolicyVersion(
        number=now.number + 1,
        profile=name,
        content=policy.to_json(),
        reason=reason,
        made_at=work.at,
        made_by_id=work.actor.staff_id,
    )
    work.session.add(row)
    work.session.flush()
    journal.enqueue(work, CHANGED, {})
    return InForce(row.number, name, policy)
