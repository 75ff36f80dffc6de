"""A blocked tablet: what it still sends is kept for the office, and nothing else works."""

from typing import Any

from sqlalchemy import select

from curbstop.models import Conflict, OpLedger
from tests.api.office import Office
from tests.api.test_sync import op


def _blocked(office: Office) -> Any:
    """Tess's client on a tablet that Sue has blocked since."""
    tablet = office.enrolled().tablet_id
    client = office.as_("tess", tablet=tablet)
    sue = office.as_("sue")
    version = sue.get(f"/tablets/{tablet}").json["version"]
    assert sue.post(f"/tablets/{tablet}/revoke", version=version).status_code == 200
    return client


def test_what_a_blocked_tablet_sends_is_kept_and_not_carried_out(office: Office) -> None:
    """Clause 9.9: with an access token that is good for some minutes yet."""
    client, sent = _blocked(office), op(1)
    answer = client.post("/sync/v1/push", {"ops": [sent]})
    assert answer.status_code == 200
    [verdict] = answer.json["verdicts"]
    assert (verdict["op_id"], verdict["verdict"], verdict["code"]) == (sent["op_id"], "quarantined", "tablet_revoked")
    with office.sessions.read() as session:
        assert session.scalars(select(Conflict.code)).all() == ["tablet_revoked"]
        assert session.scalars(select(OpLedger.staff_id)).all() == [office.ids["tess"]]


def test_a_blocked_tablet_reads_nothing(office: Office) -> None:
    """Clause 9.9."""
    client = _blocked(office)
    pull = client.post("/sync/v1/pull", {"cursor": None, "schema_version": 1})
    asked = [pull, client.get("/sync/v1/ops"), client.get("/service-orders"), client.get("/me")]
    assert [answer.json["code"] for answer in asked] == ["tablet_revoked"] * 4
