"""The people of the stories: the office at its desks, technicians with reference tablets."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine

from api.core.context import EXTENSION, Context
from api.core.tokens import Claims
from curbstop.settings import Settings
from tests.api.apps import app_on
from tests.api.office import Client
from tests.tablet.conftest import new_tablet, server_url, town
from tests.town import PEOPLE, Town

Desk = Callable[[str], Client]


@pytest.fixture
def desk(settings: Settings, engine: Engine, town: Town) -> Desk:
    """`desk("bill")` asks the API as somebody in the office."""
    app: Flask = app_on(settings, engine)
    context: Context = app.extensions[EXTENSION]

    def sit_down(name: str) -> Client:
        roles = [role.value for role in PEOPLE[name]]
        return Client(app, context.tokens.access_token(Claims(town.staff[name], None), roles))

    return sit_down


__all__ = ["Desk", "desk", "new_tablet", "server_url", "town"]
