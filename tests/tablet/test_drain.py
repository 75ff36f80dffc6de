"""An app that is too old sends what was done with it, and is told to update. Clause 12.3."""

import dataclasses

import pytest
from sqlalchemy import select

from curbstop.models import OpLedger
from curbstop.settings import Settings
from curbstop.tablet import outbox
from tests.tablet.conftest import NewTablet
from tests.town import Town


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The utility no longer sends anything to this version."""
    return dataclasses.replace(settings, oldest_schema=2)


def test_it_drains_and_is_never_locked_out(town: Town, new_tablet: NewTablet) -> None:
    """Clause 12.3: signing in, pushing, asking and uploading work as ever."""
    tom = new_tablet("tom")
    tom.work.create("GEN", str(town.place().id), instructions="Lid is cracked.")
    report = tom.client.sync()
    assert report.steps == ["push", "ask", "pull", "upload", "maps"]
    assert report.drain_only is not None
    assert "Update" in report.drain_only
    assert outbox.unanswered(tom.store) == 0
    assert town.all(select(OpLedger.verdict)) == ["applied"]
