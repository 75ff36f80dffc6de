"""The office that the API's tests are set in."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine

from curbstop.commands import numbering, reference, staff
from curbstop.domain.numbers import Prefix
from curbstop.models.engine import Sessions
from curbstop.settings import Settings
from tests.api.apps import app_on
from tests.api.office import Client, Office
from tests.town import SKILLS, Town


@pytest.fixture
def app(settings: Settings, engine: Engine) -> Flask:
    return app_on(settings, engine)


@pytest.fixture
def office(app: Flask, sessions: Sessions, settings: Settings) -> Office:
    return Office(app, sessions, settings)


@pytest.fixture
def as_(office: Office) -> Callable[[str], Client]:
    """`as_("dana")` asks as the dispatcher."""
    return office.as_


@pytest.fixture
def town(office: Office) -> Town:
    """The office's people with the skills they need, the order types, and builders for places and orders."""
    town = Town(office.sessions, office.settings, staff=dict(office.ids))
    with town.work() as work:
        reference.load_catalogue(work)
        # The builders count from one; what comes through the API has numbers of its own.
        for prefix in (Prefix.CUSTOMER, Prefix.ACCOUNT, Prefix.SERVICE_POINT):
            numbering.next_numbers(work, prefix, 900)
        for name in ("tom", "tess", "lee"):
            staff.edit(work, office.ids[name], {"skills": SKILLS})
    return town
