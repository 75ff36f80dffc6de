"""The rows of the permission matrix: which action each operation of the API asks for, and a real request to it.

A new operation needs one line here, in the block of its noun:

    row("POST /holds", A.HOLD_ACCOUNT, {"account_id": "$account_id", "kind": "office", "reason": "They called."}),

- The operation is its method and its path, as the OpenAPI document has them. `{account_id}` in the path and
  "$account_id" anywhere in the body are filled in from tests/api/permission_world.py; "$me" is whoever asks.
- Then the action, or several in a tuple where one of them suffices; EVERYBODY where being signed in suffices.
- `given` sets columns before the request, by the id's name: given={"order_id": {"state": "held"}}.
- `also` lists statuses beside 2xx that a role with the grant may get here, and only because the world holds no better.
- `on_tablet=True`: they are signed in on a tablet. `headers`, `query`, `data` are what the operation needs beside.
- `and_also` is a second action that they need as well.
- `closed_to` names roles that have the action and not this step: the table of transitions leaves them out.
- An operation that is narrower for somebody than the matrix says is a mistake, and not a row's to allow.

An operation for everybody, signed in or not, goes into PUBLIC with its reason.

It is long because every operation of the API has a row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from curbstop.domain.permissions import Action, Role

# Two hundred rows name one.
A = Action

PUBLIC: dict[str, str] = {
    "POST /auth/sign-in": "it is how somebody becomes somebody",
    "POST /auth/refresh": "the refresh token says who asks",
    "POST /auth/sign-out": "the refresh token says who asks, and an access token may have run out",
    "POST /sync/v1/enrol": "the one-time code from the office says which tablet asks",
    "OPTIONS /sync/v1/uploads": "tus 1.0.0 has it: what the server offers, and nothing else",
    "OPTIONS /sync/v1/uploads/{attachment_id}": "tus 1.0.0 has it: what the server offers, whatever the id",
    "GET /healthz": "load balancers ask it",
    "GET /readyz": "load balancers ask it",
}
# The action of operations for which being signed in suffices.
EVERYBODY: tuple[A, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One operation: any of `actions` opens it."""

    operation: str
    actions: tuple[A, ...]
    body: Any = None
    query: str = ""
    given: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    data: bytes | None = None
    also: tuple[int, ...] = ()
    and_also: A | None = None
    on_tablet: bool = False
    closed_to: frozenset[Role] = frozenset()


def row(operation: str, actions: A | tuple[A, ...], body: Any = None, **how: Any) -> Row:
    how["closed_to"] = frozenset(how.get("closed_to", ()))
    return Row(operation, (actions,) if isinstance(actions, A) else actions, body, **how)


WHY = {"reason": "They asked for it."}
ORDERS = (A.VIEW_OWN_ORDERS, A.VIEW_ALL_ORDERS)
TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
PHOTO = {"attachment_id": {"tablet_id": "$my_tablet", "staff_id": "$me"}}
MINE = {"technician_id": "$me", "scheduled_on": "$today"}


def at(state: str, **more: Any) -> dict[str, dict[str, Any]]:
    """The order is in this state, today's work of whoever asks."""
    return {"order_id": {"state": state, **MINE, **more}}


def in_office(state: str, **more: Any) -> dict[str, dict[str, Any]]:
    """The order is in this state, today's work of a technician."""
    return {"order_id": {"state": state, "technician_id": "$technician_id", "scheduled_on": "$today", **more}}


DONE = {
    **in_office("completed", outcome="DONE", captures={"notes": "Fine."}),
    "attachment_id": {"stored_at": "$moment"},
}
# What the billing system made, and may edit.
FED = {"customer_id": {"source_key": "C-0"}, "account_id": {"source_key": "A-0"}}


def off(code: str) -> dict[str, dict[str, Any]]:
    """The run's line is off the list, for this reason."""
    return {"line_id": {"state": "excluded", "excluded_code": code}}


# A hold that a supervisor overrides and billing does not.
CRITICAL = {"hold_id": {"kind": "critical", "category": "hospital", "starts_on": "$today"}}


def run(stage: str) -> dict[str, dict[str, Any]]:
    return {"run_id": {"stage": stage}}


