"""Every refusal the product can give: one exception and the catalogue of its codes.

A code is public, snake_case and never reused. The same code is served as `application/problem+json` by the API,
printed by the command line, and placed unchanged in a verdict, so that a tablet reads one vocabulary online and
offline.
"""

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class ProblemType:
    """What a code means: its HTTP status, a short title, and what the reader should do about it."""

    status: int
    title: str
    remedy: str


class Problem(Exception):  # noqa: N818 - the domain's word; RFC 9457 calls it a problem too
    """A refusal. `detail` says what happened in this case; `extra` are further public members of the answer."""

    def __init__(self, code: str, detail: str | None = None, **extra: Any) -> None:
        kind = PROBLEMS[code]
        self.code = code
        self.status = kind.status
        self.title = kind.title
        self.detail = detail or kind.remedy
        self.extra = extra
        super().__init__(code, detail, extra)

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"

    def to_json(self) -> dict[str, Any]:
        """The members of RFC 9457, with the code as the last part of `type`."""
        return {
            "type": f"https://curbstop.example/problems/{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **self.extra,
        }


PROBLEMS: Final[dict[str, ProblemType]] = {
    # -- the request itself
    "bad_request": ProblemType(400, "The request cannot be read", "Send well-formed JSON of the documented shape."),
    "bad_parameter": ProblemType(
        400, "A parameter of the address is not valid", "Correct the parameter that is named."
    ),
    "invalid_cursor": ProblemType(400, "The page cursor is not valid", "Start again from the first page."),
    "not_found": ProblemType(404, "There is nothing here", "Check the id, or search for it."),
    "method_not_allowed": ProblemType(405, "That method is not offered here", "See the Allow header."),
    "not_acceptable": ProblemType(406, "No such representation", "Ask for application/json."),
    "conflict": ProblemType(409, "It clashes with what is there", "Look at the current state and try again."),
    "version_mismatch": ProblemType(
        412,
        "It was changed meanwhile",
        "Fetch the current version, look at it, and send the change again with its ETag.",
    ),
    "range_not_satisfiable": ProblemType(416, "There are no such bytes", "Ask for a range within the content."),
    "too_large": ProblemType(413, "The request is too large", "Send it in smaller parts."),
    "unsupported_media_type": ProblemType(415, "That media type is not read here", "Send application/json."),
    "invalid": ProblemType(422, "Some values are not valid", "Correct the values that `errors` names."),
    "precondition_required": ProblemType(
        428, "If-Match is missing", "Send the ETag of the version that you edited in If-Match."
    ),
    "too_many_requests": ProblemType(429, "Too many tries", "Wait as long as Retry-After says."),
    "internal": ProblemType(500, "Something went wrong on the server", "Try again; tell the office the request id."),
    "unavailable": ProblemType(503, "The server cannot answer now", "Try again in a few seconds."),
    # -- who asks
    "not_signed_in": ProblemType(401, "Sign in first", "Sign in, or refresh the access token."),
    "wrong_credentials": ProblemType(401, "Number or password is wrong", "Check both and try again."),
    "session_ended": ProblemType(401, "This session has ended", "Sign in again; unsent work is kept on the tablet."),
    "forbidden": ProblemType(403, "Your roles do not allow this", "Ask somebody whose role allows it."),
    # -- staff
    "login_taken": ProblemType(409, "That login is taken", "Choose another login."),
    "crew_lead_invalid": ProblemType(422, "That person leads no crew", "Choose an active crew lead, not oneself."),
    "last_administrator": ProblemType(409, "Somebody has to stay administrator", "Make another administrator first."),
    "hash_mismatch": ProblemType(422, "The bytes are not what was declared", "Send the file again, whole."),
    # -- idempotency
    "idempotency_key_required": ProblemType(
        400, "Idempotency-Key is missing", "Send a fresh UUID in Idempotency-Key with every creating POST."
    ),
    "idempotency_key_reused": ProblemType(
        409, "That Idempotency-Key was used for another request", "Make a fresh key for each new request."
    ),
    # -- settings and files
    "bad_setting": ProblemType(500, "A setting is missing or wrong", "Correct it; docs/settings.md lists them all."),
    "database_unreachable": ProblemType(
        503, "The database cannot be reached", "Start it, or correct CURBSTOP_DATABASE_URL."
    ),
    "database_not_migrated": ProblemType(
        503, "The database has another schema than this release", "Bring it up to date: `curbstop migrate`."
    ),
    "files_unreachable": ProblemType(
        503, "The photo store cannot be reached", "Start it, or correct CURBSTOP_FILES_URL and its credentials."
    ),
    "queue_unreachable": ProblemType(503, "Redis cannot be reached", "Start it, or correct CURBSTOP_REDIS_URL."),
    "port_in_use": ProblemType(503, "The port is taken", "Stop what uses it, or choose another with --port."),
    # -- files that are imported
    "file_unreadable": ProblemType(422, "The file cannot be read", "Give a CSV, GeoJSON, GeoPackage or Shapefile."),
    "file_columns": ProblemType(422, "The file's columns do not fit", "Name them with --map field=column."),
    "crs_missing": ProblemType(422, "The file names no coordinate system", "Say which with --crs EPSG:xxxx."),
    "crs_unknown": ProblemType(422, "There is no such coordinate system", "Say one that exists with --crs EPSG:xxxx."),
    "crs_wrong": ProblemType(422, "The coordinate system is wrong", "Say the right one with --crs EPSG:xxxx."),
    "nothing_to_export": ProblemType(409, "There is nothing new to send", "Come back when something has changed."),
    # -- service orders
    "order_type_unknown": ProblemType(422, "There is no such order type", "GET /order-types lists them."),
    "duplicate_open_order": ProblemType(
        409,
        "The same order is already open here",
        "Use the open order, or set override_duplicate with a reason.",
    ),
    "assigned_technician_invalid": ProblemType(
        422, "That person cannot be given the order", "Choose an active technician with the skills it needs."
    ),
    "day_full": ProblemType(
        422,
        "There is no room in that technician's day",
        "Choose another day or technician; an administrator may raise daily_capacity.",
    ),
    "technician_off": ProblemType(
        422, "The technician does not work that day", "Choose another day or technician, or say in override_reason why."
    ),
    "window_unavailable": ProblemType(
        422,
        "That appointment window is not to be had",
        "Choose another: GET /appointment-windows lists what is offered.",
    ),
    "photos_missing": ProblemType(409, "Photos have not arrived yet", "Wait for the tablet to send them, then post."),
    "hold_ended": ProblemType(409, "The hold was ended", "Place another one."),
    "hold_not_renewable": ProblemType(409, "The hold cannot be renewed", "Place another one, if the policy has it."),
    "policy_invalid": ProblemType(422, "The policy cannot be like that", "Correct the setting that is named."),
    "gate_blocked": ProblemType(
        409, "A rule of the policy forbids the cut-off", "`objections` says what stands against it."
    ),
    "override_needed": ProblemType(
        409, "Somebody must let the cut-off go ahead", "`objections` names the gates and the roles that may override."
    ),
    "gates_not_asked": ProblemType(
        409, "The gates of the cut-off were not asked", "Give the order out by assigning it; tell the operator."
    ),
    "not_overridable": ProblemType(409, "Nobody may override that", "`objections` says what stands against it."),
    "lines_open": ProblemType(
        409, "Some of the run's orders are still out", "Recall them or wait; `orders` lists some."
    ),
    "template_invalid": ProblemType(422, "The template cannot be used", "Correct the line that is named."),
    "fee_refused": ProblemType(409, "The policy allows no such fee", "Use a fee that the utility may charge."),
    "sequence_full": ProblemType(
        409, "The route has no number left for another stop", "Split the route, or draft it anew."
    ),
    "development_closed": ProblemType(409, "The development is closed", "Make it active again, if building goes on."),
    "not_renewable": ProblemType(409, "It is not renewed any more", "Have the meter fetched."),
    "tap_gate_closed": ProblemType(
        409, "The tap request has not come that far", "`missing` names what has to be there first."
    ),
    "tap_request_missing": ProblemType(
        409, "Nobody has asked for a tap here", "Take a tap request for the place first: POST /tap-requests."
    ),
    "tap_ended": ProblemType(409, "The tap request is at its end", "Take another request for the place."),
    "tap_quote_expired": ProblemType(409, "The quote has expired", "Quote the request again."),
    "locate_ticket_invalid": ProblemType(
        422, "The locate ticket does not fit the law", "Correct the ticket, or say why it is an emergency."
    ),
    "dig_not_legal": ProblemType(409, "Nobody may dig there then", "Call 811 and wait for the ticket's legal start."),
    "capture_missing": ProblemType(422, "Captures are missing or wrong", "Fill in what `findings` names."),
    "impossible_transition": ProblemType(
        409, "The order is in a state where that cannot happen", "`possible` lists what can happen to it now."
    ),
    "argument_required": ProblemType(422, "Something needed was not said", "Give what `missing` names."),
    "already_pulled": ProblemType(409, "The order is on a tablet already", "Recall it instead."),
    "four_eyes": ProblemType(403, "Nobody answers for their own work", "Ask somebody else to do this step."),
    "review_required": ProblemType(409, "Somebody has to look at it first", "Review the order and post it by hand."),
    "order_type_inactive": ProblemType(
        422, "This order type is not in use yet", "Choose an active order type: GET /order-types lists them."
    ),
    "order_type_not_yours": ProblemType(403, "Your roles do not create this order type", "Ask `allowed_roles`."),
    "outcome_unknown": ProblemType(422, "The order type has no such outcome", "Use one that `outcomes` lists."),
    "number_invalid": ProblemType(422, "That is not a number of ours", "Write it like SO-2026-00123."),
    "reading_invalid": ProblemType(422, "That is no reading of this register", "Read the dials again."),
    "duplicate_completion": ProblemType(
        409, "Somebody completed it already", "What was captured is kept; the office compares the two."
    ),
    "lock_in_use": ProblemType(
        409, "That lock is in use at another place", "Send the order back for its number, or end the lock there."
    ),
    "no_meter_installed": ProblemType(409, "No meter is installed here", "Install one by a change-out or a meter set."),
    "move_not_allowed": ProblemType(
        409, "It does not go from there to there", "Take one of the moves that `allowed` lists."
    ),
    "meter_installed_elsewhere": ProblemType(
        409, "That meter is installed at another service point", "Check the serial number, or remove it there first."
    ),
    # -- sync
    "tablet_required": ProblemType(403, "Only an enrolled tablet may do this", "Enrol the tablet and sign in on it."),
    "tablet_revoked": ProblemType(
        403,
        "This tablet is blocked",
        "Bring it to the office; the work on it can still be rescued by a supervisor.",
    ),
    "enrolment_code_invalid": ProblemType(
        404, "The enrolment code is wrong, used or expired", "Ask the office for a fresh code."
    ),
    "history_changed": ProblemType(
        410,
        "The server's history is another one",
        "Keep the outbox, pull again without a cursor, then push.",
    ),
    "pull_first": ProblemType(
        409, "The tablet's copy is too old to be compared", "Pull, then compare again with the new cursor."
    ),
    "op_id_reused": ProblemType(
        409, "That op id was used with other content", "Make a new op id; the first content stands."
    ),
    "op_unknown": ProblemType(422, "The server does not know this kind of op", "It is kept; the office looks at it."),
    "conflict_resolved": ProblemType(
        409, "Somebody settled it otherwise", "Look at how: GET /conflicts/{id} says who decided what, and why."
    ),
    "serial_claimed_twice": ProblemType(
        409, "Two places claim one serial number", "It is kept; the office decides which of the two was misread."
    ),
    "radio_claimed_twice": ProblemType(
        409, "Two places claim one radio", "It is kept; the office decides which of the two was misread."
    ),
    "claim_disputed": ProblemType(
        409, "It is not certain which place this meter or radio is at", "Settle the conflict, or send the order back."
    ),
    "reading_regression": ProblemType(
        409, "Two readings of one visit contradict each other", "Both are kept; the office decides which counts."
    ),
    "needs_gis": ProblemType(409, "Only GIS moves a service point", "The proposal is kept; a GIS editor looks at it."),
    "schema_unsupported": ProblemType(
        409, "That schema version is not spoken here", "Update the app; pushing still works."
    ),
    "signature_invalid": ProblemType(
        422, "The op's seal is not this tablet's", "It is kept; the office asks the technician about it."
    ),
    "doer_unknown": ProblemType(
        422, "The op names a doer who never used this tablet", "It is kept; the office looks at it."
    ),
    "rescued": ProblemType(
        409, "It was brought in from a tablet by a supervisor", "The office applies it, or sets it aside."
    ),
    "predecessor_lost": ProblemType(
        409,
        "The op before it never arrived.",
        "Look at what was captured, ask the technician, and decide the conflict.",
    ),
    "drain_only": ProblemType(
        409,
        "This version of the app only sends",
        "Update the app; until then its work is taken, and nothing sent back.",
    ),
    "op_malformed": ProblemType(422, "The op is not of the documented shape", "It is kept; the office looks at it."),
    # -- photos on their way (the statuses are those of tus 1.0.0)
    "tus_version_unsupported": ProblemType(
        412, "That version of tus is not spoken here", "Send Tus-Resumable: 1.0.0, or ask OPTIONS."
    ),
    "offset_mismatch": ProblemType(
        409, "The upload is at another offset", "Ask HEAD where it is, and go on from there."
    ),
    "upload_locked": ProblemType(
        423, "Another request is writing this upload", "Wait a second, ask HEAD for the offset, and go on."
    ),
    "upload_expired": ProblemType(410, "This upload was not finished in time", "Create it again and send all bytes."),
    "checksum_mismatch": ProblemType(460, "The chunk arrived damaged", "Send the same chunk again."),
    "storage_full": ProblemType(
        507, "The server has no room for the bytes", "Keep the photo and try again later; tell the office."
    ),
    "not_in_scope": ProblemType(409, "It was not on this tablet", "The op is kept; the office looks at it."),
    "register_not_here": ProblemType(
        409, "That register is not of a meter at this stop", "Look which meter was read; what was noted is kept."
    ),
}
