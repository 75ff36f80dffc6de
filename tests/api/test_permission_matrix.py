"""Every operation of the API as each of the ten roles, as nobody, and from a tablet, against the permission matrix.

**A new operation needs one line in tests/api/permission_rows.py**; its head says what is in it. What is there has to
be real: whoever has the plain grant must get through with it (2xx, or a status that the row lists in `also`).

Whoever has no grant is told `forbidden` before anything else: the same for what is there, for what is not, and for a
version that is out of date; and of the request nothing stays written. test_narrowed_grants.py has both
sides of each narrowed grant (own, crew, ...); tests/domain/test_permissions.py holds the matrix itself against the
reference's, cell by cell.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curbstop.domain.permissions import MATRIX, Grant, Role
from tests.api.permission_rows import PUBLIC, ROWS, Row
from tests.api.permission_world import World, ask, world_on

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


@pytest.fixture(scope="module")
def built(backend: str, run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world a backend, in which nothing lasts."""
    with world_on(backend, run_folder, tmp_path_factory.mktemp("data")) as world:
        yield world


@pytest.fixture
def world(built: World) -> World:
    built.connect()
    return built


def grants(row: Row, role: Role) -> set[Grant]:
    """What opens the operation to the role."""
    if role in row.closed_to or (row.and_also is not None and role not in MATRIX[row.and_also]):
        return set()
    return {MATRIX[action][role] for action in row.actions if role in MATRIX[action]}


def forbidden_to(row: Row) -> list[Role]:
    return [role for role in Role if row.actions and not grants(row, role)]


def open_to(row: Row) -> list[Role]:
    return [role for role in Role if not row.actions or grants(row, role)]


def said(answer: Any) -> tuple[int, str | None]:
    """The status and the problem's code; HEAD has no body to read it from."""
    return answer.status_code, answer.json["code"] if answer.is_json and answer.data else None


def test_every_operation_has_a_row(world: World) -> None:
    document = world.client(None).get("/openapi.json").json
    there = {f"{m.upper()} {path}" for path, item in document["paths"].items() for m in item if m in METHODS}
    # The name of a row's parameter may be another of the world's: what counts is the shape of the path.
    named = [row.operation for row in ROWS]
    rows = {_shape(one) for one in (*named, *PUBLIC)}
    missing = sorted(one for one in there if _shape(one) not in rows)
    gone = sorted(one for one in (*named, *PUBLIC) if _shape(one) not in {_shape(known) for known in there})
    assert not missing, "Add to tests/api/permission_rows.py:\n" + "\n".join(
        f'    row("{one}", A.…),' for one in missing
    )
    assert not gone, f"tests/api/permission_rows.py has rows for operations that are gone: {gone}"
    assert len(named) == len({_shape(one) for one in named}), "An operation has two rows."


def _shape(operation: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", operation)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.operation)
def test_nobody_is_asked_to_sign_in(world: World, row: Row) -> None:
    with world.sessions.once():
        answer = ask(world, row, None)
        assert answer.status_code == 401, said(answer)
        assert world.sessions.kept == []


@pytest.mark.parametrize("row", [row for row in ROWS if forbidden_to(row)], ids=lambda row: row.operation)
def test_whoever_has_no_grant_learns_nothing_and_writes_nothing(world: World, row: Row) -> None:
    for role in forbidden_to(row):
        for ids, version in ((None, "*"), (world.unknown(), "*"), (None, '"v999"')):
            with world.sessions.once():
                world.set_up(row.given, role)
                answer = ask(world, row, role, ids=ids, version=version)
                where = f"{role} at what is {'not there' if ids else 'there'}, version {version}"
                if row.operation.startswith("HEAD"):
                    assert answer.status_code == 403, where
                else:
                    assert said(answer) == (403, "forbidden"), (where, answer.text[:500])
                assert world.sessions.kept == [], where


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.operation)
def test_whoever_has_the_grant_gets_through(world: World, row: Row) -> None:
    for role in open_to(row):
        narrowed = bool(row.actions) and Grant.YES not in grants(row, role)
        with world.sessions.once():
            world.set_up(row.given, role)
            answer = ask(world, row, role)
            status = answer.status_code
            if narrowed:
                assert status in range(200, 500), (role, answer.text[:500])
            else:
                assert 200 <= status < 300 or status in row.also, (role, status, answer.text[:500])


@pytest.mark.parametrize("row", [row for row in ROWS if row.on_tablet], ids=lambda row: row.operation)
def test_a_token_without_a_tablet_opens_no_sync(world: World, row: Row) -> None:
    with world.sessions.once():
        answer = ask(world, row, Role.TECH, tablet=False)
        assert said(answer)[0] in {403, 409, 422}, said(answer)