PEOPLE = (
    row("GET /me", EVERYBODY),
    row("PUT /me/password", EVERYBODY, {"password": "not mine", "new_password": "a new one, long enough"}, also=(401,)),
    row("GET /staff", A.VIEW_STAFF),
    row("POST /staff", A.MANAGE_STAFF, {"login": "newcomer", "name": "New", "roles": ["CSR"]}),
    row("GET /staff/{staff_id}", A.VIEW_STAFF),
    row("PATCH /staff/{staff_id}", A.MANAGE_STAFF, {"name": "Other"}),
    row("PUT /staff/{staff_id}/password", A.MANAGE_STAFF, {"password": "one that is long enough"}),
    row("GET /staff/{staff_id}/calendar", A.VIEW_STAFF),
    row("PUT /staff/{staff_id}/shifts", A.MANAGE_STAFF_CALENDARS, {"shifts": []}),
    row("POST /staff/{staff_id}/absences", A.MANAGE_STAFF_CALENDARS,
        {"first_on": "2031-01-01", "last_on": "2031-01-02", "reason": "ill"}),
    row("DELETE /staff/{staff_id}/absences/{absence_id}", A.MANAGE_STAFF_CALENDARS),
    row("GET /tablets", A.VIEW_TABLETS),
    row("POST /tablets/enrolment-codes", A.MANAGE_TABLETS, {"tablet_name": "Truck 9"}),
    row("GET /tablets/{tablet_id}", A.VIEW_TABLETS),
    row("PATCH /tablets/{tablet_id}", A.MANAGE_TABLETS, {"name": "Truck 8"}),
    row("POST /tablets/{tablet_id}/revoke", A.MANAGE_TABLETS),
    row("GET /audit", A.READ_AUDIT),
    row("GET /search", A.SEARCH, query="q=main"),
)  # fmt: skip

ACCOUNTS = (
    row("GET /customers", A.VIEW_CUSTOMERS),
    row("POST /customers", A.EDIT_CUSTOMERS, {"name": "Pat", "source_key": "C-1"}),
    row("GET /customers/{customer_id}", A.VIEW_CUSTOMERS),
    row("PATCH /customers/{customer_id}", A.EDIT_CUSTOMERS, {"name": "Pat"}, given=FED),
    row("GET /accounts", A.VIEW_CUSTOMERS),
    row("POST /accounts", A.EDIT_CUSTOMERS, given=FED,
        body={"customer_id": "$customer_id", "service_point_id": "$bare_place_id", "source_key": "A-2"}),
    row("GET /accounts/{account_id}", A.VIEW_CUSTOMERS),
    row("PATCH /accounts/{account_id}", A.EDIT_CUSTOMERS, {"service_class": "commercial"}, given=FED),
    row("POST /accounts/{account_id}/close", A.EDIT_CUSTOMERS, given=FED),
    row("PUT /standings", A.EXCHANGE_BILLING, {"standings": [{
        "account_id": "$account_id", "past_due_cents": 1, "periods_past_due": 1, "as_of": "$now"}]}),
    row("PUT /payments", A.EXCHANGE_BILLING, {"payments": [{
        "account_id": "$account_id", "source_key": "P-2", "cents": 1, "received_at": "$now"}]}),
    row("PUT /payments/returned", A.EXCHANGE_BILLING,
        {"source_key": "P-1", "returned_on": "$today", "reason": "no funds"}),
    row("PUT /payments/as-of", A.EXCHANGE_BILLING, {"payments_as_of": "$now"}),
    row("GET /accounts/{account_id}/standing", (A.VIEW_CUSTOMERS, A.HOLD_ACCOUNT)),
    row("GET /accounts/{account_id}/payments", (A.VIEW_CUSTOMERS, A.HOLD_ACCOUNT)),
    row("GET /holds", A.VIEW_CUSTOMERS),
    row("POST /holds", A.HOLD_ACCOUNT, {"account_id": "$account_id", "kind": "office", **WHY}),
    row("GET /holds/{hold_id}", A.VIEW_CUSTOMERS),
    row("POST /holds/{hold_id}/renew", A.HOLD_ACCOUNT, also=(409,)),
    row("POST /holds/{hold_id}/end", A.HOLD_ACCOUNT, WHY),
    row("GET /contact-attempts", A.VIEW_CUSTOMERS),
    row("POST /contact-attempts", A.WRITE_CONTACT_LOG,
        {"account_id": "$account_id", "at": "$now", "channel": "phone", "reason": "outage"}),
    row("GET /contact-attempts/{contact_attempt_id}", A.VIEW_CUSTOMERS),
    row("GET /contact-attempts/spreadsheet", A.VIEW_CUSTOMERS),
)  # fmt: skip

