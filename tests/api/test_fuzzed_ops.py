"""Whatever stands in an op: a verdict for it, the verdicts of the others of its batch, and never a 500."""

import json
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from curbstop.models import Conflict, OpLedger
from curbstop.models.ids import new_id
from tests.api.office import Office

VERDICTS = {"applied", "merged", "superseded_noop", "parked", "quarantined", "waiting", "duplicate"}
ODD: list[str] = [
    "null", "true", "0", "-1", "1e999", "-1e999", "NaN", "Infinity", "-Infinity", "1.5", '""', '"\\u0000"',
    '"\\ud800"', '"a\\u0000b"', "[]", "{}", "[[]]", '{"": null}', '{"\\u0000": 1}', "9" * 400, "9" * 5000,
    "9223372036854775808", "[" * 60 + "]" * 60, "[" * 300 + "]" * 300, '"' + "x" * 5000 + '"', '"2026-02-30T99:99:99Z"',
    '"00000000-0000-0000-0000-000000000000"', '"service_order/"', '"9999-12-31T23:59:59+14:00"', "[null]",
]  # fmt: skip
JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def a_good_op(number: int, **members: Any) -> dict[str, Any]:
    return {
        "op_id": str(new_id()), "n": number, "kind": "access_issue.report", "kind_version": 1,
        "aggregate": f"access_issue/{uuid4()}", "follows": None, "base_version": None,
        "noted_at": "2026-07-30T14:05:00Z", "args": {}, **members,
    }  # fmt: skip


class Sender:
    """Tom's tablet, which sends bytes."""

    def __init__(self, office: Office) -> None:
        self.client = office.as_("tom", tablet=office.enrolled("Truck 7").tablet_id)

    def verdicts(self, *ops: str) -> list[str]:
        answer = self.client.send(
            "POST", "/sync/v1/push", data=f'{{"ops":[{",".join(ops)}]}}'.encode("utf-8", "surrogatepass"),
            headers={"Content-Type": "application/json"},
        )  # fmt: skip
        assert answer.status_code == 200, answer.get_data()
        found = [one["verdict"] for one in answer.get_json()["verdicts"]]
        assert len(found) == len(ops)
        assert set(found) <= VERDICTS
        return found


@pytest.fixture
def sender(office: Office) -> Sender:
    return Sender(office)


@pytest.mark.parametrize("member", ["op_id", "n", "kind", "kind_version", "aggregate", "follows", "base_version",
                                    "noted_at", "args", "by", "mono_ms", "extra"])  # fmt: skip
def test_any_value_in_any_member_is_answered_and_holds_up_nobody(office: Office, sender: Sender, member: str) -> None:
    """Clauses 3.3, 3.7, 3.12, I25."""
    for number, odd in enumerate(ODD):
        op = json.dumps(a_good_op(2 * number + 1, **{member: "@"})).replace('"@"', odd)
        neighbour = json.dumps(a_good_op(2 * number + 2, kind="order.teleport"))
        _, other = sender.verdicts(op, neighbour)
        assert other == "quarantined"
    with office.sessions.read() as session:
        assert all(session.scalars(select(OpLedger.verdict)))


@pytest.mark.parametrize("odd", ODD)
def test_any_value_in_args_is_quarantined_or_parked(office: Office, sender: Sender, odd: str) -> None:
    """Clauses 3.3, 7.2, I25: also as an op that is no object at all, and inside a place that the kind knows."""
    place = f'{{"access_issue_id": {odd}, "service_point_id": {odd}, "category": {odd}, "note": {odd}}}'
    op = json.dumps(a_good_op(1, args="@")).replace('"@"', place)
    assert set(sender.verdicts(op, odd)) <= {"quarantined", "parked"}
    with office.sessions.read() as session:
        assert len(session.scalars(select(OpLedger)).all()) == 2
        assert len(session.scalars(select(Conflict)).all()) == 2


def test_random_json_is_answered(office: Office, sender: Sender) -> None:
    """Clauses 3.3, 3.7, 3.12, I25."""

    @settings(max_examples=30, suppress_health_check=list(HealthCheck), deadline=None)
    @given(st.lists(JSONISH | st.dictionaries(st.sampled_from(list(a_good_op(1))), JSONISH), min_size=1, max_size=4))
    def play(ops: list[Any]) -> None:
        first = sender.verdicts(*(json.dumps(op) for op in ops))
        assert sender.verdicts(*(json.dumps(op) for op in ops)) == first

    play()


@pytest.mark.parametrize("depth", [*range(100, 1000, 100), *range(900, 1000, 7), 1500, 100_000])
def test_no_depth_of_nesting_is_a_fault_of_the_server(sender: Sender, depth: int) -> None:
    """Clause 3.7, I25: quarantined, or no JSON within reason; where the border lies is the stack's affair."""
    body = '{"ops":[' + "[" * depth + "]" * depth + "]}"
    answer = sender.client.send(
        "POST", "/sync/v1/push", data=body.encode(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert answer.get_json()["verdicts"][0]["verdict"] == "quarantined"
