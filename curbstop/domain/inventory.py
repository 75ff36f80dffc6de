"""Where a meter or a radio is in its life, and the moves between: the same table for both."""

from collections.abc import Iterable
from typing import Final

from curbstop.domain.meters import MeterStatus
from curbstop.domain.problems import Problem

_S = MeterStatus
# What the office may say of a thing on the shelf. Into the ground and out of it go service orders only.
MOVES: Final[dict[MeterStatus, frozenset[MeterStatus]]] = {
    _S.ORDERED: frozenset({_S.STOCK, _S.LOST}),
    _S.STOCK: frozenset({_S.ON_TRUCK, _S.TESTING, _S.SCRAPPED, _S.LOST}),
    _S.ON_TRUCK: frozenset({_S.STOCK, _S.TESTING, _S.LOST}),
    _S.INSTALLED: frozenset(),
    _S.REMOVED: frozenset({_S.STOCK, _S.ON_TRUCK, _S.TESTING, _S.SCRAPPED, _S.LOST}),
    _S.TESTING: frozenset({_S.STOCK, _S.SCRAPPED, _S.LOST}),
    _S.LOST: frozenset({_S.STOCK, _S.ON_TRUCK, _S.TESTING, _S.REMOVED, _S.SCRAPPED}),
    _S.SCRAPPED: frozenset(),
}
# From where a thing may be put into the ground without anybody wondering.
AT_HAND: Final = frozenset({_S.STOCK, _S.ON_TRUCK})


def check_move(here: MeterStatus, to: MeterStatus) -> None:
    """Raises Problem(`move_not_allowed`), with the moves that are, unless the office may move a thing so."""
    if to == here or to in MOVES[here]:
        return
    allowed = sorted(status.value for status in MOVES[here])
    if MeterStatus.INSTALLED in (here, to):
        raise Problem("invalid", "A meter is installed and removed by service orders.", field="status")
    detail = f"From {here.value} it goes to {', '.join(allowed) or 'nowhere'}, not to {to.value}."
    raise Problem("move_not_allowed", detail, field="status", allowed=allowed)


def words(statuses: Iterable[MeterStatus]) -> list[str]:
    """Their codes, in the order of a thing's life."""
    wanted = set(statuses)
    return [status.value for status in MeterStatus if status in wanted]
