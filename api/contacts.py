"""The contact log: attempts to reach customers, what came of them, and the log as a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from enum import StrEnum
from itertools import islice
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response
from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Query, Sort, actor, creates, page_of, reading, writing
from api.core.context import context
from api.core.schemas import Day, Id, Moment, Text, Whole
from api.service_order_schemas import NULL
from curbstop.commands import contacts as commands
from curbstop.commands.contacts import NewAttempt
from curbstop.domain.contacts import Channel, Contact, Direction, PromiseState, Reached, Reason, Result
from curbstop.files.contact_log import COLUMNS, cells
from curbstop.queries import contacts as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("contact log", "contacts", url_prefix="/contact-attempts", description="In place of a spreadsheet.")

CENTS = 10**12
ROWS_AT_ONCE = 200


def _word(about: str, words: type[Any], example: str, **more: Any) -> Text:
    return Text(about, example, choices=[word.value for word in words], **more)


class ContactAttemptAnswer(Answer):
    id = Id("The attempt's id.")
    account_id = Id("The account.")
    account_number = Text("Its number.", "AC-000123")
    customer_name = Text("Whose it is.", "Pat Customer")
    at = Moment("When it was.")
    by_id = Id("Who logged it.", **NULL)
    by_name = Text("Who it was, by name.", "Carla Reyes", **NULL)
    channel = _word("How.", Channel, "phone")
    direction = _word("Who began it: `out` is us.", Direction, "out")
    reached = _word("Who was reached.", Reached, "customer")
    reason = _word("Why.", Reason, "delinquent")
    result = _word("What came of it.", Result, "promise")
    promise_cents = Whole("What was promised, in cents.", 8_420, most=CENTS, **NULL)
    promise_on = Day("By when.", **NULL)
    promise_through = Day("The promise's last day with its grace.", **NULL)
    promise_state = _word("How the promise stands.", PromiseState, "open", **NULL)
    note = Text("What was said, for whoever may place a hold.", "Will pay on Friday.", **NULL)
    order_id = Id("The order that it was about.", **NULL)
    order_number = Text("Its number.", "SO-2026-00123", **NULL)
    hold_id = Id("The hold that it placed.", **NULL)
    recorded_at = Moment("When it was logged.")


class ContactFilters(Query):
    account_id = Id("Only of this account.", load_default=None)
    reason = _word("Only for this reason.", Reason, "delinquent", load_default=None)
    result = _word("Only with this result.", Result, "promise", load_default=None)
    channel = _word("Only by this channel.", Channel, "phone", load_default=None)
    promise_state = _word("Only promises that stand so.", PromiseState, "broken", load_default=None)
    since = Moment("Only from this moment on.", load_default=None)
    before = Moment("Only before this moment.", load_default=None)
    promised_through = Day("Only promises for this day or an earlier one.", load_default=None)


class ContactQuery(PageQuery, ContactFilters):
    sort = Sort("at")


class ContactBody(Body):
    account_id = Id("The account.", required=True)
    at = Moment("When it was.", required=True)
    channel = _word("How.", Channel, "phone", required=True)
    direction = _word("Who began it: `out` is us.", Direction, "out", load_default="out")
    reached = _word("Who was reached.", Reached, "customer", load_default="none")
    reason = _word("Why.", Reason, "delinquent", required=True)
    result = _word("What came of it.", Result, "promise", load_default="none")
    promise_cents = Whole("What was promised, in cents.", 8_420, least=1, most=CENTS, load_default=None)
    promise_on = Day("By when.", load_default=None)
    note = Text("What was said.", "Will pay on Friday.", longest=2000, load_default=None)
    order_id = Id("The order that it was about.", load_default=None)


@blp.operation("GET", "", query=ContactQuery, answer=page_of(ContactAttemptAnswer))
def list_contact_attempts(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """The contact log."""
    with reading() as session:
        return queries.find(session, actor(), page, **_filters(query))


@blp.operation("POST", "", body=ContactBody, answer=ContactAttemptAnswer, problems=("not_found", "invalid"))
@creates("/contact-attempts/{id}")
def log_contact_attempt(body: dict[str, Any]) -> Row[Any]:
    """Log an attempt. A promise, a plan or a dispute holds a cut-off back from this moment on."""
    about, order_id = body.pop("account_id"), body.pop("order_id")
    words: dict[str, type[StrEnum]] = {
        "channel": Channel,
        "direction": Direction,
        "reached": Reached,
        "reason": Reason,
        "result": Result,
    }
    said: dict[str, Any] = {name: words[name](told) if name in words else told for name, told in body.items()}
    with writing() as work:
        made = commands.log(work, NewAttempt(account_id=about, contact=Contact(**said), order_id=order_id))
        return queries.get(work.session, work.actor, made.id)


@blp.operation("GET", "/<uuid:contact_attempt_id>", answer=ContactAttemptAnswer)
def get_contact_attempt(contact_attempt_id: UUID) -> Row[Any]:
    """One attempt."""
    with reading() as session:
        return queries.get(session, actor(), contact_attempt_id)


@blp.operation(
    "GET",
    "/spreadsheet",
    query=ContactFilters,
    status=200,
    doc={"responses": {"200": {"description": "The log as CSV.", "content": {"text/csv": {}}}}},
)
def download_contact_log(query: dict[str, Any]) -> Response:
    """The log as a CSV file in UTF-8, oldest first, in the utility's own time; no cell of it runs as a formula."""
    found, stack = context(), ExitStack()
    try:
        session = stack.enter_context(found.sessions.read())
        rows = queries.every(session, actor(), **_filters(query))
    except BaseException:
        stack.close()
        raise
    response = Response(_lines(rows, found.settings.zone), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="contact-log.csv"'
    response.call_on_close(stack.close)
    return response


def _filters(query: dict[str, Any]) -> dict[str, Any]:
    return {name: query[name] for name in ContactFilters._declared_fields}  # noqa: SLF001 - the schema's own names


def _lines(rows: Iterator[Row[Any]], zone: ZoneInfo) -> Iterator[str]:
    # The mark tells spreadsheets that it is UTF-8.
    yield "\ufeff" + _csv([COLUMNS])
    while part := list(islice(rows, ROWS_AT_ONCE)):
        yield _csv(cells(row._asdict(), zone) for row in part)


def _csv(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
