"""Who may do what: the permission matrix, and the two questions every command asks of it.

Long because the matrix is one table, and the reasons for its rows stand beside it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from curbstop.domain.problems import Problem

if TYPE_CHECKING:
    from curbstop.domain.actors import Actor


class Role(StrEnum):
    """What a member of staff (or another system) is to the utility."""

    TECH = "TECH"
    LEAD = "LEAD"
    DSP = "DSP"
    CSR = "CSR"
    BIL = "BIL"
    GIS = "GIS"
    SUP = "SUP"
    ADM = "ADM"
    AUD = "AUD"
    INT = "INT"


ROLE_NAMES = {
    Role.TECH: "technician",
    Role.LEAD: "crew lead",
    Role.DSP: "dispatcher",
    Role.CSR: "customer service representative",
    Role.BIL: "billing lead",
    Role.GIS: "GIS editor",
    Role.SUP: "field supervisor",
    Role.ADM: "administrator",
    Role.AUD: "auditor (reads only)",
    Role.INT: "integration (another system)",
}


class Grant(StrEnum):
    """How far a permission reaches; a command narrows anything but YES itself."""

    YES = "yes"
    OWN = "own"
    CREW = "crew"
    FOUND_WORK = "found_work"
    PROPOSE = "propose"
    APPROVE = "approve"
    GEO_ONLY = "geo_only"
    ASSIGNED_IN_WINDOW = "assigned_in_window"
    PAYMENT_ONLY = "payment_only"
    SCOPED = "scoped"
    PER_GATE = "per_gate"
    NOT_THE_BUILDER = "not_the_builder"


GRANT_NAMES = {
    Grant.YES: "without limit",
    Grant.OWN: "their own: assigned to them, or of an order type their role creates",
    Grant.CREW: "their own crew's",
    Grant.FOUND_WORK: "work they found in the field",
    Grant.PROPOSE: "as a proposal that somebody else approves",
    Grant.APPROVE: "approving what somebody else proposed",
    Grant.GEO_ONLY: "places and shapes only, no customer",
    Grant.ASSIGNED_IN_WINDOW: "while assigned to them, within the work window",
    Grant.PAYMENT_ONLY: "because of a payment",
    Grant.SCOPED: "what the integration was set up for",
    Grant.PER_GATE: "the gates that name the role",
    Grant.NOT_THE_BUILDER: "unless they built it: two different people",
}


class Action(StrEnum):
    """Everything that permission is asked for. A code is public and never reused."""

    VIEW_OWN_ORDERS = "view_own_orders"
    VIEW_ALL_ORDERS = "view_all_orders"
    CREATE_ORDER = "create_order"
    CREATE_CUT_OFF_NP = "create_cut_off_np"
    APPROVE_CUT_OFF_RUN = "approve_cut_off_run"
    OVERRIDE_GATE = "override_gate"
    DISPATCH = "dispatch"
    RECALL_ORDER = "recall_order"
    FIELD_EVENTS = "field_events"
    ENTER_READING_FOR_OTHER = "enter_reading_for_other"
    REVIEW_ORDER = "review_order"
    POST_OWN_COMPLETION = "post_own_completion"
    DISPOSE_EDIT_LIST = "dispose_edit_list"
    LOCK_EDIT_LIST = "lock_edit_list"
    REPORT_ACCESS_ISSUE = "report_access_issue"
    WRITE_LETTER = "write_letter"
    ESCALATE_LETTER = "escalate_letter"
    WRITE_CONTACT_LOG = "write_contact_log"
    PROPOSE_ROUTE = "propose_route"
    PUBLISH_ROUTE = "publish_route"
    READ_SECRETS = "read_secrets"
    MANAGE_POLICIES = "manage_policies"
    EXPORT_FILES = "export_files"
    READ_AUDIT = "read_audit"
    # Not rows of the reference matrix: see ADDED below for the reasons.
    EDIT_ORDER = "edit_order"
    HOLD_ORDER = "hold_order"
    HOLD_ACCOUNT = "hold_account"
    EXCHANGE_BILLING = "exchange_billing"
    DECLARE_MORATORIUM = "declare_moratorium"
    TELL_WEATHER = "tell_weather"
    VIEW_CUT_OFF_RUNS = "view_cut_off_runs"
    VIEW_LETTERS = "view_letters"
    MANAGE_LETTER_TEMPLATES = "manage_letter_templates"
    CANCEL_ORDER = "cancel_order"
    OVERRIDE_DUPLICATE = "override_duplicate"
    CORRECT_POSTED_ORDER = "correct_posted_order"
    SYNC_TABLET = "sync_tablet"
    VIEW_CONFLICTS = "view_conflicts"
    RESOLVE_CONFLICTS = "resolve_conflicts"
    GIVE_VOICE_CODE = "give_voice_code"
    WAIVE_PHOTO = "waive_photo"
    VIEW_SUPERVISOR_TASKS = "view_supervisor_tasks"
    FINISH_SUPERVISOR_TASK = "finish_supervisor_task"
    SEARCH = "search"
    VIEW_CUSTOMERS = "view_customers"
    EDIT_CUSTOMERS = "edit_customers"
    VIEW_NETWORK = "view_network"
    EDIT_SERVICE_POINTS = "edit_service_points"
    EDIT_GEOMETRY = "edit_geometry"
    WRITE_SECRETS = "write_secrets"
    EDIT_METERS = "edit_meters"
    PROPOSE_CHANGE_OUTS = "propose_change_outs"
    END_LOCK = "end_lock"
    TELL_AMI_EVENTS = "tell_ami_events"
    VIEW_TAMPER_CASES = "view_tamper_cases"
    CLOSE_AMI_EVENT = "close_ami_event"
    TRIAGE_ACCESS_ISSUE = "triage_access_issue"
    VIEW_ACCESS_ISSUES = "view_access_issues"
    IMPORT_DATA = "import_data"
    VIEW_CODE_TABLES = "view_code_tables"
    VIEW_STAFF = "view_staff"
    MANAGE_STAFF = "manage_staff"
    MANAGE_STAFF_CALENDARS = "manage_staff_calendars"
    MANAGE_SCHEDULES = "manage_schedules"
    VIEW_TABLETS = "view_tablets"
    MANAGE_TABLETS = "manage_tablets"
    RESCUE_WORK = "rescue_work"
    SETTLE_INCIDENT = "settle_incident"
    VIEW_TAPS = "view_taps"
    KEEP_TAPS = "keep_taps"
    RECORD_LOCATE_TICKET = "record_locate_ticket"
    VIEW_TEMP_SERVICES = "view_temp_services"
    KEEP_TEMP_SERVICES = "keep_temp_services"
    VIEW_DEVELOPMENTS = "view_developments"
    KEEP_DEVELOPMENTS = "keep_developments"


_Cell = Grant | None
_Row = tuple[_Cell, _Cell, _Cell, _Cell, _Cell, _Cell, _Cell, _Cell, _Cell, _Cell]

NO = None
Y = Grant.YES
OWN, CREW, FOUND = Grant.OWN, Grant.CREW, Grant.FOUND_WORK
PROP, APPR, GEO = Grant.PROPOSE, Grant.APPROVE, Grant.GEO_ONLY
WIN, PAY, SCOP, GATE, TWO = (
    Grant.ASSIGNED_IN_WINDOW, Grant.PAYMENT_ONLY, Grant.SCOPED, Grant.PER_GATE, Grant.NOT_THE_BUILDER,
)  # fmt: skip

# fmt: off
_ROWS: dict[Action, _Row] = {
    #                                 TECH   LEAD  DSP   CSR   BIL   GIS   SUP   ADM   AUD   INT
    Action.VIEW_OWN_ORDERS:          (Y,     Y,    Y,    Y,    Y,    NO,   Y,    NO,   Y,    Y),
    Action.VIEW_ALL_ORDERS:          (NO,    CREW, Y,    Y,    Y,    GEO,  Y,    NO,   Y,    SCOP),
    Action.CREATE_ORDER:             (FOUND, Y,    Y,    Y,    Y,    NO,   Y,    NO,   NO,   Y),
    Action.CREATE_CUT_OFF_NP:        (NO,    NO,   NO,   PROP, Y,    NO,   APPR, NO,   NO,   NO),
    Action.APPROVE_CUT_OFF_RUN:      (NO,    NO,   NO,   NO,   TWO,  NO,   TWO,  NO,   NO,   NO),
    Action.OVERRIDE_GATE:            (NO,    NO,   NO,   NO,   GATE, NO,   Y,    NO,   NO,   NO),
    Action.DISPATCH:                 (NO,    CREW, Y,    NO,   NO,   NO,   Y,    NO,   NO,   NO),
    Action.RECALL_ORDER:             (NO,    NO,   Y,    Y,    Y,    NO,   Y,    NO,   NO,   PAY),
    Action.FIELD_EVENTS:             (Y,     Y,    NO,   NO,   NO,   NO,   Y,    NO,   NO,   NO),
    Action.ENTER_READING_FOR_OTHER:  (NO,    CREW, NO,   Y,    Y,    NO,   Y,    NO,   NO,   NO),
    Action.REVIEW_ORDER:             (NO,    NO,   NO,   Y,    Y,    NO,   Y,    NO,   NO,   NO),
    Action.POST_OWN_COMPLETION:      (NO,    NO,   NO,   NO,   NO,   NO,   NO,   NO,   NO,   NO),
    Action.DISPOSE_EDIT_LIST:        (NO,    NO,   NO,   Y,    Y,    NO,   NO,   NO,   NO,   NO),
    Action.LOCK_EDIT_LIST:           (NO,    NO,   NO,   NO,   Y,    NO,   NO,   NO,   NO,   NO),
    Action.REPORT_ACCESS_ISSUE:      (Y,     Y,    Y,    Y,    Y,    NO,   Y,    NO,   NO,   NO),
    Action.WRITE_LETTER:             (NO,    NO,   NO,   Y,    Y,    NO,   Y,    NO,   NO,   NO),
    Action.ESCALATE_LETTER:          (NO,    NO,   NO,   NO,   APPR, NO,   APPR, NO,   NO,   NO),
    Action.WRITE_CONTACT_LOG:        (NO,    NO,   NO,   Y,    Y,    NO,   NO,   NO,   NO,   NO),
    Action.PROPOSE_ROUTE:            (PROP,  PROP, Y,    NO,   NO,   Y,    Y,    NO,   NO,   NO),
    Action.PUBLISH_ROUTE:            (NO,    NO,   NO,   NO,   NO,   Y,    NO,   NO,   NO,   NO),
    Action.READ_SECRETS:             (WIN,   WIN,  NO,   Y,    NO,   NO,   Y,    NO,   NO,   NO),
    Action.MANAGE_POLICIES:          (NO,    NO,   NO,   NO,   NO,   NO,   NO,   Y,    NO,   NO),
    Action.EXPORT_FILES:             (NO,    NO,   NO,   Y,    Y,    NO,   NO,   NO,   NO,   Y),
    Action.READ_AUDIT:               (NO,    NO,   NO,   NO,   NO,   NO,   Y,    Y,    Y,    NO),
    #                                 TECH   LEAD  DSP   CSR   BIL   GIS   SUP   ADM   AUD   INT
    Action.EDIT_ORDER:               (NO,    NO,   Y,    Y,    Y,    NO,   Y,    NO,   NO,   NO),
    Action.HOLD_ORDER:               (NO,    NO,   Y,    Y,    NO,   NO,   Y,    NO,   NO,   NO),
    Action.HOLD_ACCOUNT:             (NO,    NO,   NO,   Y,    Y,    NO,   Y,    NO,   NO,   NO),
    Action.EXCHANGE_BILLING:         (NO,    NO,   NO,   NO,   Y,    NO,   NO,   NO,   NO,   Y),
    Action.DECLARE_MORATORIUM:       (NO,    NO,   NO,   NO,   Y,    NO,   Y,    Y,    NO,   NO),
    Action.TELL_WEATHER:             (NO,    NO,   Y,    NO,   Y,    NO,   Y,    NO,   NO,   Y),
    Action.VIEW_CUT_OFF_RUNS:        (NO,    NO,   Y,    Y,    Y,    NO,   Y,    NO,   Y,    NO),
    Action.VIEW_LETTERS:             (NO,    NO,   NO,   Y,    Y,    NO,   Y,    NO,   Y,    NO),
    Action.MANAGE_LETTER_TEMPLATES:  (NO,    NO,   NO,   NO,   Y,    NO,   NO,   Y,    NO,   NO),
    Action.CANCEL_ORDER:             (NO,    NO,   Y,    OWN,  OWN,  NO,   Y,    NO,   NO,   PAY),
    Action.OVERRIDE_DUPLICATE:       (NO,    NO,   Y,    Y,    Y,    NO,   Y,    NO,   NO,   NO),
    Action.CORRECT_POSTED_ORDER:     (NO,    NO,   NO,   NO,   NO,   NO,   Y,    NO,   NO,   NO),
    Action.SYNC_TABLET:              (Y,     Y,    NO,   NO,   NO,   NO,   Y,    NO,   NO,   NO),
    Action.VIEW_CONFLICTS:           (NO,    CREW, Y,    Y,    Y,    GEO,   Y,    NO,   Y,    NO),
    Action.RESOLVE_CONFLICTS:        (NO,    NO,   Y,    NO,   Y,    GEO,   Y,    NO,   NO,   NO),
    Action.GIVE_VOICE_CODE:          (NO,    CREW, Y,    NO,   NO,   NO,   Y,    NO,   NO,   NO),
    Action.WAIVE_PHOTO:              (NO,    NO,   NO,   NO,   Y,    NO,   Y,    NO,   NO,   NO),
    Action.VIEW_SUPERVISOR_TASKS:    (NO,    NO,   Y,    Y,    Y,    NO,   Y,    NO,   Y,    NO),
    Action.FINISH_SUPERVISOR_TASK:   (NO,    NO,   NO,   NO,   NO,   NO,   Y,    NO,   NO,   NO),
    Action.SEARCH:                   (NO,    NO,   Y,    Y,    Y,    GEO,  Y,    NO,   Y,    SCOP),
    Action.VIEW_CUSTOMERS:           (NO,    NO,   Y,    Y,    Y,    NO,   Y,    NO,   Y,    SCOP),
    Action.EDIT_CUSTOMERS:           (NO,    NO,   NO,   Y,    Y,    NO,   NO,   NO,   NO,   Y),
    Action.VIEW_NETWORK:             (Y,     Y,    Y,    Y,    Y,    Y,    Y,    Y,    Y,    Y),
    Action.EDIT_SERVICE_POINTS:      (NO,    NO,   NO,   Y,    Y,    GEO,  Y,    NO,   NO,   NO),
    Action.EDIT_GEOMETRY:            (PROP,  PROP, NO,   NO,   NO,   Y,    NO,   NO,   NO,   NO),
    Action.WRITE_SECRETS:            (NO,    NO,   NO,   Y,    NO,   NO,   Y,    NO,   NO,   NO),
    Action.EDIT_METERS:              (NO,    NO,   NO,   NO,   Y,    NO,   Y,    NO,   NO,   NO),
    Action.PROPOSE_CHANGE_OUTS:      (NO,    NO,   NO,   NO,   Y,    NO,   Y,    NO,   NO,   NO),
    Action.END_LOCK:                 (NO,    NO,   Y,    NO,   Y,    NO,   Y,    NO,   NO,   NO),
    Action.VIEW_TAMPER_CASES:        (NO,    NO,   NO,   Y,    Y,    NO,   Y,    NO,   Y,    NO),
    Action.TELL_AMI_EVENTS:          (NO,    NO,   NO,   NO,   Y,    NO,   NO,   NO,   NO,   Y),
    Action.CLOSE_AMI_EVENT:          (NO,    NO,   NO,   Y,    Y,    NO,   Y,    NO,   NO,   NO),
    Action.TRIAGE_ACCESS_ISSUE:      (NO,    NO,   NO,   Y,    Y,    NO,   Y,    NO,   NO,   NO),
    Action.VIEW_ACCESS_ISSUES:       (Y,     Y,    Y,    Y,    Y,    NO,   Y,    NO,   Y,    NO),
    Action.IMPORT_DATA:              (NO,    NO,   NO,   NO,   Y,    GEO,  NO,   Y,    NO,   Y),
    Action.VIEW_CODE_TABLES:         (Y,     Y,    Y,    Y,    Y,    Y,    Y,    Y,    Y,    Y),
    Action.VIEW_STAFF:               (OWN,   CREW, Y,    Y,    Y,    NO,   Y,    Y,    Y,    NO),
    Action.MANAGE_STAFF:             (NO,    NO,   NO,   NO,   NO,   NO,   NO,   Y,    NO,   NO),
    Action.MANAGE_STAFF_CALENDARS:   (NO,    CREW, Y,    NO,   NO,   NO,   Y,    Y,    NO,   NO),
    Action.MANAGE_SCHEDULES:         (NO,    NO,   Y,    NO,   Y,    NO,   Y,    NO,   NO,   NO),
    Action.VIEW_TABLETS:             (OWN,   CREW, Y,    NO,   NO,   NO,   Y,    Y,    Y,    NO),
    Action.MANAGE_TABLETS:           (NO,    NO,   NO,   NO,   NO,   NO,   Y,    Y,    NO,   NO),
    Action.RESCUE_WORK:              (NO,    NO,   NO,   NO,   NO,   NO,   Y,    NO,   NO,   NO),
    Action.SETTLE_INCIDENT:          (NO,    NO,   Y,    NO,   NO,   NO,   Y,    NO,   NO,   NO),
    Action.VIEW_TAPS:                (NO,    NO,   Y,    Y,    Y,    NO,   Y,    NO,   Y,    NO),
    Action.KEEP_TAPS:                (NO,    NO,   NO,   Y,    Y,    NO,   Y,    NO,   NO,   NO),
    Action.RECORD_LOCATE_TICKET:     (NO,    NO,   Y,    Y,    Y,    NO,   Y,    NO,   NO,   NO),
    Action.VIEW_TEMP_SERVICES:       (NO,    NO,   Y,    Y,    Y,    NO,   Y,    NO,   Y,    NO),
    Action.KEEP_TEMP_SERVICES:       (NO,    NO,   NO,   Y,    Y,    NO,   NO,   NO,   NO,   NO),
    Action.VIEW_DEVELOPMENTS:        (NO,    NO,   Y,    Y,    Y,    NO,   Y,    NO,   Y,    NO),
    Action.KEEP_DEVELOPMENTS:        (NO,    NO,   NO,   NO,   Y,    NO,   NO,   NO,   NO,   NO),
}
# fmt: on

# Why the rows that are not in the reference matrix read as they do.
ADDED: dict[Action, str] = {
    Action.EDIT_ORDER: "header fields belong to the office: whoever creates or dispatches orders",
    Action.HOLD_ORDER: "the actors of hold and unhold in the transition table",
    Action.HOLD_ACCOUNT: "whoever hears why a customer's water must stay on",
    Action.EXCHANGE_BILLING: "what is owed and paid comes from the billing system, or from billing's hand",
    Action.DECLARE_MORATORIUM: "an emergency does not wait for the administrator, who keeps the rest of the policy",
    Action.TELL_WEATHER: "dispatch looks at the sky, an integration at the weather service",
    Action.VIEW_CUT_OFF_RUNS: "whoever answers a customer's call about it, plans its day, or looks back at it",
    Action.VIEW_LETTERS: "whoever writes them, and the auditor",
    Action.MANAGE_LETTER_TEMPLATES: "the words are billing's, who answers for them; the administrator sets it up",
    Action.CANCEL_ORDER: "the actors of cancel; a payment cancels an order that is not on a tablet yet",
    Action.OVERRIDE_DUPLICATE: "an office decision, never a tablet's",
    Action.CORRECT_POSTED_ORDER: "the actor of correct in the transition table",
    Action.SYNC_TABLET: "whoever reports field events needs the day's work on a tablet",
    Action.VIEW_CONFLICTS: "the office reviews; a crew lead sees what waits for the crew, GIS where a place was moved",
    Action.RESOLVE_CONFLICTS: "dispatch owns the order's state, billing its readings, a supervisor both, GIS positions",
    Action.GIVE_VOICE_CODE: "whoever dispatches may say on the telephone that a cut-off may begin",
    Action.WAIVE_PHOTO: "who answers for an order that is posted without its evidence",
    Action.VIEW_SUPERVISOR_TASKS: "the office sees what waits for the supervisor",
    Action.FINISH_SUPERVISOR_TASK: "the supervisor's own",
    Action.SEARCH: "customer data is not public: not for GIS, not for tablets",
    Action.VIEW_CUSTOMERS: "a technician sees a customer only inside an assigned order",
    Action.EDIT_CUSTOMERS: "customer service and billing keep accounts; the billing system feeds them",
    Action.VIEW_NETWORK: "meters and service points without customer or secret are no personal data",
    Action.EDIT_SERVICE_POINTS: "address and notes by the office; shapes by GIS",
    Action.EDIT_GEOMETRY: "the second half of the route row: geometry is the GIS editor's",
    Action.WRITE_SECRETS: "the same people who may read them in the office",
    Action.EDIT_METERS: "inventory is billing's and the supervisor's, as in a change-out's approval",
    Action.PROPOSE_CHANGE_OUTS: "those who create change-outs; a supervisor who did not propose them approves",
    Action.END_LOCK: "whoever hears from the field that a lock is not where the books have it",
    Action.VIEW_TAMPER_CASES: "evidence is for those who bill, escalate and answer for it",
    Action.TELL_AMI_EVENTS: "alarms come from the head end, or from billing's hand",
    Action.CLOSE_AMI_EVENT: "whoever makes the order that an alarm asks for",
    Action.TRIAGE_ACCESS_ISSUE: "the same people who may send the letter",
    Action.VIEW_ACCESS_ISSUES: "whoever reports one sees what is known of the place; the auditor reads",
    Action.IMPORT_DATA: "it writes many rows at once: administration, billing, GIS for shapes",
    Action.VIEW_CODE_TABLES: "every screen needs the names behind the codes",
    Action.VIEW_STAFF: "dispatch needs technicians and skills; a technician sees only himself",
    Action.MANAGE_STAFF: "the users of the code-tables row",
    Action.MANAGE_STAFF_CALENDARS: "who hears in the morning that somebody is ill, and hands the work on",
    Action.MANAGE_SCHEDULES: "whoever plans work ahead; each makes only what the own role creates",
    Action.VIEW_TABLETS: "dispatch asks which tablet was last heard of, and when",
    Action.MANAGE_TABLETS: "the supervisor hands tablets out in the morning, not the administrator",
    Action.RESCUE_WORK: "work of a tablet that cannot send it; the supervisor has it in hand and answers for it",
    Action.SETTLE_INCIDENT: "whoever talks to the technician about work that seems lost",
    Action.VIEW_TAPS: "whoever answers the telephone or plans the digging; a request names its customer",
    Action.KEEP_TAPS: "customer service takes requests, money and permits; the supervisor owns the installation",
    Action.RECORD_LOCATE_TICKET: "whoever calls 811 for the crew",
    Action.VIEW_TEMP_SERVICES: "who answers the telephone, bills, or sends for a meter; it names customers",
    Action.KEEP_TEMP_SERVICES: "the makers of the orders that set and pull them",
    Action.VIEW_DEVELOPMENTS: "as of tap requests: a lot names its owner",
    Action.KEEP_DEVELOPMENTS: "billing opens the builders' accounts and makes the orders to set their meters",
}

MATRIX: dict[Action, dict[Role, Grant]] = {
    action: {role: cell for role, cell in zip(Role, row, strict=True) if cell is not None}
    for action, row in _ROWS.items()
}


def grants(actor: Actor, action: Action) -> frozenset[Grant]:
    """All grants that the actor's roles give for the action; the system itself has YES for everything."""
    if actor.is_system:
        return frozenset({Grant.YES})
    row = MATRIX[action]
    return frozenset(row[role] for role in actor.roles if role in row)


