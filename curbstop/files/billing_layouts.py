"""The layouts of what billing tells: payments, those that came back, what accounts owe, and holds."""

from decimal import Decimal
from typing import Final

from curbstop.domain.holds import HoldKind
from curbstop.domain.import_rows import HoldRow, PaymentRow, ReturnedPaymentRow, StandingRow
from curbstop.files.address_fields import key_of
from curbstop.files.layout import Draft, Field, Layout
from curbstop.files.values import code, day, decimal, flag, integer, moment, text

_ACCOUNT: Final = Field(
    "account_number", text(20), "Number of the account", ("account", "account_no", "acct", "acct_no"), required=True
)
_PAYMENT: Final = Field(
    "payment_id",
    text(100),
    "Billing's own id of the payment, as it is told by the API too",
    ("id", "payment", "payment_no", "receipt", "receipt_no", "transaction_id", "source_key"),
    required=True,
)
# Not more than a column of cents holds, and nothing below a cent.
_CENT, _MOST = Decimal("0.01"), Decimal(10_000_000)


def _cents(draft: Draft, name: str) -> int:
    return int(draft.values[name] * 100)


def _payment(draft: Draft) -> PaymentRow:
    return PaymentRow(
        source_key=draft.words("payment_id"),
        account_number=draft.words("account_number").upper(),
        cents=_cents(draft, "amount"),
        received_at=draft.values["received_at"],
        paid_a_restoral=draft.values["paid_a_restoral"],
    )


def _returned(draft: Draft) -> ReturnedPaymentRow:
    return ReturnedPaymentRow(draft.words("payment_id"), draft.values["returned_on"], draft.words("reason"))


def _standing(draft: Draft) -> StandingRow:
    account = draft.words("account_number").upper()
    return StandingRow(
        source_key=key_of("standing", account),
        account_number=account,
        past_due_cents=_cents(draft, "past_due"),
        periods_past_due=draft.values["periods_past_due"],
        as_of=draft.values["as_of"],
        delinquent_since=draft.get("delinquent_since"),
        debt_class=draft.get("debt_class"),
        owed_by_former_occupant=draft.values["owed_by_former_occupant"],
    )


def _hold(draft: Draft) -> HoldRow:
    account, kind, starts_on = draft.words("account_number").upper(), draft.words("kind"), draft.values["starts_on"]
    return HoldRow(
        source_key=key_of("hold", account, kind, starts_on.isoformat()),
        account_number=account,
        kind=kind,
        starts_on=starts_on,
        through=draft.get("through"),
        reason=draft.words("reason"),
        category=draft.get("category"),
    )


PAYMENTS: Final = Layout(
    "payments",
    (
        _PAYMENT,
        _ACCOUNT,
        Field("amount", decimal(_CENT, _MOST), "Dollars", ("payment_amount", "amt", "paid"), required=True),
        Field("received_at", moment, "When it came in; without a zone in the utility's own time",
              ("received", "paid_at", "posted_at", "payment_date", "date", "posted"), required=True),
        Field("paid_a_restoral", flag, "Whether it brought the water back", ("restoral", "reconnect"), default=False),
    ),
    _payment,
)  # fmt: skip
RETURNED_PAYMENTS: Final = Layout(
    "returned_payments",
    (
        _PAYMENT,
        Field("returned_on", day, "The day on which the bank sent it back", ("returned", "return_date", "date"),
              required=True),
        Field("reason", code({"nsf": "insufficient_funds", "insufficient funds": "insufficient_funds",
              "r01": "insufficient_funds", "stop payment": "stop_payment", "r08": "stop_payment",
              "account closed": "account_closed", "r02": "account_closed"}, others=60),
              "Why, such as insufficient_funds, stop_payment, account_closed, fraud",
              ("return_reason", "return_code", "code"), required=True),
    ),
    _returned,
)  # fmt: skip
STANDINGS: Final = Layout(
    "standings",
    (
        _ACCOUNT,
        Field("past_due", decimal(Decimal(0), _MOST), "Dollars past due", ("past_due_amount", "arrears", "balance_due"),
              required=True),
        Field("periods_past_due", integer(0, 999), "Billing periods that are past due", ("periods", "bills_past_due"),
              default=1),
        Field("as_of", moment, "The moment that billing speaks of; without a zone in the utility's own time",
              ("asof", "balance_at", "date"), required=True),
        Field("delinquent_since", day, "Since when", ("delinquent_date", "past_due_since", "due_date")),
        Field("debt_class", text(20), "Class of the service that the debt is for", ("class",)),
        Field("owed_by_former_occupant", flag, "Whether somebody owes it who has left", ("former_occupant",),
              default=False),
    ),
    _standing,
)  # fmt: skip
HOLDS: Final = Layout(
    "holds",
    (
        _ACCOUNT,
        Field("kind", code({"arrangement": "plan", "payment plan": "plan", "payment arrangement": "plan",
              "hearing": "dispute"} | {kind.value: kind.value for kind in HoldKind}),
              "dispute, medical, plan, promise, office, critical", ("type", "hold_type", "hold"), required=True),
        Field("starts_on", day, "Its first day", ("starts", "start_date", "from", "date"), required=True),
        Field("through", day, "Its last day, where it has one", ("ends", "end_date", "until", "to", "expires")),
        Field("reason", text(500), "Why, for the office alone", ("note", "notes", "comment"), required=True),
        Field("category", text(40), "Of a critical customer: which kind"),
    ),
    _hold,
)  # fmt: skip
