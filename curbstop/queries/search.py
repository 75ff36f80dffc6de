"""Finds a customer, an account, a service point, a meter or a service order by what somebody types."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, may, require
from curbstop.domain.search_words import fold, plain, tokens_of, words_of
from curbstop.models.plans import by_index
from curbstop.queries import search_rows, search_words
from curbstop.queries.search_postings import rows_with_all
from curbstop.queries.search_rows import Hit
from curbstop.queries.search_words import Meaning

# In the order in which equals are listed.
TYPES = ("account", "customer", "service_point", "meter", "service_order")
# What is no personal data: open to those who may search, but not for customers.
NETWORK_TYPES = ("service_point", "meter")
DEFAULT_LIMIT = 20
MOST = 100


@dataclass(frozen=True, slots=True)
class _Found:
    hit: Hit
    slips: int


def find(
    session: Session, actor: Actor, text: str, *, types: Collection[str] | None = None, limit: int = DEFAULT_LIMIT
) -> list[Hit]:
    """The best hits first: exact number, serial, address in its order, name; then beginnings and near misses.

    Every word typed must fit. Problem(forbidden) for who may not search; who may not see customers finds places and
    meters only, without names.
    """
    require(actor, Action.SEARCH)
    sees_customers = may(actor, Action.VIEW_CUSTOMERS)
    allowed = TYPES if sees_customers else NETWORK_TYPES
    wanted = [kind for kind in allowed if types is None or kind in types]
    tokens = tokens_of(text)
    if not tokens or not wanted:
        return []
    with by_index(session):
        slips = _rows(session, tokens, wanted, limit)
        hits = list(search_rows.load(session, slips, with_names=sees_customers))
    found = [_Found(hit, slips[hit.entity_type, hit.id]) for hit in hits]
    found.sort(key=lambda one: _rank(one, plain(text).strip(), tokens))
    return [one.hit for one in found[: min(limit, MOST)]]


def _rows(session: Session, tokens: Sequence[str], types: Sequence[str], limit: int) -> dict[tuple[str, UUID], int]:
    """(entity type, id) of the rows, with how far the words are from what was typed."""
    meanings = search_words.meanings(session, tokens)
    rows = dict.fromkeys(rows_with_all(session, meanings, types), _slips(meanings))
    last = meanings[-1]
    if len(rows) < limit and last.words and last.slips == 0:
        # The last word may not be finished yet.
        longer = [*meanings[:-1], search_words.beginning(session, last.token)]
        for row in rows_with_all(session, longer, types):
            rows.setdefault(row, 1)
    if not rows and any(meaning.slips < 2 for meaning in meanings):
        wider = [search_words.with_near(session, meaning) for meaning in meanings]
        rows = dict.fromkeys(rows_with_all(session, wider, types), 2)
    return rows


def _slips(meanings: Sequence[Meaning]) -> int:
    return max(meaning.slips for meaning in meanings)


def _rank(found: _Found, typed: str, tokens: Sequence[str]) -> tuple[int, int, int, str]:
    hit = found.hit
    return (found.slips, _kind_of_match(hit, typed, tokens), TYPES.index(hit.entity_type), hit.address or hit.number)


def _kind_of_match(hit: Hit, typed: str, tokens: Sequence[str]) -> int:
    number = plain(hit.number)
    if typed == number:
        return 0
    if len(tokens) == 1 and tokens[0] in words_of(hit.number):
        return 1
    address = _words_in_order(hit.address or "")
    name = _words_in_order(hit.name or "")
    if _in_order(tokens, address):
        # The house number first is what people mean by an address.
        return 2 if address[0] == tokens[0] else 3
    if all(_begins(token, address) for token in tokens):
        return 4
    return 5 if all(_begins(token, name) for token in tokens) else 6


def _words_in_order(text: str) -> list[str]:
    return [fold(word) for word in plain(text).replace(",", " ").split()]


def _in_order(tokens: Sequence[str], words: Sequence[str]) -> bool:
    rest = iter(words)
    return bool(words) and all(any(word.startswith(token) for word in rest) for token in tokens)


def _begins(token: str, words: Sequence[str]) -> bool:
    return any(word.startswith(token) for word in words)