def may(actor: Actor, action: Action) -> bool:
    """Whether the actor has any grant at all for the action."""
    return bool(grants(actor, action))


def require(actor: Actor, action: Action) -> frozenset[Grant]:
    """The actor's grants for the action, or Problem(`forbidden`) that names it and the roles that may.

    A caller that gets anything but Grant.YES must narrow the action itself (own, crew, payment...).
    """
    granted = grants(actor, action)
    if not granted:
        allowed = [role.value for role in MATRIX[action]]
        who = ", ".join(allowed) or "nobody"
        raise Problem("forbidden", f"{action.value} is for {who}", action=action.value, allowed_roles=allowed)
    return granted


def markdown() -> str:
    """The page docs/permissions.md, drawn from the matrix."""
    head = "| Action | " + " | ".join(Role) + " |\n|" + "---|" * (len(Role) + 1)
    lines = [
        "| " + " | ".join([action.value, *(row[role].value if role in row else "-" for role in Role)]) + " |"
        for action, row in MATRIX.items()
    ]
    parts = [
        "# Permissions",
        "Generated by `python -m curbstop.domain.pages` from `curbstop/domain/permissions.py`; do not edit.\n"
        "Commands ask this table, so the office's API and a tablet's push meet the same rule.",
        "\n".join([head, *lines]),
        "## Roles",
        "\n".join(f"- **{role.value}**: {name}" for role, name in ROLE_NAMES.items()),
        "## Grants",
        "\n".join(f"- **{grant.value}**: {name}" for grant, name in GRANT_NAMES.items()),
        "## Why the added rows read as they do",
        "\n".join(f"- **{action.value}**: {why}" for action, why in ADDED.items()),
    ]
    return "\n\n".join(parts) + "\n"
