"""The catalogue in the database, and the numbers for people."""

import threading

import pytest
from sqlalchemy import select

from curbstop.commands import numbering, reference
from curbstop.domain.numbers import Prefix
from curbstop.domain.order_types import load_catalogue
from curbstop.domain.problems import Problem
from curbstop.models import BucketRow, OrderTypeRow
from tests.town import Town


def test_the_catalogue_is_loaded_once_and_the_same_again_changes_nothing(town: Town) -> None:
    rows = town.all(select(OrderTypeRow))
    assert {row.code for row in rows} == set(load_catalogue())
    with town.work() as work:
        assert reference.load_catalogue(work) == 0
    assert len(town.all(select(OrderTypeRow))) == len(rows)


def test_a_changed_definition_makes_a_new_version_and_the_old_one_stays(town: Town) -> None:
    with town.work() as work:
        row = work.session.scalars(select(OrderTypeRow).where(OrderTypeRow.code == "GEN")).one()
        row.definition = {**row.definition, "name": "As it was called before"}
    with town.work() as work:
        assert reference.load_catalogue(work) == 1
    rows = town.all(select(OrderTypeRow).where(OrderTypeRow.code == "GEN").order_by(OrderTypeRow.version))
    assert [(row.version, row.current) for row in rows] == [(1, False), (2, True)]
    held = town.all(select(BucketRow.entity_id).where(BucketRow.bucket == "ref"))
    assert {row.id for row in rows} <= set(held)


def test_only_an_administrator_loads_the_catalogue(town: Town) -> None:
    with pytest.raises(Problem, match="forbidden"), town.work("sue") as work:
        reference.load_catalogue(work)


def test_numbers_are_given_once_however_many_ask_at_a_time(town: Town) -> None:
    given: list[str] = []

    def ask() -> None:
        for _ in range(5):
            with town.work() as work:
                given.extend(numbering.next_numbers(work, Prefix.CUSTOMER, 3))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(given) == [f"CU-{n:06d}" for n in range(101, 161)]


def test_a_transaction_that_fails_gives_its_numbers_to_the_next(town: Town) -> None:
    with pytest.raises(RuntimeError):
        take_a_number_and_fail(town)
    with town.work() as work:
        assert numbering.next_numbers(work, Prefix.ACCOUNT) == ["AC-000101"]


def take_a_number_and_fail(town: Town) -> None:
    with town.work() as work:
        numbering.next_numbers(work, Prefix.ACCOUNT)
        raise RuntimeError
