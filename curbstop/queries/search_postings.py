"""Finds the rows that have all the words of a search: the rarest word's rows first, the others checked by key.

Every statement reads a bounded number of index entries, however many rows there are: the optimizer is left no choice
that would scan. It is written as SQL, because building and hashing the same tree of objects takes longer than running
it.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import String, TextClause, Uuid, bindparam, text
from sqlalchemy.orm import Session

from curbstop.queries.search_words import Meaning

# Postings of the rarest token read for each kind of row, and rows kept of them.
READ = 2000
READ_WHEN_DEAR = 300
KEPT = 60
# Up to so many words are looked up one by one; more are compared with the words that the row has.
_FEW_WORDS = 4

_FIRST = """
SELECT :{kind} AS entity_type, entity_id FROM (
  SELECT f.entity_id FROM (
    SELECT p.entity_id FROM search_posting p WHERE p.word_id IN :w AND p.entity_type = :{kind} LIMIT :most
  ) f {checks} LIMIT :kept
) AS of_{kind}"""
# A scalar subquery instead of EXISTS: no optimizer turns it into a join over all postings of a common word.
_CHECK = "(SELECT 1 FROM search_posting q {more} LIMIT 1) IS NOT NULL"
_OF_ROW = "WHERE q.entity_id = f.entity_id AND q.entity_type = :{kind}"
# `+ 0` and `|| ''` keep the optimizer from starting at the words: the row has but a few.
_HOW = {
    "few": _OF_ROW + " AND q.word_id IN :w{n}",
    "many": _OF_ROW + " AND q.word_id + 0 IN :w{n}",
    "range": "JOIN search_word w ON w.id = q.word_id + 0 "
    + _OF_ROW
    + " AND w.word || '' >= :start{n} AND w.word || '' < :end{n}",
}


def rows_with_all(session: Session, meanings: Sequence[Meaning], entity_types: Sequence[str]) -> list[tuple[str, UUID]]:
    """(entity type, id) of rows that have a word of every meaning; at most KEPT of each type."""
    if not meanings or not all(meaning.words for meaning in meanings):
        return []
    rarest, *others = sorted(meanings, key=lambda meaning: (meaning.more is not None, meaning.frequency))
    how = tuple(_how(meaning) for meaning in others)
    values: dict[str, Any] = {
        "w": rarest.word_ids,
        "most": READ if set(how) <= {"few"} else READ_WHEN_DEAR,
        "kept": KEPT,
        **{f"kind{number}": entity_type for number, entity_type in enumerate(entity_types)},
    }
    for number, meaning in enumerate(others):
        if meaning.more:
            values[f"start{number}"], values[f"end{number}"] = meaning.more
        else:
            values[f"w{number}"] = meaning.word_ids
    rows = session.execute(_statement(len(entity_types), how), values)
    return list(dict.fromkeys((entity_type, entity_id) for entity_type, entity_id in rows))


def _how(meaning: Meaning) -> str:
    if meaning.more:
        return "range"
    return "few" if len(meaning.words) <= _FEW_WORDS else "many"


@cache
def _statement(types: int, how: tuple[str, ...]) -> Any:
    """The statement for so many types and these ways of checking: a few dozen exist."""
    parts = []
    for kind in (f"kind{number}" for number in range(types)):
        checks = [_CHECK.format(more=_HOW[way].format(kind=kind, n=number)) for number, way in enumerate(how)]
        parts.append(_FIRST.format(kind=kind, checks="WHERE " + " AND ".join(checks) if checks else ""))
    lists = ["w", *(f"w{number}" for number, way in enumerate(how) if way != "range")]
    statement: TextClause = text(" UNION ALL ".join(parts)).bindparams(
        *(bindparam(name, expanding=True) for name in lists),
        *(bindparam(f"kind{number}", type_=String) for number in range(types)),
    )
    return statement.columns(entity_type=String, entity_id=Uuid)
