"""Staff: who may be entered and changed, and that an administrator always stays."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from curbstop.commands import staff
from curbstop.commands.work import Work, system_work
from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Role
from curbstop.domain.problems import Problem
from curbstop.models.audit import AuditEntry
from curbstop.models.staff import Staff
from curbstop.settings import Settings


@pytest.fixture
def work(session: Session, settings: Settings) -> Work:
    return system_work(session, settings)


@pytest.fixture
def ada(work: Work) -> Staff:
    return staff.create(work, login="ada", name="Ada", roles=[Role.ADM])


def test_only_an_administrator_enters_staff(work: Work, ada: Staff) -> None:
    for role in Role:
        actor = Actor(ada.id, "Ada", frozenset({role}))
        mine = Work(work.session, actor, work.settings)
        if role is Role.ADM:
            assert staff.create(mine, login="x", name="X", roles=[Role.CSR]).version == 1
        else:
            with pytest.raises(Problem, match="forbidden"):
                staff.create(mine, login="y", name="Y", roles=[Role.CSR])


def test_a_login_is_taken_in_any_case(work: Work, ada: Staff) -> None:
    with pytest.raises(Problem, match="login_taken"):
        staff.create(work, login=" ADA ", name="Another", roles=[Role.CSR])


def test_the_last_administrator_stays(work: Work, ada: Staff) -> None:
    for change in ({"active": False}, {"roles": [Role.CSR]}):
        with pytest.raises(Problem, match="last_administrator"):
            staff.edit(work, ada.id, change)
    second = staff.create(work, login="abe", name="Abe", roles=[Role.ADM])
    staff.edit(work, ada.id, {"roles": [Role.CSR]})
    with pytest.raises(Problem, match="last_administrator"):
        staff.edit(work, second.id, {"active": False})


def test_a_crew_lead_is_an_active_lead_and_not_oneself(work: Work, ada: Staff) -> None:
    lead = staff.create(work, login="lee", name="Lee", roles=[Role.LEAD])
    tess = staff.create(work, login="tess", name="Tess", roles=[Role.TECH], crew_lead_id=lead.id)
    for wrong, whose in ((ada.id, tess.id), (lead.id, lead.id)):
        with pytest.raises(Problem, match="crew_lead_invalid"):
            staff.edit(work, whose, {"crew_lead_id": wrong})


def test_an_edit_that_changes_nothing_makes_no_version(work: Work, ada: Staff) -> None:
    assert staff.edit(work, ada.id, {"name": "Ada", "roles": [Role.ADM, Role.ADM]}).version == 1
    assert staff.edit(work, ada.id, {"name": "Ada L."}, if_version=1).version == 2
    with pytest.raises(Problem) as refused:
        staff.edit(work, ada.id, {"name": "Late"}, if_version=1)
    assert refused.value.extra["current_version"] == 2


def test_no_password_and_no_hash_reaches_the_audit(work: Work, ada: Staff) -> None:
    staff.reset_password(work, ada.id, "secret words")
    rows = work.session.scalars(select(AuditEntry).where(AuditEntry.entity_id == ada.id)).all()
    assert [row.action for row in rows] == ["staff.create", "staff.set_password"]
    assert [row.after for row in rows][-1] == {"password_hash": "changed"}
