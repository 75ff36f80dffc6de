"""What work at an owner's cost comes to, by the policy's rates."""

from decimal import ROUND_HALF_UP, Decimal

from curbstop.domain.policy import CostPolicy


def cents(policy: CostPolicy, *, hours: Decimal, material_dollars: Decimal) -> int:
    """Hours and materials with their markup, in cents, and never less than the policy's least."""
    labour = hours * policy.hour_cents
    material = material_dollars * 100 * (100 + policy.material_markup_percent) / 100
    whole = int((labour + material).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    return max(whole, policy.least_cents)
