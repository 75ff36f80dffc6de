"""The town that the queries' tests are set in."""

import pytest

from curbstop.models.engine import Sessions
from curbstop.settings import Settings
from tests.town import Town


@pytest.fixture
def town(sessions: Sessions, settings: Settings) -> Town:
    """People by name, the order types, and builders for places, meters and orders."""
    return Town(sessions, settings).settle()
