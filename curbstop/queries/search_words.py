"""Finds, for each token of a search, the words of the index that it may mean; the work is bounded whatever the data.

First the word itself, then words that begin so, then words one slip of the finger away.
"""

import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ARRAY, String, any_, bindparam, select
from sqlalchemy.orm import Session

from curbstop.domain.search_words import without_zeros
from curbstop.models.search import SearchWord

PREFIX_READ = 200
PREFIX_KEPT = 48
SHORTEST_FUZZY = 3
LONGEST_FUZZY = 24
# Above every character of a folded word, so that a prefix is a range.
_END = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a token may mean: words of the index with their frequency, and how sure that is."""

    token: str
    words: tuple[tuple[int, int], ...]
    # 0 the word itself, 1 its beginning, 2 one slip away.
    slips: int = 0
    # More words begin like this than were read: (first, end) of the range.
    more: tuple[str, str] | None = None

    @property
    def frequency(self) -> int:
        return sum(frequency for _, frequency in self.words)

    @property
    def word_ids(self) -> list[int]:
        return [word_id for word_id, _ in self.words]


def meanings(session: Session, tokens: Sequence[str]) -> list[Meaning]:
    """One meaning for each token: the word itself if there is one, else its prefix, else its near misses."""
    exact = _exact(session, tokens)
    result = []
    for token in tokens:
        meaning = exact[token]
        if not meaning.words:
            meaning = beginning(session, token)
        if not meaning.words:
            meaning = near(session, token)
        result.append(meaning)
    return result


def _exact(session: Session, tokens: Sequence[str]) -> dict[str, Meaning]:
    wanted = {form for token in tokens for form in (token, without_zeros(token))}
    query = select(SearchWord.word, SearchWord.id, SearchWord.frequency).where(SearchWord.word.in_(sorted(wanted)))
    known = {word: (word_id, frequency) for word, word_id, frequency in session.execute(query)}
    return {
        token: Meaning(
            token, tuple(known[form] for form in dict.fromkeys((token, without_zeros(token))) if form in known)
        )
        for token in tokens
    }


def beginning(session: Session, token: str) -> Meaning:
    """Words that begin with the token: the most frequent of the first that the index holds."""
    query = (
        select(SearchWord.id, SearchWord.frequency)
        .where(SearchWord.word >= token, SearchWord.word < token + _END)
        .order_by(SearchWord.word)
        .limit(PREFIX_READ)
    )
    found = [(word_id, frequency) for word_id, frequency in session.execute(query)]
    kept = sorted(found, key=lambda word: -word[1])[:PREFIX_KEPT]
    more = (token, token + _END) if len(found) > len(kept) else None
    return Meaning(token, tuple(kept), 1, more)


def near(session: Session, token: str) -> Meaning:
    """Words one deletion, insertion, substitution or transposition away; digits stay digits."""
    if not SHORTEST_FUZZY <= len(token) <= LONGEST_FUZZY:
        return Meaning(token, (), 2)
    variants = sorted(variants_of(token))
    is_one = (
        SearchWord.word.in_(variants)
        if session.get_bind().dialect.name == "sqlite"
        # One array instead of a thousand parameters, which PostgreSQL would plan one by one.
        else SearchWord.word == any_(bindparam("variants", variants, ARRAY(String)))
    )
    found = [(word_id, n) for word_id, n in session.execute(select(SearchWord.id, SearchWord.frequency).where(is_one))]
    return Meaning(token, tuple(sorted(found, key=lambda word: -word[1])[:PREFIX_KEPT]), 2)


def with_near(session: Session, meaning: Meaning) -> Meaning:
    """The meaning widened by near misses, for when all tokens together found nothing."""
    words = dict(meaning.words) | dict(near(session, meaning.token).words)
    return replace(meaning, words=tuple(words.items()), slips=2)


def variants_of(token: str) -> set[str]:
    """Every string one edit from the token."""
    if token.isdigit():
        letters: Iterable[str] = string.digits
    elif token.isalpha():
        letters = string.ascii_lowercase
    else:
        letters = string.digits + string.ascii_lowercase
    halves = [(token[:at], token[at:]) for at in range(len(token) + 1)]
    variants = {head + tail[1:] for head, tail in halves if tail}
    variants |= {head + tail[1] + tail[0] + tail[2:] for head, tail in halves if len(tail) > 1}
    variants |= {head + letter + tail[1:] for head, tail in halves if tail for letter in letters}
    variants |= {head + letter + tail for head, tail in halves for letter in letters}
    return variants - {token}
