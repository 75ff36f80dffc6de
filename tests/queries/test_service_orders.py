"""Reads of service orders: how many statements they take, and that who may not see reads nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event

from curbstop.commands import attachments
from curbstop.commands import service_orders as commands
from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Role
from curbstop.domain.problems import Problem
from curbstop.models.engine import Sessions
from curbstop.models.ids import new_id
from curbstop.queries import board, service_order_details, service_orders
from curbstop.queries.page import PageRequest
from curbstop.queries.service_orders import Filters
from curbstop.queries.visible_orders import Sight, sight, visible
from curbstop.settings import Settings
from tests.town import Town


@pytest.fixture
def town(sessions: Sessions, settings: Settings) -> Town:
    return Town(sessions, settings).settle()


@contextmanager
def counted(sessions: Sessions) -> Iterator[list[str]]:
    """The statements that are sent inside the block."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(sessions.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(sessions.engine, "before_cursor_execute", note)


def busy(town: Town, orders: int) -> list[Any]:
    """Orders with a photo each, assigned to Tom for today."""
    made = [town.order("GEN", town.place(), to="tom") for _ in range(orders)]
    with town.work("tom") as work:
        for order_id in made:
            attachments.declare(
                work, new_id(), order_id=order_id, access_issue_id=None, label="photo", media_type="image/jpeg",
                sha256="0" * 64, size=10, noted_at=work.at,
            )  # fmt: skip
    return made


def test_an_order_whole_takes_four_statements_however_much_it_holds(town: Town) -> None:
    order_id = busy(town, 1)[0]
    for priority in range(1, 6):
        with town.work("dana") as work:
            commands.edit(work, order_id, {"priority": priority}, if_version=None)
    with town.sessions.read() as session, counted(town.sessions) as sent:
        whole = service_order_details.get(session, town.actor("dana"), order_id)
    assert len(selects(sent)) == 4
    assert len(whole["history"]) == 2


def test_a_list_takes_one_statement_and_a_board_a_fixed_number_for_any_number_of_orders(town: Town) -> None:
    for orders in (2, 3):
        busy(town, orders)
        with town.sessions.read() as session, counted(town.sessions) as sent:
            page = service_orders.find(
                session, town.actor("dana"), PageRequest(), Filters(), today=town.today, now=datetime.now(UTC)
            )
        assert len(selects(sent)) == 1
        with town.sessions.read() as session, counted(town.sessions) as sent:
            wanted, now = board.Filters(first=town.today, days=3), datetime.now(UTC)
            shown = board.find(session, town.actor("dana"), PageRequest(), wanted, now=now, zone=town.settings.zone)
        assert len(selects(sent)) == 11
        assert len(page.items) == len(shown.items) == shown.beside["board"]["totals"]["orders"]


@pytest.mark.parametrize(
    ("roles", "wanted"),
    [
        ({Role.TECH}, Sight.FIELD),
        ({Role.TECH, Role.LEAD}, Sight.FIELD),
        ({Role.INT}, Sight.FIELD),
        ({Role.TECH, Role.GIS}, Sight.FIELD),
        ({Role.GIS}, Sight.PLACE),
        ({Role.GIS, Role.DSP}, Sight.OFFICE),
        ({Role.CSR}, Sight.OFFICE),
        ({Role.AUD}, Sight.OFFICE),
    ],
)
def test_how_much_somebody_sees_follows_from_all_their_roles(roles: set[Role], wanted: Sight) -> None:
    assert sight(Actor(new_id(), "Sam", frozenset(roles))) is wanted


def test_who_has_two_hats_sees_no_more_orders_than_one_of_them_shows() -> None:
    mapping_technician = Actor(new_id(), "Sam", frozenset({Role.TECH, Role.GIS}))
    assert visible(mapping_technician) != []
    with pytest.raises(Problem, match="forbidden"):
        visible(Actor(new_id(), "Ada", frozenset({Role.ADM})))
    with pytest.raises(Problem, match="forbidden"):
        sight(Actor(new_id(), "Ada", frozenset({Role.ADM})))


def selects(sent: list[str]) -> list[str]:
    """Without what opens and ends a transaction."""
    return [statement for statement in sent if statement.lstrip().upper().startswith(("SELECT", "WITH"))]
