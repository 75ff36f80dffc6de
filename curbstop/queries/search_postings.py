"""Finds the rows that have all the words of a search: the rarest word's rows first, the others checked by key.

Every statement reads a bounded number of index entries, however many rows there are: the optimizer is left no choice
that would scan.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, Subquery, literal, select, union_all
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql import ColumnElement

from curbstop.models.search import SearchPosting, SearchWord
from curbstop.queries.search_words import Meaning

# Postings of the rarest token read for each kind of row, and rows kept of them.
READ = 2000
READ_WHEN_DEAR = 400
KEPT = 60
# Up to so many words are looked up one by one; more are compared with the words that the row has.
_FEW_WORDS = 4


def rows_with_all(session: Session, meanings: Sequence[Meaning], entity_types: Sequence[str]) -> list[tuple[str, UUID]]:
    """(entity type, id) of rows that have a word of every meaning; at most KEPT of each type."""
    if not meanings or not all(meaning.words for meaning in meanings):
        return []
    rarest, *others = sorted(meanings, key=lambda meaning: (meaning.more is not None, meaning.frequency))
    dear = any(meaning.more or len(meaning.words) > _FEW_WORDS for meaning in others)
    parts = [_of_type(entity_type, rarest, others, READ_WHEN_DEAR if dear else READ) for entity_type in entity_types]
    rows = session.execute(union_all(*parts) if len(parts) > 1 else parts[0])
    return list(dict.fromkeys((entity_type, entity_id) for entity_type, entity_id in rows))


def _of_type(entity_type: str, rarest: Meaning, others: Sequence[Meaning], read: int) -> Select[str, UUID]:
    first = (
        select(SearchPosting.entity_id)
        .where(SearchPosting.word_id.in_(rarest.word_ids), SearchPosting.entity_type == entity_type)
        .limit(read)
        .subquery()
    )
    checks = [_has_word(first, entity_type, other) for other in others]
    kept = select(first.c.entity_id).where(*checks).limit(KEPT).subquery()
    return select(literal(entity_type), kept.c.entity_id)


def _has_word(first: Subquery, entity_type: str, meaning: Meaning) -> ColumnElement[bool]:
    # A scalar subquery instead of EXISTS: no optimizer turns it into a join over all postings of a common word.
    posting = aliased(SearchPosting)
    query = (
        select(literal(1))
        .select_from(posting)
        .where(posting.entity_id == first.c.entity_id, posting.entity_type == entity_type)
    )
    if meaning.more:
        start, end = meaning.more
        query = query.join(SearchWord, SearchWord.id == posting.word_id + 0)
        query = query.where(SearchWord.word >= start, SearchWord.word < end)
    elif len(meaning.words) > _FEW_WORDS:
        query = query.where((posting.word_id + 0).in_(meaning.word_ids))
    else:
        query = query.where(posting.word_id.in_(meaning.word_ids))
    return query.limit(1).scalar_subquery().is_not(None)
