"""What the API says and takes about access issues."""

from api.core import Answer, Body, PageQuery, Sort
from api.core.schemas import Anything, Day, Flag, Free, Id, Many, Moment, Part, Text, Whole
from api.service_order_schemas import NULL
from curbstop.commands import access_issues as commands
from curbstop.domain.access_issues import AccessState
from curbstop.domain.access_remedies import Remedy
from curbstop.domain.letters import LetterState, Recipient
from curbstop.domain.outcomes import load_code_tables

STATES = [state.value for state in AccessState]
CATEGORIES = sorted(load_code_tables().access_categories)
RECIPIENTS = [one.value for one in Recipient]


class AccessIssueAnswer(Answer):
    id = Id("The access issue's id.")
    version = Whole("The version, also in the ETag.", 2)
    service_point_id = Id("Where it is.")
    service_point_number = Text("The service point's number.", "SP-000042")
    address = Text("The address.", "12 Main St")
    city = Text("The city.", "Millbrook", **NULL)
    category = Text("What is in the way.", "FOLIAGE", choices=CATEGORIES)
    state = Text("Where it stands.", "reported", choices=STATES)
    utility_fault = Flag("Whether it is ours to mend; then no letter is written.", False)
    occurrences = Whole("How often it was met.", 2)
    note = Text("What was said of it, a line each.", "Hedge is 3 ft high.", **NULL)
    photos = Whole("How many photos of it were taken.", 1)
    reported_by_id = Id("Who reported it first; null when the system did.", **NULL)
    reported_by_name = Text("Who reported it first, by name.", "Tess Okafor", **NULL)
    first_seen_at = Moment("When it was met first.")
    last_seen_at = Moment("When it was met last.")
    cleared_at = Moment("When it was found gone.", **NULL)
    round = Whole("How often it began: it grows each time that it opens again.", 1)
    age_days = Whole("Days since it was met first.", 17)
    due_on = Day("The customer's last day; null while no clock runs.", **NULL)
    stopped_on = Day("Since when the clock stands still, because a letter came back.", **NULL)
    stopped_because = Text("Why the clock does not run.", "LT-2026-00012 came back: Moved.", **NULL)
    confirmed_at = Moment("When a visit after the customer's time found it still there.", **NULL)
    next_step = Text("What comes next, in words for the telephone.", "The customer has until 2026-05-21.")
    created_at = Moment("When it was entered.")
    updated_at = Moment("When it was last changed.")


class AccessStepAnswer(Answer):
    event = Text("What happened.", "mail_letter")
    from_state = Text("From which state; null where it began.", "open", **NULL)
    to_state = Text("To which.", "notice1", choices=STATES)
    at = Moment("When.")
    by_name = Text("Who did it; null when the system did.", "Carla Reyes", **NULL)
    reason = Text("Why.", "The customer called.", **NULL)
    policy_number = Whole("By which version of the policy.", 3)
    facts = Free("What belongs to it.", {"due_on": "2026-05-21"})


class AccessLetterAnswer(Answer):
    letter_id = Id("The letter.")
    number = Text("Its number.", "LT-2026-00012")
    stage = Whole("Which of the three.", 1)
    round = Whole("In which round.", 1)
    recipient = Text("To whom.", "owner", choices=RECIPIENTS)
    state = Text("Where it is.", "mailed", choices=[state.value for state in LetterState])
    respond_by = Day("The last day that it names.")
    until = Day("The last day that counts.", **NULL)
    mailed_on = Day("When it was mailed.", **NULL)
    method = Text("How.", "certified", **NULL)
    tracking = Text("The post's number.", "7020 0640", **NULL)
    ended_on = Day("When it was delivered, or came back.", **NULL)
    reason = Text("Why it came back, or is void.", "Moved, left no address.", **NULL)
    replaced = Flag("Whether another was sent in its place.", False)
    out_of_turn = Flag("Whether it was mailed when nothing waited for it, and so counts for nothing.", False)


