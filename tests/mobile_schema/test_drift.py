"""The contract, the server's handlers and what a pull really sends cannot drift apart."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.commands import leases
from curbstop.models.engine import Sessions
from curbstop.settings import Settings
from sync import contract, handlers, pull
from sync.rows import LOADERS
from tests.sync.model_tablet import ModelTablet
from tests.town import Town

ROWS = {name.removeprefix("rows/").removesuffix(".json") for name in contract.schemas() if name.startswith("rows/")}
# Constants of the release, which no loader reads from the database.
CODES = {"code"}


def test_every_kind_the_server_handles_has_a_schema_and_every_schema_is_handled() -> None:
    handled = {(kind, version) for kind, versions in handlers.KINDS.items() for version in versions}
    assert handled == set(contract.op_kinds())


def test_every_row_the_server_sends_has_a_schema_and_every_schema_is_sent() -> None:
    assert set(LOADERS) | CODES == ROWS


@pytest.fixture
def town(sessions: Sessions, settings: Settings) -> Town:
    """An order, a route, a proposal, parked work and everything that goes with them for Tom."""
    town = Town(sessions, settings).settle()
    town.order("CUT_OFF_REQ", town.place(), to="tom")
    town.route([town.place(), town.place()], to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    tablet.push(tablet.order_op("order.complete", town.order("GEN", town.place()), {"outcome": "DONE", "captures": {}}))
    town.proposal(town.place(), by="tom")
    return town


def test_every_line_of_a_pull_is_as_the_contract_says(town: Town) -> None:
    with town.work("tom") as work:
        leases.mark_pulled(work)
    with town.sessions.read() as session:
        lines = list(pull.pull(session, town.actor("tom"), town.settings, None, 1) or ())
    seen = set()
    for line in lines:
        (name,) = line
        assert contract.check(f"pull/{name}.json", line) == []
        if name == "data":
            seen |= {row["entity_type"] for row in line["data"]["rows"]}
    assert seen == ROWS


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.characters(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=30,
    )
)
def test_what_is_quickly_found_storable_is(value: Any) -> None:
    """I25: the quick look and the thorough one agree on every value that JSON can carry."""
    quick = contract._is_storable(value, contract.DEEPEST)
    if quick:
        assert json.loads(json.dumps(value, allow_nan=False)) == value
        json.dumps(value, ensure_ascii=False).encode()