CUT_OFFS = (
    row("POST /cutoffs", A.CREATE_CUT_OFF_NP, {"cut_on": "$today"}, given={**run("abandoned"), **off("abandoned")}),
    row("GET /cutoffs", A.VIEW_CUT_OFF_RUNS),
    row("GET /cutoffs/{run_id}", A.VIEW_CUT_OFF_RUNS),
    row("GET /cutoffs/{run_id}/lines", A.VIEW_CUT_OFF_RUNS),
    row("POST /cutoffs/{run_id}/exclusions", A.CREATE_CUT_OFF_NP, {"lines": [{"line_id": "$line_id", **WHY}]}),
    row("POST /cutoffs/{run_id}/inclusions", A.CREATE_CUT_OFF_NP, {"line_ids": ["$line_id"]},
        given=off("by_hand")),
    row("POST /cutoffs/{run_id}/proof", A.CREATE_CUT_OFF_NP),
    row("POST /cutoffs/{run_id}/notices", A.CREATE_CUT_OFF_NP, given=run("proofed"),
        body={"mailed_on": "$today", "method": "first_class", "proof": "Job 1"}),
    row("POST /cutoffs/{run_id}/finalise", A.CREATE_CUT_OFF_NP, {"payments_as_of": "$now"}, given=run("notices_sent")),
    row("POST /cutoffs/{run_id}/approve", A.APPROVE_CUT_OFF_RUN, {}, given=run("finalised")),
    row("POST /cutoffs/{run_id}/release", A.CREATE_CUT_OFF_NP, given=run("approved")),
    row("POST /cutoffs/{run_id}/recall", A.RECALL_ORDER, WHY, given=run("released")),
    row("POST /cutoffs/{run_id}/close", A.CREATE_CUT_OFF_NP, given={**run("released"), **off("by_hand")}),
    row("POST /cutoffs/{run_id}/abandon", A.CREATE_CUT_OFF_NP, WHY),
    row("POST /cutoffs/{run_id}/lines/{line_id}/overrides", A.OVERRIDE_GATE, {"gate": "critical", **WHY},
        given=CRITICAL),
    row("GET /cutoffs/{run_id}/lines/{line_id}/explain", A.VIEW_CUT_OFF_RUNS),
    row("POST /accounts/{account_id}/gate-checks", A.VIEW_CUT_OFF_RUNS, {"cut_on": "$today"}),
    row("POST /service-orders/{order_id}/gate-overrides", A.OVERRIDE_GATE, {"gate": "critical", **WHY},
        given={**CRITICAL, "order_id": {"type_code": "CUT_OFF_NP", "account_id": "$account_id"}}),
    row("GET /moratoria", A.VIEW_CUT_OFF_RUNS),
    row("POST /moratoria", A.DECLARE_MORATORIUM, {"name": "Storm", "reason": "Storm.", "starts_on": "2031-01-01"}),
    row("GET /moratoria/{moratorium_id}", A.VIEW_CUT_OFF_RUNS),
    row("POST /moratoria/{moratorium_id}/end", A.DECLARE_MORATORIUM, {"through": "$today"}),
    row("GET /weather", A.VIEW_CUT_OFF_RUNS),
    row("PUT /weather", A.TELL_WEATHER, {"day": "$today", "low_f": 20}),
)  # fmt: skip

NETWORK = (
    row("GET /service-points", A.VIEW_NETWORK),
    row("POST /service-points", (A.EDIT_SERVICE_POINTS, A.EDIT_GEOMETRY), {"street_name": "Elm"}),
    row("GET /service-points/near", A.VIEW_NETWORK, query="longitude=-79&latitude=35"),
    row("GET /service-points/{service_point_id}", A.VIEW_NETWORK),
    row("PATCH /service-points/{service_point_id}", A.EDIT_SERVICE_POINTS, {"hazards": ["dog"]}),
    row("GET /service-points/{service_point_id}/timeline", A.VIEW_NETWORK),
    row("PUT /service-points/{service_point_id}/gate-code", A.WRITE_SECRETS, {"gate_code": "4711"}),
    row("GET /service-points/{service_point_id}/gate-code", A.READ_SECRETS),
    row("GET /service-points/{service_point_id}/locks", A.VIEW_NETWORK),
    row("POST /locks/{lock_id}/end", A.END_LOCK, WHY),
    row("GET /connection-events", A.EXCHANGE_BILLING),
    row("GET /meters", A.VIEW_NETWORK),
    row("POST /meters", A.EDIT_METERS, {"serial": "NEW-1", "dials": 6}),
    row("GET /meters/{meter_id}", A.VIEW_NETWORK),
    row("PATCH /meters/{meter_id}", A.EDIT_METERS, {"model": "T-10"}),
    row("PUT /meters/{meter_id}/radio", A.EDIT_METERS, {"radio_id": "R99"}),
    row("GET /inventory/models", A.VIEW_NETWORK),
    row("POST /inventory/models", A.EDIT_METERS, {"manufacturer": "Kestrel", "model": "K99", "size": "5/8"}),
    row("GET /inventory/models/{meter_model_id}", A.VIEW_NETWORK),
    row("PATCH /inventory/models/{meter_model_id}", A.EDIT_METERS, {"active": False}),
    row("POST /inventory/meters/move", A.EDIT_METERS, {"meter_ids": ["$shelf_meter_id"], "to": "testing"}),
    row("GET /inventory/moves/{item_id}", A.VIEW_NETWORK),
    row("GET /inventory/radios", A.VIEW_NETWORK),
    row("POST /inventory/radios", A.EDIT_METERS, {"number": "80000099"}),
    row("GET /inventory/radios/{radio_id}", A.VIEW_NETWORK),
    row("POST /inventory/radios/{radio_id}/move", A.EDIT_METERS, {"to": "testing"}),
    row("POST /inventory/radios/heard", A.IMPORT_DATA, {"radios": [{"number": "80000042", "at": "$now"}]}),
    row("GET /meters/{meter_id}/readings", A.VIEW_NETWORK),
    row("POST /meters/{meter_id}/readings", A.ENTER_READING_FOR_OTHER, {"value": "1042", "noted_at": "$now"}),
    row("GET /readings/{reading_id}", A.VIEW_NETWORK),
    row("GET /meter-tests", A.VIEW_NETWORK),
    row("GET /service-points/{service_point_id}/consumption", A.VIEW_NETWORK),
    row("GET /change-outs", A.VIEW_NETWORK),
    row("GET /change-outs/{change_out_id}", A.VIEW_NETWORK),
    row("GET /discrepancies", A.VIEW_NETWORK),
    row("GET /discrepancies/{discrepancy_id}", A.VIEW_NETWORK),
    row("POST /discrepancies/{discrepancy_id}/settle", A.REVIEW_ORDER, {"note": "Looked at."}),
    row("GET /access-issues", A.VIEW_ACCESS_ISSUES),
    row("POST /access-issues", A.REPORT_ACCESS_ISSUE,
        {"service_point_id": "$service_point_id", "category": "DOG"}, given=at("dispatched")),
    row("GET /access-issues/{access_issue_id}", A.VIEW_ACCESS_ISSUES),
    row("POST /access-issues/{access_issue_id}/triage", A.TRIAGE_ACCESS_ISSUE, {"decision": "open"}),
    row("GET /access-issues/spreadsheet", A.VIEW_ACCESS_ISSUES),
    row("GET /access-issues/{access_issue_id}/story", A.VIEW_ACCESS_ISSUES),
    row("POST /access-issues/{access_issue_id}/letters", A.WRITE_LETTER, {},
        given={"access_issue_id": {"state": "open"}}),
    row("POST /access-issues/{access_issue_id}/letters/again", A.WRITE_LETTER, {"letter_id": "$letter_id"},
        also=(404,)),
    row("POST /access-issues/{access_issue_id}/checks", A.TRIAGE_ACCESS_ISSUE, WHY),
    row("POST /access-issues/{access_issue_id}/final-agreement", A.ESCALATE_LETTER, WHY,
        given={"access_issue_id": {"state": "final"}}),
    row("POST /access-issues/{access_issue_id}/escalation", A.ESCALATE_LETTER, {"remedy": "cut_off", **WHY},
        given={"access_issue_id": {"state": "escalated"}}),
    row("POST /access-issues/{access_issue_id}/escalation/approval", A.ESCALATE_LETTER, also=(409,),
        given={"access_issue_id": {"state": "escalated"}}),
    row("POST /access-issues/{access_issue_id}/close", A.ESCALATE_LETTER, WHY,
        given={"access_issue_id": {"state": "escalated"}}),
    row("POST /access-issues/{access_issue_id}/estimates", A.ENTER_READING_FOR_OTHER,
        {"value": "001010", **WHY}, given=at("dispatched")),
)  # fmt: skip

