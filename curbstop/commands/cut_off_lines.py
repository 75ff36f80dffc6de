"""The lines of a cut-off run: what the gates say of each, who comes off the list and why."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from curbstop.commands import gates, journal
from curbstop.commands.cut_off_candidates import Candidate
from curbstop.commands.gates import Checked, Question
from curbstop.commands.many import insert_many, update_many
from curbstop.commands.work import Work
from curbstop.domain.cut_off_runs import NOT_NOTIFIED, PAID, LineState, first_exclusion
from curbstop.domain.cut_offs import Cause, Stage
from curbstop.domain.permissions import Role
from curbstop.domain.problems import Problem
from curbstop.models.among import among
from curbstop.models.cut_off_run import CutOffLine, CutOffRun
from curbstop.models.ids import new_id
from curbstop.models.owed import owed_by
from curbstop.models.staff import Staff

# Lines that are looked at together.
SLICE = 2_000


def add(work: Work, run: CutOffRun, candidates: Sequence[Candidate]) -> None:
    """Lists the candidates, or notes at once which gate keeps one off the list."""
    for start in range(0, len(candidates), SLICE):
        _add(work, run, candidates[start : start + SLICE])


def _add(work: Work, run: CutOffRun, candidates: Sequence[Candidate]) -> None:
    line_ids = [new_id() for _ in candidates]
    questions = [
        Question(cause=Cause(run.cause), cut_on=run.cut_on, account_id=one.account_id, line_id=line_id)
        for line_id, one in zip(line_ids, candidates, strict=True)
    ]
    answers = gates.ask(work, questions, Stage.BUILD, keep=False)
    rows = [
        {
            "id": line_id,
            "run_id": run.id,
            "account_id": one.account_id,
            "service_point_id": one.service_point_id,
            "past_due_cents": one.cents,
            "due_cents": one.cents,
            "excluded_by_id": None,
            "order_id": None,
            "ended_at": None,
            **_standing(checked),
        }
        for line_id, one, checked in zip(line_ids, candidates, answers, strict=True)
    ]
    insert_many(work.session, CutOffLine, rows)
    gates.keep_checks(work, Stage.BUILD, answers)


def question_of(run: CutOffRun, line: CutOffLine, planned: int = 0) -> Question:
    """What is asked about a line."""
    return Question(
        cause=Cause(run.cause),
        cut_on=run.cut_on,
        account_id=line.account_id,
        line_id=line.id,
        order_id=line.order_id,
        planned_that_day=planned,
    )


def look_again(work: Work, run: CutOffRun, stage: Stage) -> None:
    """Asks the gates about every line that is listed; what they block comes off, what waits for a word says for which.

    Lines are taken in the order of what they owe, so that the day's capacity goes to the largest debts.
    """
    work.session.flush()
    lines, crews = _by_debt(work, run), _crews(work)
    for start in range(0, len(lines), SLICE):
        part = lines[start : start + SLICE]
        questions = [question_of(run, line, (start + number) // crews) for number, line in enumerate(part)]
        owed = owed_by(work.session, [line.account_id for line in part])
        rows = []
        for line, checked in zip(part, gates.ask(work, questions, stage), strict=True):
            cents = owed[line.account_id].cents if line.account_id in owed else 0
            found = _standing(checked)
            if cents == 0:
                found = _off(PAID, "Everything past due is paid.")
            rows.append({"id": line.id, "due_cents": cents, **found})
        update_many(work.session, CutOffLine, rows, keys=("id",))
    work.session.expire_all()


def planned_before(work: Work, run: CutOffRun, line: CutOffLine) -> int:
    """How many of the list's cut-offs each of the day's people has before this line's turn, as `look_again` asks it."""
    before = [one.id for one in _by_debt(work, run)]
    return before.index(line.id) // _crews(work) if line.id in before else 0


def _by_debt(work: Work, run: CutOffRun) -> list[CutOffLine]:
    return sorted(listed(work, run), key=lambda line: (-line.due_cents, line.id))


def _standing(checked: Checked) -> dict[str, Any]:
    """A line's columns by what the gates said of it."""
    blocked = first_exclusion(checked.asked.objections)
    if blocked is not None:
        return _off(*blocked)
    awaits = [answer.gate for answer in checked.asked.objections]
    return {
        "state": LineState.LISTED.value,
        "awaits": awaits,
        "excluded_code": None,
        "excluded_reason": None,
    }


def _off(code: str, reason: str) -> dict[str, Any]:
    return {
        "state": LineState.EXCLUDED.value,
        "awaits": [],
        "excluded_code": NOT_NOTIFIED if code == "no_notice" else code,
        "excluded_reason": reason,
    }


def exclude(work: Work, lines: Sequence[tuple[CutOffLine, str, str]]) -> None:
    """Takes lines off by a person's word, each with its code and its reason."""
    for line, code, reason in lines:
        line.state, line.awaits = LineState.EXCLUDED.value, []
        line.excluded_code, line.excluded_reason = code, reason
        line.excluded_by_id, line.ended_at = work.actor.staff_id, work.at
    work.session.flush()
    said = [(line.id, None, {"code": code, "reason": reason}) for line, code, reason in lines]
    journal.audit_many(work, "exclude", "cut_off_line", said)


def of_run(work: Work, run: CutOffRun, line_ids: Sequence[UUID]) -> list[CutOffLine]:
    """These lines of the run, in the order asked for, or Problem(`not_found`) that names those which are not."""
    mine = select(CutOffLine).where(CutOffLine.run_id == run.id, among(work.session, CutOffLine.id, line_ids))
    found = {line.id: line for line in work.session.scalars(mine)}
    missing = [str(line_id) for line_id in line_ids if line_id not in found]
    if missing:
        raise Problem("not_found", f"{len(missing)} of these lines are not of this run.", missing=missing[:20])
    return [found[line_id] for line_id in dict.fromkeys(line_ids)]


def listed(work: Work, run: CutOffRun) -> list[CutOffLine]:
    """The lines that are still to be cut off."""
    mine = CutOffLine.run_id == run.id, CutOffLine.state == LineState.LISTED.value
    return list(work.session.scalars(select(CutOffLine).where(*mine).order_by(CutOffLine.id)))


def _crews(work: Work) -> int:
    """How many people may turn valves in the field; one at least."""
    rows = work.session.execute(select(Staff.roles, Staff.skills).where(Staff.active)).all()
    field = {Role.TECH.value, Role.LEAD.value}
    return max(1, sum(bool(field & set(roles)) and "valves" in skills for roles, skills in rows))


def ids(lines: Sequence[CutOffLine]) -> list[str]:
    """The ids of the first fifty, for a refusal."""
    return [str(line.id) for line in lines[:50]]


def count(work: Work, run: CutOffRun) -> dict[str, tuple[int, int]]:
    """Lines and cents (as they were listed) by state."""
    rows = work.session.execute(
        select(CutOffLine.state, func.count(), func.sum(CutOffLine.past_due_cents))
        .where(CutOffLine.run_id == run.id)
        .group_by(CutOffLine.state)
    )
    return {state: (lines, int(cents)) for state, lines, cents in rows}
