"""Sessions: passwords, rotation that survives a lost reply, and the end of a stolen one."""

from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from curbstop.commands import sign_in, staff, tablets
from curbstop.commands.sign_in import SignedIn
from curbstop.commands.work import Work
from curbstop.domain.actors import SYSTEM
from curbstop.domain.permissions import Role
from curbstop.domain.problems import Problem
from curbstop.models.staff import Staff
from curbstop.settings import Settings

NOON = datetime(2026, 7, 30, 16, 0, tzinfo=UTC)


class Door:
    """Somebody with a password, and a clock that the test moves."""

    def __init__(self, session: Session, settings: Settings) -> None:
        self.session, self.settings, self.now = session, settings, NOON
        self.tess = staff.create(self.work(), login="Tess", name="Tess", roles=[Role.TECH], password="right words")

    def work(self) -> Work:
        return Work(self.session, SYSTEM, self.settings, self.now)

    def enter(self) -> SignedIn:
        return sign_in.sign_in(self.work(), sign_in.verify(self.session, "tess", "right words"), "right words")

    def refresh(self, token: str) -> str | None:
        signed = sign_in.refresh(self.work(), token)
        return signed.refresh_token if signed else None


@pytest.fixture
def door(session: Session, settings: Settings) -> Door:
    return Door(session, settings)


@pytest.mark.parametrize(("login", "password"), [("tess", "wrong"), ("nobody", "right words"), ("tess", "")])
def test_a_wrong_login_or_password_is_the_same_problem(door: Door, login: str, password: str) -> None:
    with pytest.raises(Problem) as refused:
        sign_in.verify(door.session, login, password)
    assert refused.value.code == "wrong_credentials"


def test_who_has_left_or_has_no_password_cannot_sign_in(door: Door) -> None:
    staff.create(door.work(), login="new", name="New", roles=[Role.CSR])
    staff.edit(door.work(), door.tess.id, {"active": False})
    for login, password in (("new", ""), ("tess", "right words")):
        with pytest.raises(Problem, match="wrong_credentials"):
            sign_in.verify(door.session, login, password)


def test_each_refresh_gives_a_new_token(door: Door) -> None:
    tokens = [door.enter().refresh_token]
    for _ in range(5):
        door.now += timedelta(minutes=14)
        following = door.refresh(tokens[-1])
        assert following is not None
        tokens.append(following)
    assert len(set(tokens)) == 6


def test_a_lost_reply_gets_the_same_successor(door: Door) -> None:
    """Clauses 1.5, 2.3."""
    first = door.enter().refresh_token
    second = door.refresh(first)
    door.now += timedelta(minutes=9)
    assert door.refresh(first) == second
    assert door.refresh(first) == second
    assert second is not None
    assert door.refresh(second) is not None


def test_a_token_that_comes_again_after_its_successor_was_used_ends_the_family(door: Door) -> None:
    """Clause 2.3."""
    first = door.enter().refresh_token
    second = door.refresh(first)
    assert second is not None
    third = door.refresh(second)
    assert third is not None
    assert door.refresh(first) is None
    assert door.refresh(third) is None
    assert door.refresh(second) is None


def test_a_token_that_comes_again_too_late_ends_the_family(door: Door) -> None:
    first = door.enter().refresh_token
    second = door.refresh(first)
    assert second is not None
    door.now += timedelta(minutes=10, seconds=1)
    assert door.refresh(first) is None
    assert door.refresh(second) is None


def test_another_sign_in_of_the_same_person_is_another_family(door: Door) -> None:
    here, there = door.enter().refresh_token, door.enter().refresh_token
    sign_in.sign_out(door.work(), here)
    assert door.refresh(here) is None
    assert door.refresh(there) is not None


def test_an_unused_session_ends(door: Door) -> None:
    token = door.enter().refresh_token
    door.now += timedelta(days=door.settings.refresh_days)
    assert door.refresh(token) is None


def test_leaving_and_a_new_password_end_every_session(door: Door) -> None:
    token = door.enter().refresh_token
    staff.reset_password(door.work(), door.tess.id, "other words")
    assert door.refresh(token) is None


def test_an_old_hash_is_renewed_when_its_owner_signs_in(door: Door) -> None:
    door.tess.password_hash = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("right words")
    door.session.flush()
    door.enter()
    renewed = door.session.get_one(Staff, door.tess.id).password_hash
    assert renewed is not None
    assert not sign_in.HASHER.check_needs_rehash(renewed)
    assert sign_in.verify(door.session, "tess", "right words") == door.tess.id


def test_a_tablets_session_ends_with_the_tablet(door: Door) -> None:
    made = tablets.make_code(door.work(), "Truck 7")
    enrolled = tablets.enrol(door.work(), made.code, install_id="a")
    signed = sign_in.sign_in(
        door.work(), door.tess.id, "right words", tablet_id=enrolled.tablet_id, tablet_key=enrolled.tablet_key
    )
    tablets.revoke(door.work(), enrolled.tablet_id)
    assert sign_in.refresh(door.work(), signed.refresh_token) is None
    with pytest.raises(Problem, match="tablet_revoked"):
        sign_in.sign_in(
            door.work(), door.tess.id, "right words", tablet_id=enrolled.tablet_id, tablet_key=enrolled.tablet_key
        )