ROUTES = (
    row("GET /cycles", A.VIEW_NETWORK),
    row("POST /cycles", (A.PROPOSE_ROUTE, A.PUBLISH_ROUTE), {"code": "C99", "name": "New"}),
    row("GET /cycles/{cycle_id}", A.VIEW_NETWORK),
    row("PATCH /cycles/{cycle_id}", (A.PROPOSE_ROUTE, A.PUBLISH_ROUTE), {"name": "Other"}),
    row("GET /routes", A.VIEW_NETWORK),
    row("POST /routes", (A.PROPOSE_ROUTE, A.PUBLISH_ROUTE), {"code": "R99", "name": "New", "cycle_id": "$cycle_id"}),
    row("GET /routes/{route_id}", A.VIEW_NETWORK),
    row("PATCH /routes/{route_id}", (A.PROPOSE_ROUTE, A.PUBLISH_ROUTE), {"name": "Other"}),
    row("GET /routes/{route_id}/versions", A.VIEW_NETWORK),
    row("POST /routes/{route_id}/versions", A.PROPOSE_ROUTE, {"service_point_ids": ["$service_point_id"]}),
    row("GET /route-versions/{route_version_id}", A.VIEW_NETWORK),
    row("GET /route-versions/{route_version_id}/stops", A.VIEW_NETWORK),
    row("POST /route-versions/{draft_version_id}/publish", A.PUBLISH_ROUTE, {"force": True}),
    row("GET /service-points/{service_point_id}/route-proposals", A.VIEW_NETWORK, also=(409,)),
    row("POST /routes/{route_id}/stops", A.PUBLISH_ROUTE, {"service_point_id": "$empty_place_id", "force": True}),
    row("GET /route-sessions", A.VIEW_NETWORK),
    row("POST /route-sessions", A.DISPATCH,
        {"route_version_id": "$route_version_id", "technician_id": "$mate_id", "on_date": "$today"}),
    row("GET /route-sessions/{route_session_id}", A.VIEW_NETWORK, given={"route_session_id": {"technician_id": "$me"}}),
    row("POST /route-sessions/{route_session_id}/close", A.DISPATCH),
)  # fmt: skip

