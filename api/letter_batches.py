"""A day's letters for the print vendor, with progress; and the templates that letters are set from."""

import csv
import io
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.schemas import Day, Id, Many, Moment, Text, Whole
from api.letters import KINDS, LANGUAGES, METHODS, PDF, STEP, served
from api.service_order_schemas import NULL
from curbstop.commands import letter_batches as commands
from curbstop.commands import letter_templates as templates
from curbstop.domain.letters import Language, LetterKind
from curbstop.domain.problems import Problem
from curbstop.files import letter_manifest
from curbstop.queries import letters as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("letter batches", "letter_batches", url_prefix="", description="A day's letters, and their templates.")

STATES = [commands.GATHERING, commands.READY, commands.MAILED, commands.CANCELLED]
MOST = 5_000


class LetterBatchAnswer(Answer):
    id = Id("The batch's id.")
    version = Whole("The version, also in the ETag.", 2)
    number = Text("The number for people.", "LB-2026-00003")
    state = Text("Where it is.", "gathering", choices=STATES)
    letters = Whole("How many letters it has.", 1_000)
    set_letters = Whole("How many of them are set.", 425)
    pages = Whole("How many pages the PDF has.", 1_004, **NULL)
    created_at = Moment("When it was gathered.")
    mailed_on = Day("When it was mailed.", **NULL)


class LetterBatchQuery(PageQuery):
    sort = Sort("created_at")
    state = Text("Only those that are there.", "ready", choices=STATES, load_default=None)


class LetterBatchBody(Body):
    letter_ids = Many(Id("A letter."), f"These; at most {MOST}.", most=MOST, load_default=None)
    kind = Text("All approved ones of this kind; of every kind by default.", "cut_off_notice", choices=KINDS,
                load_default=None)  # fmt: skip


class LetterBatchMailBody(Body):
    mailed_on = Day("The day on which it was mailed.", required=True)
    method = Text("How.", "first_class", choices=METHODS, required=True)


class LetterTemplateAnswer(Answer):
    kind = Text("What the letters are for.", "cut_off_notice", choices=KINDS)
    language = Text("In which language.", "en", choices=LANGUAGES)
    version = Whole("The version, also in the ETag; 0 is the shipped one.", 1)
    source = Text("The Typst source.", '#import "letterhead.typ": *')
    reason = Text("Why it was made.", "New letterhead.", **NULL)
    made_at = Moment("When.", **NULL)


class LetterTemplateBody(Body):
    source = Text("The Typst source.", '#import "letterhead.typ": *', required=True, shortest=1, longest=60_000)
    reason = Text("Why; it stays with the version.", "New letterhead.", required=True, shortest=1, longest=2_000)


class LetterTrialBody(Body):
    source = Text("The Typst source.", '#import "letterhead.typ": *', required=True, shortest=1, longest=60_000)


@blp.operation("GET", "/letter-batches", query=LetterBatchQuery, answer=page_of(LetterBatchAnswer))
def list_batches(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """Batches with their progress."""
    with reading() as session:
        return queries.batches(session, actor(), page, **query)


@blp.operation(
    "POST", "/letter-batches", body=LetterBatchBody, answer=LetterBatchAnswer,
    problems=(*STEP, "not_found", "conflict", "too_large"),
)  # fmt: skip
@creates("/letter-batches/{id}")
def gather_batch(body: dict[str, Any]) -> Row[Any]:
    """Gather approved letters in presort order; workers make one PDF of them."""
    kind = LetterKind(body["kind"]) if body["kind"] else None
    with writing() as work:
        made = commands.gather(work, letter_ids=body["letter_ids"], kind=kind)
        return queries.batch(work.session, work.actor, made.id)


@blp.operation("GET", "/letter-batches/<uuid:batch_id>", answer=LetterBatchAnswer)
def get_batch(batch_id: UUID) -> Row[Any]:
    """One batch with its progress."""
    with reading() as session:
        return queries.batch(session, actor(), batch_id)


@blp.operation("GET", "/letter-batches/<uuid:batch_id>/pdf", status=200, doc=PDF)
def get_batch_pdf(batch_id: UUID) -> Response:
    """The whole batch as one PDF, in its places."""
    with reading() as session:
        number, sha256 = queries.bound(session, actor(), batch_id)
    return served(number, sha256)


@blp.operation(
    "GET", "/letter-batches/<uuid:batch_id>/manifest", status=200,
    doc={"responses": {"200": {"description": "The manifest as CSV.", "content": {"text/csv": {}}}}},
)  # fmt: skip
def get_batch_manifest(batch_id: UUID) -> Response:
    """Where each letter begins in the PDF, and whom it goes to."""
    target = io.StringIO()
    with reading() as session:
        number, _ = queries.bound(session, actor(), batch_id)
        writer = csv.writer(target)
        writer.writerow(letter_manifest.COLUMNS)
        writer.writerows(letter_manifest.rows(queries.in_batch(session, actor(), batch_id)))
    response = Response("\ufeff" + target.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{number}.csv"'
    return response


@blp.operation(
    "POST", "/letter-batches/<uuid:batch_id>/mail", body=LetterBatchMailBody, answer=LetterBatchAnswer,
    problems=(*STEP, "invalid"),
)  # fmt: skip
@edits
def mail_batch(batch_id: UUID, body: dict[str, Any], if_version: int | None) -> Row[Any]:
    """The whole batch is in the mail."""
    with writing() as work:
        commands.mail(work, batch_id, **body, if_version=if_version)
        return queries.batch(work.session, work.actor, batch_id)


@blp.operation("POST", "/letter-batches/<uuid:batch_id>/cancel", answer=LetterBatchAnswer, problems=STEP)
@edits
def cancel_batch(batch_id: UUID, if_version: int | None) -> Row[Any]:
    """Take the batch apart; its letters stay approved."""
    with writing() as work:
        commands.cancel(work, batch_id, if_version=if_version)
        return queries.batch(work.session, work.actor, batch_id)


def _named(kind: str, language: str) -> tuple[LetterKind, Language]:
    if kind not in KINDS or language not in LANGUAGES:
        raise Problem("not_found", f"There is no template {kind}/{language}.")
    return LetterKind(kind), Language(language)


@blp.operation("GET", "/letter-templates/<string:kind>/<string:language>", answer=LetterTemplateAnswer)
def get_template(kind: str, language: str) -> dict[str, Any]:
    """The template in force."""
    with reading() as session:
        return queries.template(session, actor(), *_named(kind, language))


@blp.operation(
    "PUT", "/letter-templates/<string:kind>/<string:language>", body=LetterTemplateBody, answer=LetterTemplateAnswer,
    problems=("template_invalid",),
)  # fmt: skip
@edits
def edit_template(kind: str, language: str, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Make the next version, after it was set once with made-up fields."""
    named = _named(kind, language)
    tried = templates.try_out(actor(), *named, body["source"])
    with writing() as work:
        templates.edit(work, tried, reason=body["reason"], if_version=if_version)
        return queries.template(work.session, work.actor, *named)


@blp.operation(
    "POST", "/letter-templates/<string:kind>/<string:language>/trial", body=LetterTrialBody, status=200, doc=PDF,
    problems=("template_invalid",),
)  # fmt: skip
def try_template(kind: str, language: str, body: dict[str, Any]) -> Response:
    """See a template set with made-up fields, without keeping it."""
    tried = templates.try_out(actor(), *_named(kind, language), body["source"])
    return Response(tried.sheet.pdf, mimetype="application/pdf")
