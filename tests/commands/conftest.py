"""The town that the commands' tests are set in."""

import pytest

from curbstop.commands import numbering
from curbstop.domain.numbers import Prefix
from curbstop.models.engine import Sessions
from curbstop.settings import Settings
from tests.town import Town


@pytest.fixture
def town(sessions: Sessions, settings: Settings) -> Town:
    """People by name, the order types, and builders for places, meters and orders."""
    town = Town(sessions, settings).settle()
    with town.work() as work:
        # The builders number their rows themselves, from 1.
        for prefix in (Prefix.SERVICE_POINT, Prefix.ACCOUNT, Prefix.CUSTOMER):
            numbering.next_numbers(work, prefix, 100)
    return town
