"""The scenarios of mobile-schema hold for the reference tablet and the real server."""

import json

import pytest

from sync import contract
from tests.tablet.conftest import NewTablet
from tests.tablet.scenario import Scenario
from tests.town import Town

SCENARIOS = sorted((contract.folder() / "scenarios").glob("*.json"))


def test_there_are_scenarios() -> None:
    assert SCENARIOS


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_scenario_holds(path: object, town: Town, new_tablet: NewTablet) -> None:
    scenario = json.loads((contract.folder() / "scenarios" / str(path)).read_text(encoding="utf-8"))
    Scenario(scenario, town, new_tablet).run()