NEW_ORDER = {"type_code": "GEN", "service_point_id": "$empty_place_id"}
MOVE = {"technician_id": "$mate_id", "scheduled_on": "$today"}
ORDER_WORK = (
    row("GET /service-orders", ORDERS),
    row("POST /service-orders", A.CREATE_ORDER, NEW_ORDER),
    row("GET /service-orders/{order_id}", ORDERS, given=at("dispatched")),
    row("PATCH /service-orders/{order_id}", A.EDIT_ORDER, {"instructions": "Ring."}),
    row("GET /service-orders/{order_id}/history", ORDERS, given=at("dispatched")),
    row("POST /service-orders/{order_id}/release", A.CREATE_ORDER, given={"order_id": {"state": "draft"}},
        closed_to=(Role.TECH, Role.LEAD, Role.INT)),
    row("POST /service-orders/{order_id}/hold", A.HOLD_ORDER, {**WHY, "until": "2031-01-01"}),
    row("POST /service-orders/{order_id}/unhold", A.HOLD_ORDER, given={"order_id": {"state": "held"}}),
    row("POST /service-orders/{order_id}/cancel", A.CANCEL_ORDER, WHY),
    row("POST /service-orders/{order_id}/reschedule", A.DISPATCH, given=in_office("returned")),
    row("POST /service-orders/{order_id}/close", A.REVIEW_ORDER, WHY, given=in_office("returned")),
    row("GET /appointment-windows", A.VIEW_CODE_TABLES),
    row("GET /service-orders/{order_id}/voice-code", A.GIVE_VOICE_CODE, given=in_office("dispatched"), also=(409, 422)),
    row("GET /dispatch/board", A.VIEW_ALL_ORDERS),
    row("GET /dispatch/stream", ORDERS),
    row("POST /dispatch/move", A.DISPATCH, {**MOVE, "order_ids": ["$order_id"]}),
    row("POST /service-orders/{order_id}/assign", A.DISPATCH, MOVE),
    row("POST /service-orders/{order_id}/unassign", A.DISPATCH, given=in_office("assigned")),
    row("POST /service-orders/{order_id}/hand-out", A.DISPATCH, given=in_office("assigned")),
    row("POST /service-orders/{order_id}/recall", A.RECALL_ORDER, WHY, given=in_office("dispatched")),
    row("POST /service-orders/{order_id}/release-back", A.DISPATCH, given=in_office("suspended")),
    row("POST /dispatch/sequence", A.DISPATCH, {**MOVE, "order_ids": ["$order_id"]}, given=in_office("assigned")),
    row("POST /dispatch/swap", A.DISPATCH,
        {"first_id": "$mate_id", "second_id": "$other_id", "scheduled_on": "$today"}),
    row("POST /dispatch/unassign", A.DISPATCH, {"order_ids": ["$order_id"]}, given=in_office("assigned")),
    row("POST /service-orders/{order_id}/travel", A.FIELD_EVENTS, {}, given=at("dispatched")),
    row("POST /service-orders/{order_id}/arrive", A.FIELD_EVENTS, {}, given=at("dispatched")),
    row("POST /service-orders/{order_id}/suspend", A.FIELD_EVENTS, WHY, given=at("on_site")),
    row("POST /service-orders/{order_id}/resume", A.FIELD_EVENTS, {}, given=at("suspended")),
    row("POST /service-orders/{order_id}/decline", A.FIELD_EVENTS, WHY, given=at("dispatched")),
    row("POST /service-orders/{order_id}/acknowledge-recall", A.SYNC_TABLET, {}, given=at("recall_pending")),
    row("POST /service-orders/{order_id}/complete", A.FIELD_EVENTS,
        {"outcome": "DONE", "captures": {"notes": "Fine."}}, given=at("on_site")),
    row("POST /service-orders/{order_id}/return", A.FIELD_EVENTS, {"outcome": "NOT_FOUND"}, given=at("on_site")),
    row("POST /service-orders/{order_id}/post", A.REVIEW_ORDER, given=DONE),
    row("POST /service-orders/{order_id}/reject", A.REVIEW_ORDER, WHY, given=DONE),
    row(
        "POST /service-orders/{order_id}/correct",
        A.CORRECT_POSTED_ORDER,
        {"reason": "The house next door was meant.", "take_back_fees": True},
        given={"order_id": {"state": "posted"}},
        also=(422,),  # nothing of the world's order was charged
    ),
    row("GET /schedules", A.VIEW_ALL_ORDERS),
    row("POST /schedules", A.MANAGE_SCHEDULES,
        {"name": "Checks", "type_code": "GEN", "every": 1, "unit": "month", "starts_on": "2035-06-04",
         "places": {"physical_states": ["off_locked"]}}),
    row("GET /schedules/{schedule_id}", A.VIEW_ALL_ORDERS),
    row("PATCH /schedules/{schedule_id}", A.MANAGE_SCHEDULES, {"name": "Other checks"}),
    row("POST /schedules/{schedule_id}/pause", A.MANAGE_SCHEDULES),
    row("POST /schedules/{schedule_id}/resume", A.MANAGE_SCHEDULES, given={"schedule_id": {"paused_at": "$moment"}}),
    row("GET /attachments/waiting", (*ORDERS, A.RESCUE_WORK)),
    row("GET /attachments/{attachment_id}", ORDERS, given=at("dispatched")),
    row("POST /attachments/{attachment_id}/waive", A.WAIVE_PHOTO, WHY),
    row("GET /attachments/{attachment_id}/content", ORDERS, given=at("dispatched"), also=(404, 409)),
    row("GET /attachments/{attachment_id}/thumbnail", ORDERS, given=at("dispatched"), also=(404, 409)),
    row("GET /conflicts", A.VIEW_CONFLICTS),
    row("GET /conflicts/{conflict_id}", A.VIEW_CONFLICTS),
    row("POST /conflicts/{conflict_id}/resolve", A.RESOLVE_CONFLICTS, {"resolution": "keep_theirs", **WHY}),
    row("GET /supervisor-tasks", A.VIEW_SUPERVISOR_TASKS),
    row("GET /supervisor-tasks/{supervisor_task_id}", A.VIEW_SUPERVISOR_TASKS),
    row("POST /supervisor-tasks/{supervisor_task_id}/finish", A.FINISH_SUPERVISOR_TASK, {"note": "Seen."}),
)  # fmt: skip

