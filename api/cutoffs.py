"""Cut-off runs: the list, its proof, notices, approval and release, and why somebody was or was not cut off."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Blueprint, actor, creates, edits, page_of, reading, writing
from api.core.context import context
from api.cutoff_schemas import (
    CutOffApproveBody,
    CutOffBuildBody,
    CutOffExclusionsBody,
    CutOffExplanationAnswer,
    CutOffFinaliseBody,
    CutOffInclusionsBody,
    CutOffLettersAnswer,
    CutOffLettersBody,
    CutOffLineAnswer,
    CutOffLineQuery,
    CutOffNoticesBody,
    CutOffRunAnswer,
    CutOffRunQuery,
    CutOffRunWholeAnswer,
    GateOverrideBody,
)
from api.service_orders import ReasonBody
from curbstop.commands import cut_off_letters
from curbstop.commands import cut_off_notices as notices
from curbstop.commands import cut_off_releases as releases
from curbstop.commands import cut_off_runs as commands
from curbstop.commands.cut_off_candidates import NewRun
from curbstop.domain.cut_offs import Cause
from curbstop.models.cut_off_run import CutOffRun
from curbstop.queries import cut_off_runs as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint(
    "cutoffs", "cutoffs", url_prefix="/cutoffs", description="Lists of who is to be cut off, to their last line."
)

STEP = ("impossible_transition",)


@blp.operation("POST", "", body=CutOffBuildBody, answer=CutOffRunWholeAnswer, problems=("invalid", "conflict"))
@creates("/cutoffs/{id}")
def build_run(body: dict[str, Any]) -> dict[str, Any]:
    """List every account that owes enough, with the reason where a rule keeps one off the list."""
    new = NewRun(**{**body, "cause": Cause(body["cause"]), "account_ids": tuple(body["account_ids"])})
    with writing() as work:
        made = commands.build(work, new)
        return queries.run(work.session, work.actor, made.id)


@blp.operation("GET", "", query=CutOffRunQuery, answer=page_of(CutOffRunAnswer))
def list_runs(query: dict[str, Any], page: PageRequest) -> Page[CutOffRun]:
    """Runs, newest last."""
    with reading() as session:
        return queries.runs(session, actor(), page, **query)


@blp.operation("GET", "/<uuid:run_id>", answer=CutOffRunWholeAnswer)
def get_run(run_id: UUID) -> dict[str, Any]:
    """One run with its sums."""
    with reading() as session:
        return queries.run(session, actor(), run_id)


@blp.operation("GET", "/<uuid:run_id>/lines", query=CutOffLineQuery, answer=page_of(CutOffLineAnswer))
def list_lines(run_id: UUID, query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """The run's lines."""
    with reading() as session:
        return queries.lines(session, actor(), page, run_id, **query)


def _whole(run_id: UUID, command: Any, **said: Any) -> dict[str, Any]:
    with writing() as work:
        command(work, run_id, **said)
        return queries.run(work.session, work.actor, run_id)


