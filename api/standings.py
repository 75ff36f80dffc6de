"""What billing tells of accounts: what is owed, what was paid, what came back."""

from typing import Any
from uuid import UUID

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, page_of, reading, writing
from api.core.schemas import Day, Flag, Id, Many, Moment, Part, Text, Whole
from api.service_order_schemas import NULL
from curbstop.commands import returned_payments
from curbstop.commands import standings as commands
from curbstop.commands.standings import Heard, Paid, Taken, Told
from curbstop.models.standing import Payment
from curbstop.queries import standings as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("standings", "standings", url_prefix="", description="What accounts owe and pay, as billing has it.")

MOST = 1_000
CENTS = 10**12


class StandingAnswer(Answer):
    account_id = Id("The account.")
    past_due_cents = Whole("What billing said was past due, in cents.", 8_420, most=CENTS)
    paid_since_cents = Whole("What was paid since it said so.", 0, most=CENTS)
    owed_cents = Whole("What is past due by now.", 8_420, most=CENTS)
    periods_past_due = Whole("How many billing periods are past due.", 2)
    cash_only = Flag("Whether so many payments came back that the policy takes cash alone.", False)
    delinquent_since = Day("Since when.", **NULL)
    debt_class = Text("The class of service that the debt is for.", "residential", **NULL)
    owed_by_former_occupant = Flag("Whether somebody owes it who lived there before.", False)
    as_of = Moment("As of which moment billing said so.")
    recorded_at = Moment("When it was told.")


class ToldBody(Body):
    account_id = Id("The account.", required=True)
    past_due_cents = Whole("What is past due, in cents.", 8_420, least=0, most=CENTS, required=True)
    periods_past_due = Whole("How many billing periods are past due.", 2, least=0, most=1_000, required=True)
    as_of = Moment("As of which moment.", required=True)
    delinquent_since = Day("Since when.", load_default=None, allow_none=True)
    debt_class = Text(
        "The class of service that the debt is for.", "residential", longest=20, load_default=None, allow_none=True
    )
    owed_by_former_occupant = Flag("Whether somebody owes it who lived there before.", False, load_default=False)


class TellBody(Body):
    standings = Many(
        Part(ToldBody, "A standing."), f"At most {MOST}, each of another account.", most=MOST, required=True
    )


class ToldAnswer(Answer):
    kept = Whole("How many were newer than what was known.", 1)
    recalled = Many(Id("An order."), "The cut-offs of those who owe nothing by now.")


class PaidBody(Body):
    account_id = Id("The account.", required=True)
    source_key = Text("What billing knows it by; told again, it counts once.", "P-2026-0001", longest=120, shortest=1,
                      required=True)  # fmt: skip
    cents = Whole("How much, in cents.", 8_420, least=1, most=CENTS, required=True)
    received_at = Moment("When it was received.", required=True)
    paid_a_restoral = Flag("Whether it was to have the water back on.", False, load_default=False)


class TakeBody(Body):
    payments = Many(Part(PaidBody, "A payment."), f"At most {MOST}.", most=MOST, required=True)


class TakenAnswer(Answer):
    new = Whole("How many were not known yet.", 1)
    recalled = Many(Id("An order."), "The cut-offs that they took back.")


class PaymentAnswer(Answer):
    id = Id("The payment's id.")
    account_id = Id("The account.")
    source_key = Text("What billing knows it by.", "P-2026-0001")
    cents = Whole("How much, in cents.", 8_420, most=CENTS)
    received_at = Moment("When it was received.")
    recorded_at = Moment("When it was told.")
    returned_on = Day("When the bank sent it back.", **NULL)
    return_reason = Text("Why.", "insufficient_funds", **NULL)
    paid_a_restoral = Flag("Whether it was to have the water back on.", False)


class PaymentQuery(PageQuery):
    sort = Sort("received_at")


class PaymentReturnBody(Body):
    source_key = Text("The payment, as billing knows it.", "P-2026-0001", longest=120, shortest=1, required=True)
    returned_on = Day("When the bank sent it back.", required=True)
    reason = Text("Why.", "insufficient_funds", longest=40, shortest=1, required=True)


class PaymentsMarkBody(Body):
    payments_as_of = Moment("Up to which moment.", required=True)


class PaymentsMarkAnswer(Answer):
    payments_as_of = Moment("Up to which moment all payments are in, as far as billing said.")


@blp.operation("PUT", "/standings", body=TellBody, answer=ToldAnswer, problems=("not_found", "invalid"))
def tell_standings(body: dict[str, Any]) -> Heard:
    """Say what accounts owe; what is older than what is known changes nothing. Who owes nothing is not cut off."""
    with writing() as work:
        return commands.tell(work, [Told(**one) for one in body["standings"]])


@blp.operation("PUT", "/payments", body=TakeBody, answer=TakenAnswer, problems=("not_found", "invalid", "conflict"))
def take_payments(body: dict[str, Any]) -> Taken:
    """Say what was paid. Who has paid everything past due is not cut off: such orders are recalled in this moment."""
    with writing() as work:
        return commands.take(work, [Paid(**one) for one in body["payments"]])


@blp.operation(
    "PUT", "/payments/returned", body=PaymentReturnBody, answer=PaymentAnswer, problems=("not_found", "conflict")
)
def return_payment(body: dict[str, Any]) -> Payment:
    """Say that the bank sent a payment back; what it had recalled stays recalled."""
    with writing() as work:
        return returned_payments.tell(work, **body)


@blp.operation("PUT", "/payments/as-of", body=PaymentsMarkBody, answer=PaymentsMarkAnswer, problems=("invalid",))
def mark_payments(body: dict[str, Any]) -> dict[str, Any]:
    """Say up to which moment all payments are in; an earlier moment than the one known changes nothing."""
    with writing() as work:
        return {"payments_as_of": commands.mark_payments(work, body["payments_as_of"])}


@blp.operation("GET", "/accounts/<uuid:account_id>/standing", answer=StandingAnswer)
def get_standing(account_id: UUID) -> dict[str, Any]:
    """What an account owes by now."""
    with reading() as session:
        return queries.standing(session, actor(), account_id)


@blp.operation("GET", "/accounts/<uuid:account_id>/payments", query=PaymentQuery, answer=page_of(PaymentAnswer))
def list_payments(account_id: UUID, query: dict[str, Any], page: PageRequest) -> Page[Payment]:
    """An account's payments, as far as billing told of them."""
    del query
    with reading() as session:
        return queries.payments(session, actor(), page, account_id)