TAPS = (
    row("GET /tap-requests", A.VIEW_TAPS),
    row("POST /tap-requests", A.KEEP_TAPS,
        {"customer_id": "$customer_id", "service_point_id": "$bare_place_id", "meter_size": "3/4"}),
    row("GET /tap-requests/board", A.VIEW_TAPS),
    row("GET /tap-requests/{tap_request_id}", A.VIEW_TAPS),
    row("GET /tap-requests/{tap_request_id}/history", A.VIEW_TAPS),
    row("POST /tap-requests/{tap_request_id}/quote", A.KEEP_TAPS, {"cents": 250000, **WHY}, also=(409,)),
    row("POST /tap-requests/{tap_request_id}/payment", A.KEEP_TAPS, {"cents": 1, "reference": "R-1"}, also=(409,)),
    row("POST /tap-requests/{tap_request_id}/permits", A.KEEP_TAPS, {"kind": "plumbing", "reference": "B-1"},
        also=(409,)),
    row("POST /tap-requests/{tap_request_id}/inspection-request", A.KEEP_TAPS, also=(409,)),
    row("POST /tap-requests/{tap_request_id}/inspection", A.KEEP_TAPS, {"passed": True, "reference": "I-1"},
        also=(409,)),
    row("POST /tap-requests/{tap_request_id}/account", A.KEEP_TAPS, {}, also=(409,)),
    row("POST /tap-requests/{tap_request_id}/cancel", A.KEEP_TAPS, WHY),
    row("POST /service-orders/{order_id}/locate-ticket", A.RECORD_LOCATE_TICKET,
        {"number": "A1", "called_at": "$now", "legal_start_at": "$in_5_days", "expires_at": "$in_9_days"},
        given={"order_id": {"type_code": "TAP_INST"}}),
    row("GET /ami-events", A.VIEW_NETWORK),
    row("PUT /ami-events", A.TELL_AMI_EVENTS,
        {"events": [{"source_key": "RNI-9", "name": "Tamper", "happened_at": "2026-01-01T12:00:00Z",
                     "radio_id": "R0000001"}]}),
    row("POST /ami-events/{event_id}/close", A.CLOSE_AMI_EVENT, {"reason": "A test."}),
    row("GET /route-change-requests", A.PROPOSE_ROUTE),
    row("POST /route-change-requests/{request_id}/accept", A.PUBLISH_ROUTE, {"reason": "Right."}),
    row("POST /route-change-requests/{request_id}/refuse", A.PUBLISH_ROUTE, {"reason": "No."}),
    row("GET /tamper-cases", A.VIEW_TAMPER_CASES),
    row("GET /feature-requests", A.VIEW_NETWORK),
    row("POST /feature-requests/{feature_request_id}/finish", A.EDIT_GEOMETRY, {}),
)  # fmt: skip

TEMPORARY = (
    row("GET /temp-services", A.VIEW_TEMP_SERVICES),
    row("GET /temp-services/{temp_service_id}", A.VIEW_TEMP_SERVICES),
    row("POST /temp-services/{temp_service_id}/renew", A.KEEP_TEMP_SERVICES, WHY),
    row("GET /developments", A.VIEW_DEVELOPMENTS),
    row("POST /developments", A.KEEP_DEVELOPMENTS, {"name": "Mill Creek", "builder_id": "$customer_id"}),
    row("GET /developments/{development_id}", A.VIEW_DEVELOPMENTS),
    row("PATCH /developments/{development_id}", A.KEEP_DEVELOPMENTS, {"name": "Hill Creek"}),
    row("GET /developments/{development_id}/lots", A.VIEW_DEVELOPMENTS),
    row("PUT /developments/{development_id}/lots", A.KEEP_DEVELOPMENTS,
        {"lots": [{"lot": "7", "address": "7 Creek Ln"}]}),
    row("GET /lots/{lot_id}", A.VIEW_DEVELOPMENTS),
    row("POST /lots/{lot_id}/transfer", A.EDIT_CUSTOMERS, {"customer_id": "$customer_id", "on": "$today"},
        and_also=A.VIEW_DEVELOPMENTS),
)  # fmt: skip

