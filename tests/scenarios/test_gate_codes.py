"""Must-pass 11: a gate code is in no answer, file, letter, log or table, but where somebody may ask for it."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from curbstop.domain.permissions import Role
from curbstop.models import Base
from tests.api.permission_rows import ROWS
from tests.api.permission_world import ENDLESS, GATE_CODE, World, ask, world_on

# What it is for: asked by somebody who may, and written down who asked.
FOR_IT = {
    "GET /service-points/{service_point_id}/gate-code",
    "GET /sync/v1/service-points/{service_point_id}/gate-code",
}


@pytest.fixture
def world(backend: str, run_folder: Path, tmp_path: Path) -> Iterator[World]:
    with world_on(backend, run_folder, tmp_path) as world:
        yield world


def test_a_gate_code_is_told_nowhere_but_where_it_is_asked_for(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told, good = set(), 0
    for row in ROWS:
        for role in Role:
            with world.sessions.once():
                world.set_up(row.given, role)
                answer = ask(world, row, role)
                good += answer.status_code < 300
                whole = b"" if row.operation in ENDLESS else answer.data
                if GATE_CODE.encode() in whole or GATE_CODE in str(answer.headers):
                    told.add(row.operation)
    assert told == FOR_IT
    # Most of the API really answered, and was heard.
    assert good > 500
    assert GATE_CODE not in caplog.text
    assert caplog.records


def test_a_gate_code_is_in_no_table_in_clear(world: World) -> None:
    """Not in the places, the audit trail, the change log or the outbox either."""
    with world.sessions.once(), world.sessions.read() as session:
        for table in Base.metadata.sorted_tables:
            for one in session.execute(select(table)):
                assert GATE_CODE not in str(one._mapping), table.name
                assert GATE_CODE.encode() not in b"".join(cell for cell in one if isinstance(cell, bytes)), table.name


def test_a_gate_code_is_in_no_file_that_the_server_keeps(world: World, tmp_path: Path) -> None:
    with world.sessions.once():
        for row in ROWS:
            if "export" in row.operation or "letter" in row.operation or "snapshot" in row.operation:
                world.set_up(row.given, Role.BIL)
                ask(world, row, Role.BIL)
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or GATE_CODE.encode() not in path.read_bytes(), path
