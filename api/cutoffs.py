"""Cut-off runs: the list, its proof, notices, approval and release, and why somebody was or was not cut off."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.context import context
from api.core.schemas import Day, Flag, Free, Id, Many, Moment, Part, Text, Whole
from api.service_order_schemas import NULL
from api.service_orders import ReasonBody
from curbstop.commands import cut_off_notices as notices
from curbstop.commands import cut_off_releases as releases
from curbstop.commands import cut_off_runs as commands
from curbstop.commands.cut_off_candidates import NewRun
from curbstop.domain.cut_off_runs import LineState, RunStage
from curbstop.domain.cut_offs import Cause
from curbstop.models.cut_off_run import CutOffRun
from curbstop.queries import cut_off_runs as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint(
    "cutoffs", "cutoffs", url_prefix="/cutoffs", description="Lists of who is to be cut off, to their last line."
)

CAUSES = [Cause.NONPAYMENT.value, Cause.RETURNED_PAYMENT.value]
STAGES = [*(stage.value for stage in RunStage), queries.IN_FIELD]
LINE_STATES = [state.value for state in LineState]
CENTS = 10**12
MOST = 1_000
METHODS = ("first_class", "certified", "posted", "hand_delivered")
STEP = ("impossible_transition",)


class CutOffRunAnswer(Answer):
    id = Id("The run's id.")
    version = Whole("The version, also in the ETag.", 3)
    number = Text("The number for people.", "CR-2026-00012")
    cause = Text("What for.", "nonpayment", choices=CAUSES)
    cut_on = Day("The day of the cut.")
    stage = Text("Where it is.", "finalised", choices=STAGES)
    taken_from = Free("What the list was taken from.", {"service_class": "residential"})
    policy_number = Whole("The policy's version when it was built.", 3)
    payments_as_of = Moment("Up to when payments are in.", **NULL)
    created_at = Moment("When it was built.")
    built_by_id = Id("Who built it.", **NULL)
    finalised_by_id = Id("Who finalised it.", **NULL)
    approved_by_id = Id("Who approved it.", **NULL)
    approved_at = Moment("When.", **NULL)
    released_at = Moment("When its orders were made.", **NULL)
    ended_at = Moment("When it was closed or abandoned.", **NULL)
    end_reason = Text("Why it was abandoned.", "Wrong cycle.", **NULL)


class CutOffRunWholeAnswer(CutOffRunAnswer):
    sums = Free(
        "Lines and cents by how they stand; when it is closed, the endings come to the total.",
        {"total": {"lines": 4, "cents": 33_620}, "cut": {"lines": 1, "cents": 8_420}},
    )


class CutOffLineAnswer(Answer):
    id = Id("The line's id.")
    account_id = Id("The account.")
    account_number = Text("Its number.", "AC-000123")
    customer_name = Text("Whose it is.", "Pat Customer")
    address = Text("Where.", "12 Main St")
    city = Text("Where.", "Millbrook", **NULL)
    service_point_id = Id("The service point.")
    state = Text("How it stands.", "listed", choices=LINE_STATES)
    past_due_cents = Whole("What was past due when it was listed.", 8_420, most=CENTS)
    due_cents = Whole("What was past due at the last look.", 8_420, most=CENTS)
    awaits = Many(Text("A gate.", "critical"), "The gates that need somebody's override.")
    excluded_code = Text("Why it is off the list, as a code.", "dispute_open", **NULL)
    excluded_reason = Text("Why, in words.", "A dispute or hearing is open.", **NULL)
    order_id = Id("Its order.", **NULL)
    order_number = Text("Its order's number.", "SO-2026-00123", **NULL)
    order_state = Text("Where the order is.", "assigned", **NULL)
    ended_at = Moment("When it ended.", **NULL)


class CutOffRunQuery(PageQuery):
    sort = Sort("created_at", "cut_on")
    stage = Text("Only runs that are there.", "approved", choices=STAGES, load_default=None)
    cause = Text("Only for this cause.", "nonpayment", choices=CAUSES, load_default=None)


class CutOffLineQuery(PageQuery):
    sort = Sort("due_cents", "account_number")
    state = Text("Only lines that stand so.", "listed", choices=LINE_STATES, load_default=None)
    awaits = Flag("Only lines that need somebody's override, or only the others.", True, load_default=None)


class CutOffBuildBody(Body):
    cause = Text("What for.", "nonpayment", choices=CAUSES, load_default=Cause.NONPAYMENT.value)
    cut_on = Day("The day of the cut; leave the notices their time.", required=True)
    cycle_id = Id("Only accounts that this cycle reads.", load_default=None)
    service_class = Text("Only this class of service.", "residential", longest=20, load_default=None)
    account_ids = Many(Id("An account."), f"Only these, at most {MOST}, whatever they owe.", most=MOST, load_default=())


class CutOffExclusionBody(Body):
    line_id = Id("The line.", required=True)
    reason = Text("Why it comes off.", "On a plan since today.", required=True, shortest=1, longest=500)


class CutOffExclusionsBody(Body):
    lines = Many(Part(CutOffExclusionBody, "A line."), f"At most {MOST}.", most=MOST, required=True)


class CutOffInclusionsBody(Body):
    line_ids = Many(Id("A line."), f"At most {MOST}.", most=MOST, required=True)


class CutOffNoticesBody(Body):
    mailed_on = Day("The day on which they were mailed.", required=True)
    method = Text("How.", "first_class", choices=METHODS, required=True)
    proof = Text("What a hearing would be shown.", "Print job 17", required=True, shortest=1, longest=200)
    line_ids = Many(Id("A line."), "Only these lines; all that are listed by default.", most=MOST, load_default=None)


class CutOffFinaliseBody(Body):
    payments_as_of = Moment("Up to when all payments are in.", required=True)
    cut_on = Day("Another day for the cut.", load_default=None)


class CutOffApproveBody(Body):
    exclude_awaiting = Flag("Leave out the lines that wait for an override.", False, load_default=False)


class GateOverrideBody(Body):
    gate = Text("The rule.", "critical", required=True, shortest=1, longest=20)
    reason = Text("Why it may go ahead.", "Closed for the summer.", required=True, shortest=1, longest=500)


class GateAnswer(Answer):
    gate = Text("The rule.", "notice")
    ruling = Text("What it says.", "allow", choices=["allow", "needs_override", "block"])
    code = Text("What stands against it, as a code.", "no_notice", **NULL)
    detail = Text("In words.", "No final notice was mailed.")
    overridden = Flag("Whether somebody overrode it.", False)
    asked_at = Moment("When it was asked last.")


class SentenceAnswer(Answer):
    at = Moment("When.")
    says = Text("What happened.", "The final notice was mailed on 2026-05-04.")


class CutOffExplanationAnswer(Answer):
    line_id = Id("The line.")
    account_number = Text("The account.", "AC-000123")
    answer = Text("What to tell the caller.", "AC-000123 was not cut off: everything past due is paid.")
    story = Many(Part(SentenceAnswer, "A thing that happened."), "What happened, in order.")
    gates = Many(Part(GateAnswer, "A rule."), "Every rule with what it said when it was asked last.")
    policy_number = Whole("The policy's version of the last asking.", 3, **NULL)


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