POSTED = {"mailed_on": "$today", "method": "first_class"}
TEMPLATE = {"source": "#d.name #d.done #d.what_now"}
LETTERS = (
    row("POST /cutoffs/{run_id}/letters", A.CREATE_CUT_OFF_NP, {"mailed_on": "$today"}, given=run("proofed"),
        also=(422,)),
    row("GET /letters", A.VIEW_LETTERS),
    row("POST /letters", A.WRITE_LETTER, {"kind": "door_tag", "service_point_id": "$service_point_id",
        "words": {"done": "The meter was read.", "what_now": "Nothing."}}),
    row("GET /letters/{letter_id}", A.VIEW_LETTERS),
    row("GET /letters/{letter_id}/pdf", A.VIEW_LETTERS, also=(404,)),
    row("GET /letters/{letter_id}/proof", A.VIEW_LETTERS),
    row("POST /letters/approvals", A.WRITE_LETTER, {"letter_ids": ["$letter_id"]}),
    row("POST /letters/mailings", A.WRITE_LETTER, {**POSTED, "letter_ids": ["$letter_id"]}, also=(409, 422)),
    row("POST /letters/{letter_id}/void", A.WRITE_LETTER, WHY),
    row("POST /letters/{letter_id}/delivered", A.WRITE_LETTER, {"on": "$today"}, also=(409,)),
    row("POST /letters/{letter_id}/returned", A.WRITE_LETTER, {"on": "$today", **WHY}, also=(409,)),
    row("GET /service-points/{service_point_id}/owner", A.VIEW_CUSTOMERS),
    row("PUT /service-points/{service_point_id}/owner", A.EDIT_CUSTOMERS,
        {"name": "Hill LLC", "address": "PO Box 1", "city": "Raleigh", "state": "NC", "zip": "27601"}),
    row("GET /letter-batches", A.VIEW_LETTERS),
    row("POST /letter-batches", A.WRITE_LETTER, {}, also=(409, 422)),
    row("GET /letter-batches/{batch_id}", A.VIEW_LETTERS),
    row("GET /letter-batches/{batch_id}/pdf", A.VIEW_LETTERS, also=(404,)),
    row("GET /letter-batches/{batch_id}/manifest", A.VIEW_LETTERS, also=(404,)),
    row("POST /letter-batches/{batch_id}/mail", A.WRITE_LETTER, POSTED, also=(409,)),
    row("POST /letter-batches/{batch_id}/cancel", A.WRITE_LETTER,
        given={"letter_id": {"batch_id": "$batch_id", "batch_place": 1, "state": "queued"}}),
    row("GET /letter-templates/{kind}/{language}", (A.VIEW_LETTERS, A.MANAGE_LETTER_TEMPLATES)),
    row("PUT /letter-templates/{kind}/{language}", A.MANAGE_LETTER_TEMPLATES, {**TEMPLATE, **WHY}),
    row("POST /letter-templates/{kind}/{language}/trial", A.MANAGE_LETTER_TEMPLATES, TEMPLATE),
)  # fmt: skip

PROJECT = "/change-out-projects/{project_id}"
PROJECTS = (
    row("GET /change-out-projects", A.VIEW_NETWORK),
    row("POST /change-out-projects", A.PROPOSE_CHANGE_OUTS, {"name": "North", "service_points": ["SP-000001"]}),
    row(f"GET {PROJECT}", A.VIEW_NETWORK),
    row(f"POST {PROJECT}/approve", A.PROPOSE_CHANGE_OUTS, closed_to=(Role.BIL,)),
    row(f"POST {PROJECT}/pause", A.PROPOSE_CHANGE_OUTS, WHY, given={"project_id": {"state": "open"}}),
    row(f"POST {PROJECT}/resume", A.PROPOSE_CHANGE_OUTS, given={"project_id": {"state": "paused"}}),
    row(f"POST {PROJECT}/close", A.PROPOSE_CHANGE_OUTS, WHY, given={"project_id": {"state": "open"}}),
    row(f"GET {PROJECT}/layer", A.VIEW_NETWORK),
)

FILES = (
    row("GET /imports", A.IMPORT_DATA),
    row("GET /exports", A.EXPORT_FILES),
    row("POST /exports/change-outs", A.EXPORT_FILES),
    row("GET /exports/{export_run_id}", A.EXPORT_FILES),
    row("GET /exports/{export_run_id}/file", A.EXPORT_FILES),
)

TABLES = (
    row("GET /order-types", A.VIEW_CODE_TABLES),
    row("GET /order-types/{code}", A.VIEW_CODE_TABLES),
    row("GET /policy", A.VIEW_CODE_TABLES),
    row("PATCH /policy", A.MANAGE_POLICIES, {"changes": {"cut_off": {"opens": "09:00"}}, **WHY}),
    row("POST /policy/start", A.MANAGE_POLICIES, {"profile": "nc", **WHY}),
    row("GET /policy/versions", A.VIEW_CODE_TABLES),
    row("GET /policy/versions/{number}", A.VIEW_CODE_TABLES),
    row("GET /policy/closures", A.VIEW_CODE_TABLES),
    row("POST /policy/closures", A.MANAGE_POLICIES, {"day": "2031-01-01", "name": "Flood"}),
    row("DELETE /policy/closures/{closure_id}", A.MANAGE_POLICIES),
)  # fmt: skip

