"""The town that the sync tests are set in."""

import pytest

from curbstop.models.engine import Sessions
from curbstop.settings import Settings
from tests.town import Town


@pytest.fixture
def town(sessions: Sessions, settings: Settings) -> Town:
    return Town(sessions, settings).settle()
