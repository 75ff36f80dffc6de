"""What may be done about an access issue that three letters did not clear."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Remedy(StrEnum):
    """What billing and field supervision choose among."""

    CLEAR = "clear_at_owners_cost"
    QUOTE = "relocation_quote"
    FEE = "field_visit_fee"
    CUT_OFF = "cut_off"
    ESTIMATE = "keep_estimating"


@dataclass(frozen=True, slots=True)
class RemedyKind:
    """`order_type` is made as a draft, which a supervisor releases."""

    says: str
    order_type: str | None = None


REMEDIES: Final[dict[Remedy, RemedyKind]] = {
    Remedy.CLEAR: RemedyKind("we clear it at the owner's cost", "ACC_CLR"),
    Remedy.QUOTE: RemedyKind("the owner is quoted what it costs to move the meter"),
    Remedy.FEE: RemedyKind("the account is charged for a field visit"),
    Remedy.CUT_OFF: RemedyKind("the service is cut off for the violation", "CUT_OFF_VIOL"),
    Remedy.ESTIMATE: RemedyKind("readings go on being estimated"),
}
