"""Letters: drafted, proofed, approved, mailed; their frozen PDF, and who owns a place."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.context import context
from api.core.schemas import Day, Free, Id, Many, Moment, Text, Whole
from api.service_order_schemas import NULL
from api.service_orders import ReasonBody
from curbstop.blobs import blobs_of
from curbstop.commands import letter_addresses, letter_mailings
from curbstop.commands import letters as commands
from curbstop.commands.letters import Wanted
from curbstop.domain.letters import Language, LetterKind, LetterState, Recipient
from curbstop.models.letter import PropertyOwner
from curbstop.queries import letters as queries
from curbstop.queries.page import Page, PageRequest
from curbstop.typesetting import sheet_of

blp = Blueprint("letters", "letters", url_prefix="", description="What customers are written.")

KINDS = [kind.value for kind in LetterKind]
LANGUAGES = [language.value for language in Language]
RECIPIENTS = [one.value for one in Recipient]
METHODS = ("first_class", "certified", "posted", "hand_delivered")
MOST = 1_000
STEP = ("impossible_transition",)
PDF: dict[str, Any] = {
    "responses": {"200": {"description": "The PDF.", "content": {"application/pdf": {}}}},
}


class LetterAnswer(Answer):
    id = Id("The letter's id.")
    version = Whole("The version, also in the ETag.", 2)
    number = Text("The number for people.", "LT-2026-00012")
    kind = Text("What it is for.", "access_notice_1", choices=KINDS)
    language = Text("In which language.", "en", choices=LANGUAGES)
    state = Text("Where it is.", "approved", choices=[state.value for state in LetterState])
    recipient = Text("To whom.", "occupant", choices=RECIPIENTS)
    account_id = Id("The account.", **NULL)
    account_number = Text("Its number.", "AC-000123", **NULL)
    service_point_id = Id("The place.")
    subject_kind = Text("What it is about.", "access_issue", **NULL)
    subject_id = Id("Which of them.", **NULL)
    words = Free("Its own words.", {"remedy": "Trim plants at least 2 ft around the meter box."}, attribute="fields")
    given = Free("Its head: name, address, the utility.", {"name": "Pat Customer"})
    template_number = Whole("The template's version that it was approved with.", 0, **NULL)
    pages = Whole("How many pages; null until it is set.", 1, **NULL)
    text = Text("The words on them.", "Dear Pat Customer", **NULL)
    approved_by_name = Text("Who approved it.", "Sue", **NULL)
    approved_at = Moment("When.", **NULL)
    batch_id = Id("The batch that it is in.", **NULL)
    batch_place = Whole("Its place there.", 4, **NULL)
    mailed_on = Day("When it was mailed.", **NULL)
    method = Text("How.", "first_class", **NULL)
    tracking = Text("The post's number for it.", "7020 0640 0000 1234 5678", **NULL)
    ended_on = Day("When it was delivered, or came back.", **NULL)
    reason = Text("Why it is void, or came back.", "Moved, left no address.", **NULL)


class LetterQuery(PageQuery):
    sort = Sort("created_at", "number")
    kind = Text("Only of this kind.", "access_notice_1", choices=KINDS, load_default=None)
    state = Text("Only those that are there.", "draft", choices=[s.value for s in LetterState], load_default=None)
    account_id = Id("Only to this account.", load_default=None)
    service_point_id = Id("Only about this place.", load_default=None)
    subject_id = Id("Only about this access issue, or cut-off line.", load_default=None)
    batch_id = Id("Only of this batch.", load_default=None)


class LetterBody(Body):
    kind = Text("What it is for.", "access_notice_1", choices=KINDS, required=True)
    service_point_id = Id("The place.", required=True)
    words = Free(
        "Its words: docs/letter-fields.md lists each kind's.",
        {"remedy": "Trim the hedge."},
        required=True,
        attribute="fields",
    )
    recipient = Text("To whom.", "occupant", choices=RECIPIENTS, load_default="occupant")
    account_id = Id("The account that it goes to.", load_default=None, allow_none=True)
    language = Text("In which language; the addressee's own by default.", "es", choices=LANGUAGES, load_default=None)


class LettersBody(Body):
    letter_ids = Many(Id("A letter."), f"At most {MOST}.", most=MOST, required=True)


class LettersAnswer(Answer):
    letters = Whole("How many.", 12)


class LetterMailBody(LettersBody):
    mailed_on = Day("The day on which they were mailed.", required=True)
    method = Text("How.", "first_class", choices=METHODS, required=True)
    tracking = Text("The post's number.", "7020 0640 0000 1234 5678", longest=80, load_default=None)


class LetterDeliveredBody(Body):
    on = Day("The day.", required=True)


class LetterReturnedBody(LetterDeliveredBody):
    reason = Text("Why, as the post says it.", "Moved, left no address.", required=True, shortest=1, longest=500)


class OwnerAnswer(Answer):
    service_point_id = Id("The place.")
    version = Whole("The version.", 1)
    name = Text("Who owns it.", "Hill Rentals LLC")
    address = Text("Where letters go.", "PO Box 12")
    city = Text("The city.", "Raleigh")
    state = Text("The state.", "NC")
    zip = Text("The ZIP code.", "27601")
    language = Text("In which language.", "en", choices=LANGUAGES)


class OwnerBody(Body):
    name = Text("Who owns it.", "Hill Rentals LLC", required=True, shortest=1, longest=120)
    address = Text("Where letters go.", "PO Box 12", required=True, shortest=1, longest=160)
    city = Text("The city.", "Raleigh", required=True, shortest=1, longest=60)
    state = Text("The state.", "NC", required=True, pattern="[A-Z]{2}")
    zip = Text("The ZIP code.", "27601", required=True, pattern=r"\d{5}(-\d{4})?")
    language = Text("In which language.", "en", choices=LANGUAGES, load_default="en")


@blp.operation("GET", "/letters", query=LetterQuery, answer=page_of(LetterAnswer))
def list_letters(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """Letters, to one account, about one place or in one batch."""
    with reading() as session:
        return queries.letters(session, actor(), page, **query)


@blp.operation("POST", "/letters", body=LetterBody, answer=LetterAnswer, problems=("not_found", "invalid"))
@creates("/letters/{id}")
def draft_letter(body: dict[str, Any]) -> Row[Any]:
    """Draft a letter by hand."""
    language = Language(body["language"]) if body["language"] else None
    kinds = {"kind": LetterKind(body["kind"]), "recipient": Recipient(body["recipient"]), "language": language}
    with writing() as work:
        [made] = commands.draft(work, [Wanted(**{**body, **kinds})])
        return queries.letter(work.session, work.actor, made.id)


@blp.operation("GET", "/letters/<uuid:letter_id>", answer=LetterAnswer)
def get_letter(letter_id: UUID) -> Row[Any]:
    """One letter."""
    with reading() as session:
        return queries.letter(session, actor(), letter_id)


@blp.operation("GET", "/letters/<uuid:letter_id>/pdf", status=200, doc=PDF)
def get_letter_pdf(letter_id: UUID) -> Response:
    """The letter as it was frozen, byte for byte, however often it is printed."""
    with reading() as session:
        number, sha256 = queries.frozen(session, actor(), letter_id)
    return served(number, sha256)


@blp.operation("GET", "/letters/<uuid:letter_id>/proof", status=200, doc=PDF)
def get_letter_proof(letter_id: UUID) -> Response:
    """The letter as it would be set today, marked as a proof."""
    with writing() as work:
        manuscript = commands.proof(work, letter_id)
    return Response(sheet_of(manuscript).pdf, mimetype="application/pdf")


@blp.operation("POST", "/letters/approvals", body=LettersBody, answer=LettersAnswer, problems=(*STEP, "not_found"))
def approve_letters(body: dict[str, Any]) -> dict[str, int]:
    """From now on nothing of them changes; workers set them."""
    with writing() as work:
        return {"letters": len(commands.approve(work, body["letter_ids"]))}


@blp.operation(
    "POST", "/letters/mailings", body=LetterMailBody, answer=LettersAnswer, problems=(*STEP, "not_found", "invalid")
)
def mail_letters(body: dict[str, Any]) -> dict[str, int]:
    """They are in the mail."""
    said = {name: body[name] for name in ("mailed_on", "method", "tracking")}
    with writing() as work:
        return {"letters": len(letter_mailings.mark_mailed(work, body["letter_ids"], **said))}


def _step(letter_id: UUID, command: Any, **said: Any) -> Row[Any]:
    with writing() as work:
        command(work, letter_id, **said)
        return queries.letter(work.session, work.actor, letter_id)


@blp.operation("POST", "/letters/<uuid:letter_id>/void", body=ReasonBody, answer=LetterAnswer, problems=STEP)
@edits
def void_letter(letter_id: UUID, body: dict[str, Any], if_version: int | None) -> Row[Any]:
    """It is not to be sent after all."""
    return _step(letter_id, commands.void, **body, if_version=if_version)


@blp.operation(
    "POST", "/letters/<uuid:letter_id>/delivered", body=LetterDeliveredBody, answer=LetterAnswer, problems=STEP
)
@edits
def deliver_letter(letter_id: UUID, body: dict[str, Any], if_version: int | None) -> Row[Any]:
    """The post says that it was delivered."""
    return _step(letter_id, letter_mailings.mark_delivered, **body, if_version=if_version)


@blp.operation(
    "POST", "/letters/<uuid:letter_id>/returned", body=LetterReturnedBody, answer=LetterAnswer, problems=STEP
)
@edits
def return_letter(letter_id: UUID, body: dict[str, Any], if_version: int | None) -> Row[Any]:
    """The post brought it back; what counted from its mailing counts no more."""
    return _step(letter_id, letter_mailings.mark_returned, **body, if_version=if_version)


@blp.operation("GET", "/service-points/<uuid:service_point_id>/owner", answer=OwnerAnswer)
def get_owner(service_point_id: UUID) -> PropertyOwner:
    """Who owns the place, where that was told."""
    with reading() as session:
        return queries.owner(session, actor(), service_point_id)


@blp.operation(
    "PUT", "/service-points/<uuid:service_point_id>/owner", body=OwnerBody, answer=OwnerAnswer, problems=("not_found",)
)
def set_owner(service_point_id: UUID, body: dict[str, Any]) -> PropertyOwner:
    """Say who owns the place; notices go there too."""
    with writing() as work:
        return letter_addresses.set_owner(work, service_point_id, body)


def served(number: str, sha256: str) -> Response:
    """Frozen bytes as a download; the name is the letter's number, never a client's words."""
    response = Response(blobs_of(context().settings).read(sha256), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{number}.pdf"'
    response.set_etag(sha256)
    return response
