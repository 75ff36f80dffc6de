"""The shapes of cut-off runs in the API: a run, its lines, what is said of them, and why one was or was not cut."""

from api.core import Answer, Body, PageQuery, Sort
from api.core.schemas import Day, Flag, Free, Id, Many, Moment, Part, Text, Whole
from api.service_order_schemas import NULL
from curbstop.domain.cut_off_runs import LineState, RunStage
from curbstop.domain.cut_offs import Cause
from curbstop.queries.cut_off_runs import IN_FIELD

CAUSES = [Cause.NONPAYMENT.value, Cause.RETURNED_PAYMENT.value]
STAGES = [*(stage.value for stage in RunStage), IN_FIELD]
LINE_STATES = [state.value for state in LineState]
CENTS = 10**12
MOST = 1_000
METHODS = ("first_class", "certified", "posted", "hand_delivered")


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


class CutOffLettersBody(Body):
    mailed_on = Day("When they are to be in the mail; their time counts from then.", required=True)


class CutOffLettersAnswer(Answer):
    letters = Whole("How many were drafted.", 212)


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