ON_TABLET: dict[str, Any] = {"on_tablet": True}
UPLOAD: dict[str, Any] = {**ON_TABLET, "given": PHOTO}
PULL = {"cursor": None, "schema_version": 1}
COPY = {"cursor": "c1", "bucket": "ref", "ranges": [""]}
TABLETS = (
    row("POST /sync/v1/push", A.SYNC_TABLET, {"ops": []}, **ON_TABLET),
    row("GET /sync/v1/ops", A.SYNC_TABLET, **ON_TABLET),
    row("POST /sync/v1/pull", A.SYNC_TABLET, PULL, **ON_TABLET),
    row("GET /sync/v1/service-points/{service_point_id}/gate-code", A.READ_SECRETS, given=at("dispatched"),
        and_also=A.SYNC_TABLET, **ON_TABLET),
    row("POST /sync/v1/rescues", A.RESCUE_WORK, {"tablet_id": "$tablet_id", "ops": []}),
    row("PUT /sync/v1/rescues/attachments/{attachment_id}", A.RESCUE_WORK, data=b"photo"),
    row("GET /tablet-incidents", A.VIEW_TABLETS),
    row("GET /tablet-incidents/{incident_id}", A.VIEW_TABLETS),
    row("POST /tablet-incidents/{incident_id}/settle", A.SETTLE_INCIDENT, {"note": "Asked."}),
    row("GET /waiting-ops", A.VIEW_CONFLICTS),
    row("POST /waiting-ops/{op_id}/give-up", A.RESOLVE_CONFLICTS),
    row("POST /sync/v1/digest", A.SYNC_TABLET, COPY, also=(400, 422), **ON_TABLET),
    row("POST /sync/v1/repair", A.SYNC_TABLET, {**COPY, "have": []}, also=(400, 422), **ON_TABLET),
    row("GET /sync/v1/snapshots", A.SYNC_TABLET, **ON_TABLET),
    row("GET /sync/v1/snapshots/{sha256}", A.SYNC_TABLET, also=(404,), **ON_TABLET),
    row("GET /sync/v1/stream", A.SYNC_TABLET, **ON_TABLET),
    row("POST /compat/powersync/sync/stream", A.SYNC_TABLET, {}, **ON_TABLET),
    row("GET /compat/powersync/write-checkpoint2.json", A.SYNC_TABLET, **ON_TABLET),
    row("GET /compat/rxdb/{collection}/pull", A.SYNC_TABLET, **ON_TABLET),
    row("POST /compat/rxdb/{collection}/push", A.SYNC_TABLET, {"rows": []}, **ON_TABLET),
    row("GET /compat/watermelondb/sync", A.SYNC_TABLET, **ON_TABLET),
    row("POST /compat/watermelondb/sync", A.SYNC_TABLET, {"changes": {}}, **ON_TABLET),
    row("PUT /sync/v1/attachments/{attachment_id}", A.FIELD_EVENTS, data=b"photo", **UPLOAD),
    row("GET /sync/v1/attachments/{attachment_id}", A.FIELD_EVENTS, **UPLOAD),
    row("PUT /sync/v1/attachments/{attachment_id}/thumbnail", A.FIELD_EVENTS, data=b"\xff\xd8\xff\xe0",
        headers={"Content-Type": "image/jpeg"}, also=(422,), **UPLOAD),
    row("POST /sync/v1/uploads", A.FIELD_EVENTS,
        headers={**TUS, "Upload-Length": "5", "Upload-Metadata": "attachment_id $attachment_id"}, **UPLOAD),
    row("HEAD /sync/v1/uploads/{attachment_id}", A.FIELD_EVENTS, headers=TUS, **UPLOAD),
    row("PATCH /sync/v1/uploads/{attachment_id}", A.FIELD_EVENTS, headers={**TUS, **CHUNK}, data=b"photo", **UPLOAD),
    row("POST /sync/v1/uploads/{attachment_id}", A.FIELD_EVENTS, data=b"photo",
        headers={**TUS, **CHUNK, "X-HTTP-Method-Override": "PATCH"}, **UPLOAD),
    row("DELETE /sync/v1/uploads/{attachment_id}", A.FIELD_EVENTS, headers=TUS, **UPLOAD),
)  # fmt: skip

ROWS: tuple[Row, ...] = (
    *PEOPLE,
    *ACCOUNTS,
    *CUT_OFFS,
    *NETWORK,
    *ROUTES,
    *ORDER_WORK,
    *TAPS,
    *TEMPORARY,
    *LETTERS,
    *PROJECTS,
    *FILES,
    *TABLES,
    *TABLETS,
)
