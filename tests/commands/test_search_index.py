"""Holds the search index: the words of a text, their replacement, bulk speed and two writers at once."""

import threading
import time
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from curbstop.commands import search_index
from curbstop.commands.work import Work, system_work
from curbstop.domain.search_words import tokens_of, words_of
from curbstop.models.engine import Sessions
from curbstop.models.ids import new_id
from curbstop.models.search import SearchPosting, SearchWord
from curbstop.settings import Settings


def words_in_index(session: Session, entity_id: UUID) -> set[str]:
    query = select(SearchWord.word).join(SearchPosting, SearchPosting.word_id == SearchWord.id)
    return set(session.scalars(query.where(SearchPosting.entity_id == entity_id)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SO-2026-00123", {"so-2026-00123", "so202600123", "2026-00123", "00123", "123"}),
        ("José Núñez", {"jose", "nunez"}),
        ("O'Brien", {"obrien", "o", "brien"}),
        ("Smith-Jones", {"smith-jones", "smithjones", "smith", "jones"}),
        ("14 Aberdeen Avenue", {"14", "aberdeen", "avenue", "ave"}),
        ("N0012345", {"n0012345", "0012345", "12345"}),
        ("14-16 Elm St", {"14-16", "1416", "14", "16", "elm", "st"}),
        ("", set()),
    ],
)
def test_a_text_has_these_words(text: str, words: set[str]) -> None:
    assert words_of(text) == words


def test_what_is_typed_folds_as_the_index_does() -> None:
    assert tokens_of("14 ABERDEEN Avenue") == ["14", "aberdeen", "ave"]
    assert tokens_of("so-2026-00123") == ["so-2026-00123"]
    assert tokens_of("O\u2019Brien") == ["obrien"]
    assert tokens_of("  ,;-- ") == []
    assert len(tokens_of("x " + "word1 word2 word3 word4 word5 " * 30)) == 6
    assert len(tokens_of(" ".join(f"t{n}" for n in range(100)))) == 8


def test_the_words_of_a_row_are_replaced(session: Session, settings: Settings) -> None:
    work, one, other = system_work(session, settings), new_id(), new_id()
    search_index.index(work, "customer", [(one, "Ada Smith"), (other, "Ada Jones")])
    search_index.index(work, "customer", [(one, "Ada Brown")])
    assert words_in_index(session, one) == {"ada", "brown"}
    assert words_in_index(session, other) == {"ada", "jones"}
    search_index.index(work, "customer", [(one, "")])
    assert words_in_index(session, one) == set()


def test_the_same_row_twice_changes_nothing(session: Session, settings: Settings) -> None:
    work, one = system_work(session, settings), new_id()
    search_index.index(work, "meter", [(one, "N0012345")])
    search_index.index(work, "meter", [(one, "N0012345")])
    assert words_in_index(session, one) == {"n0012345", "0012345", "12345"}


def test_frequency_tells_the_rare_from_the_common(session: Session, settings: Settings) -> None:
    rows = [(new_id(), f"Common zq{number}rare") for number in range(50)]
    search_index.index(system_work(session, settings), "customer", rows)
    frequency = {row.word: row.frequency for row in session.scalars(select(SearchWord))}
    assert frequency["common"] > frequency["zq7rare"]


def test_twenty_thousand_rows_take_seconds(sessions: Sessions, settings: Settings) -> None:
    rows = [(new_id(), f"SP-{n:06d} {n % 900} {['Oak', 'Elm', 'Main'][n % 3]}{n % 700} Street") for n in range(20_000)]
    began = time.monotonic()
    with sessions.write() as session:
        search_index.index(system_work(session, settings), "service_point", rows)
    took_s = time.monotonic() - began
    with sessions.read() as session:
        assert session.scalar(select(func.count()).select_from(SearchPosting)) == sum(len(words_of(t)) for _, t in rows)
    assert took_s < 60, "a few seconds where nothing else runs"


def test_two_writers_of_the_same_new_words_do_not_stop_each_other(sessions: Sessions, settings: Settings) -> None:
    """Each writes what the other has written first, in the opposite order: a deadlock if words were held."""
    both_have_written = threading.Barrier(2)
    problems: list[BaseException] = []

    def write(first: str, second: str) -> None:
        try:
            with sessions.write() as session:
                work: Work = system_work(session, settings)
                search_index.index(work, "customer", [(new_id(), first)])
                if not sessions.is_sqlite:  # there is one writer at a time on SQLite, so nobody could meet
                    both_have_written.wait(20)
                search_index.index(work, "customer", [(new_id(), second)])
        except BaseException as problem:  # noqa: BLE001 - handed to the test
            problems.append(problem)

    threads = [
        threading.Thread(target=write, args=pair) for pair in [("alpha one", "zebra two"), ("zebra one", "alpha two")]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not problems
    with sessions.read() as session:
        assert session.scalar(select(func.count()).select_from(SearchPosting)) == 8