class AccessOrderAnswer(Answer):
    id = Id("The order.")
    number = Text("Its number.", "SO-2026-00123")
    type_code = Text("Its type.", "ACC_CHK")
    state = Text("Its state.", "posted")
    outcome = Text("How it ended.", "DONE", **NULL)
    created_at = Moment("When it was made.")
    completed_at = Moment("When it was done.", **NULL)


class AccessPhotoAnswer(Answer):
    id = Id("The photo.")
    order_id = Id("The visit's order; null of a report.", **NULL)
    label = Text("What it shows.", "photo")
    noted_at = Moment("When it was taken.")
    stored_at = Moment("When it came in.", **NULL)


class AccessContactAnswer(Answer):
    at = Moment("When.")
    account_number = Text("The account.", "AC-000123")
    channel = Text("How.", "phone")
    direction = Text("Who called.", "in")
    result = Text("What came of it.", "none")
    note = Text("What was said.", "Will trim it on Saturday.", **NULL)


class AccessStoryAnswer(Answer):
    issue = Part(AccessIssueAnswer, "The issue, with its next step.")
    steps = Many(Part(AccessStepAnswer, "A step."), "What happened, oldest first.")
    letters = Many(Part(AccessLetterAnswer, "A letter."), "Its letters.")
    orders = Many(Part(AccessOrderAnswer, "An order."), "Its orders.")
    photos = Many(Part(AccessPhotoAnswer, "A photo."), "Its photos.")
    contacts = Many(Part(AccessContactAnswer, "A contact."), "What was said to the customer about access.")


class AccessIssueNew(Body):
    service_point_id = Id("Where it is.", required=True)
    category = Text("What is in the way.", "FOLIAGE", required=True, choices=CATEGORIES)
    note = Text("What there is to say.", "Hedge is 3 ft high.", longest=4000, allow_none=True)


class TriageBody(Body):
    decision = Text(
        "`open`: the customer's to mend. `utility_fault`: ours. `dismiss`: nothing in it.",
        "open",
        required=True,
        choices=list(commands.DECISIONS),
    )
    reason = Text("Why.", "The hedge is the customer's.", longest=2000, load_default=None, allow_none=True)


class AccessIssueQuery(PageQuery):
    sort = Sort("first_seen_at", "last_seen_at")
    state = Many(Text("A state.", "reported", choices=STATES), "Only in these states.", ["open"], load_default=list)
    category = Text("Only of this category.", "FOLIAGE", choices=CATEGORIES, load_default=None)
    service_point_id = Id("Only at this service point.", load_default=None)
    open = Flag("Only those that stand, or only those that ended.", True, load_default=None)
    stopped = Flag("Only those whose clock stands still because a letter came back.", True, load_default=None)
    due_by = Day("Only those whose customer has time until then at the latest.", load_default=None)


class AccessLettersBody(Body):
    mailed_on = Day("The day on which they are to be in the mail; today by default.", load_default=None)


class AccessSendAgainBody(AccessLettersBody):
    letter_id = Id("The letter that came back.", required=True)
    recipient = Text("To whom; by default to whom it went.", "owner", choices=RECIPIENTS, load_default=None)


class AccessReasonBody(Body):
    reason = Text("Why.", "The customer says that it is trimmed.", required=True, shortest=1, longest=2000)


class AccessProposalBody(AccessReasonBody):
    remedy = Text("What to do.", "field_visit_fee", required=True, choices=[one.value for one in Remedy])


class AccessEstimateBody(AccessReasonBody):
    value = Text("The guessed digits.", "001234", required=True, shortest=1, longest=12)


class AccessEstimateAnswer(Answer):
    id = Id("The reading.")
    value = Anything("Its digits.", "1234")
    kind = Text("What it is.", "estimated")
    flags = Many(Text("A remark.", "access_issue"), "What is remarked on it.")
