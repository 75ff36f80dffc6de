"""Tablets: a code makes one tablet once, survives a lost reply, and a lost tablet is blocked."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from curbstop.commands import tablets
from curbstop.commands.work import Work
from curbstop.domain.actors import SYSTEM
from curbstop.domain.problems import Problem
from curbstop.models.tablet import EnrolmentCode, Tablet
from curbstop.settings import Settings

NOON = datetime(2026, 7, 30, 16, 0, tzinfo=UTC)


@pytest.fixture
def work(session: Session, settings: Settings) -> Work:
    return Work(session, SYSTEM, settings, NOON)


def later(work: Work, after: timedelta) -> Work:
    return Work(work.session, work.actor, work.settings, NOON + after)


def test_a_code_is_short_unambiguous_and_kept_as_a_hash(work: Work) -> None:
    made = tablets.make_code(work, "Truck 7")
    assert len(made.code) == 8
    assert not set(made.code) & set("ILO01")
    row = work.session.scalars(select(EnrolmentCode)).one()
    assert made.code.encode() not in row.code_hash


def test_a_code_makes_one_tablet(work: Work) -> None:
    """Clause 2.1."""
    made = tablets.make_code(work, "Truck 7")
    first = tablets.enrol(work, made.code.lower(), install_id="mine")
    assert tablets.check_key(work, first.tablet_id, first.tablet_key).name == "Truck 7"
    with pytest.raises(Problem, match="enrolment_code_invalid"):
        tablets.enrol(work, made.code, install_id="another's")


def test_the_same_installation_gets_the_same_tablet_again(work: Work) -> None:
    """Clauses 1.5, 2.1."""
    made = tablets.make_code(work, "Truck 7")
    first = tablets.enrol(work, made.code, install_id="mine")
    assert (
        tablets.enrol(later(work, timedelta(hours=1)), f" {made.code[:4]}-{made.code[4:]}", install_id="mine") == first
    )
    assert work.session.scalar(select(func.count()).select_from(Tablet)) == 1


def test_a_code_expires(work: Work) -> None:
    made = tablets.make_code(work, "Truck 7")
    with pytest.raises(Problem, match="enrolment_code_invalid"):
        tablets.enrol(later(work, timedelta(hours=24)), made.code, install_id="mine")


def test_a_revoked_tablet_is_blocked_for_good(work: Work) -> None:
    made = tablets.make_code(work, "Truck 7")
    enrolled = tablets.enrol(work, made.code, install_id="mine")
    with pytest.raises(Problem, match="wrong_credentials"):
        tablets.check_key(work, enrolled.tablet_id, "guess")
    tablets.revoke(work, enrolled.tablet_id, if_version=1)
    assert tablets.revoke(work, enrolled.tablet_id).version == 2
    with pytest.raises(Problem, match="tablet_revoked"):
        tablets.check_key(work, enrolled.tablet_id, enrolled.tablet_key)
    with pytest.raises(Problem, match="enrolment_code_invalid"):
        tablets.enrol(work, made.code, install_id="mine")