@blp.operation(
    "POST", "/<uuid:run_id>/exclusions", body=CutOffExclusionsBody, answer=CutOffRunWholeAnswer,
    problems=(*STEP, "not_found", "conflict"),
)  # fmt: skip
@edits
def exclude_lines(run_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Take lines off the list, each with its reason."""
    reasons = {one["line_id"]: one["reason"] for one in body["lines"]}
    return _whole(run_id, commands.exclude, reasons=reasons, if_version=if_version)


@blp.operation(
    "POST", "/<uuid:run_id>/inclusions", body=CutOffInclusionsBody, answer=CutOffRunWholeAnswer,
    problems=(*STEP, "not_found", "conflict"),
)  # fmt: skip
@edits
def include_lines(run_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Put lines back that somebody took off."""
    return _whole(run_id, commands.include, **body, if_version=if_version)


@blp.operation("POST", "/<uuid:run_id>/proof", answer=CutOffRunWholeAnswer, problems=STEP)
@edits
def proof_run(run_id: UUID, if_version: int | None) -> dict[str, Any]:
    """Billing has gone through the list."""
    return _whole(run_id, commands.proof, if_version=if_version)


@blp.operation(
    "POST", "/<uuid:run_id>/notices", body=CutOffNoticesBody, answer=CutOffRunWholeAnswer,
    problems=(*STEP, "invalid", "not_found"),
)  # fmt: skip
@edits
def note_run_notices(run_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Say that the final notices were mailed, and how that is proved."""
    return _whole(run_id, notices.note_notices, **body, if_version=if_version)


@blp.operation(
    "POST", "/<uuid:run_id>/letters", body=CutOffLettersBody, answer=CutOffLettersAnswer,
    problems=(*STEP, "invalid"),
)  # fmt: skip
@edits
def draft_notices(run_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, int]:
    """Draft a final notice for every line that has none; approve and mail them as letters."""
    with writing() as work:
        return {"letters": len(cut_off_letters.draft(work, run_id, **body, if_version=if_version))}


@blp.operation(
    "POST", "/<uuid:run_id>/finalise", body=CutOffFinaliseBody, answer=CutOffRunWholeAnswer,
    problems=(*STEP, "invalid", "gate_blocked"),
)  # fmt: skip
@edits
def finalise_run(run_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Look again at every line after the payments that are in."""
    return _whole(run_id, commands.finalise, **body, if_version=if_version)


@blp.operation(
    "POST", "/<uuid:run_id>/approve", body=CutOffApproveBody, answer=CutOffRunWholeAnswer,
    problems=(*STEP, "four_eyes", "gate_blocked", "override_needed", "conflict"),
)  # fmt: skip
@edits
def approve_run(run_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Answer for the list: somebody else than its builder."""
    return _whole(run_id, commands.approve, **body, if_version=if_version)


@blp.operation(
    "POST", "/<uuid:run_id>/release", answer=CutOffRunWholeAnswer,
    problems=(*STEP, "conflict", "order_type_inactive"),
)  # fmt: skip
@edits
def release_run(run_id: UUID, if_version: int | None) -> dict[str, Any]:
    """Make the orders of an approved list."""
    return _whole(run_id, releases.release, if_version=if_version)


@blp.operation("POST", "/<uuid:run_id>/recall", body=ReasonBody, answer=CutOffRunWholeAnswer, problems=STEP)
@edits
def recall_run(run_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Call back every order of the run that is not done."""
    return _whole(run_id, releases.recall, **body, if_version=if_version)


@blp.operation("POST", "/<uuid:run_id>/close", answer=CutOffRunWholeAnswer, problems=(*STEP, "lines_open"))
@edits
def close_run(run_id: UUID, if_version: int | None) -> dict[str, Any]:
    """End the run: every line is cut, recalled, returned or excluded."""
    return _whole(run_id, releases.close, if_version=if_version)


@blp.operation("POST", "/<uuid:run_id>/abandon", body=ReasonBody, answer=CutOffRunWholeAnswer, problems=STEP)
@edits
def abandon_run(run_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """End a list that made no orders."""
    return _whole(run_id, commands.abandon, **body, if_version=if_version)


@blp.operation(
    "POST", "/<uuid:run_id>/lines/<uuid:line_id>/overrides", body=GateOverrideBody, answer=CutOffLineAnswer,
    problems=("invalid", "not_found", "not_overridable"),
)  # fmt: skip
def override_line(run_id: UUID, line_id: UUID, body: dict[str, Any]) -> Row[Any]:
    """Let one line go ahead past a rule, by name and with a reason."""
    with writing() as work:
        commands.override(work, run_id, line_id, **body)
        return queries.line(work.session, work.actor, run_id, line_id)


@blp.operation("GET", "/<uuid:run_id>/lines/<uuid:line_id>/explain", answer=CutOffExplanationAnswer)
def explain_line(run_id: UUID, line_id: UUID) -> queries.Explanation:
    """Why the account was or was not cut off, in plain words."""
    found = context()
    with reading() as session:
        return queries.explain(session, actor(), found.settings, run_id, line_id)
