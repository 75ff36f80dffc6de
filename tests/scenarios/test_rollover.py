"""Must-pass 4: a register that went round counts fourteen units; one that went backward counts none until it is seen.

Tess reads two meters of five dials, far from any network. One stood at 99,998 last month and shows 00,012 now; the
other stood at 50,000 and shows the same.
"""

from sqlalchemy import update

from curbstop.models import Register
from tests.scenarios.conftest import Desk
from tests.tablet.conftest import NewTablet
from tests.town import Place, Town


def five_dials(town: Town, last: int) -> Place:
    """A place whose meter has five dials and stood at `last` a month ago."""
    place = town.place(last=last)
    with town.sessions.write() as session:
        session.execute(update(Register).where(Register.id == place.register_id).values(dials=5))
    return place


def test_a_register_that_went_round_and_one_that_went_backward(town: Town, desk: Desk, new_tablet: NewTablet) -> None:
    round_, backward = five_dials(town, 99_998), five_dials(town, 50_000)
    stops = town.route([round_, backward], to="tess")
    tess, bill = new_tablet("tess"), desk("bill")
    tess.client.sync()
    tess.network.online = False
    for stop, place in zip(stops, (round_, backward), strict=True):
        tess.work.read(str(stop), {str(place.register_id): "00012"})
    tess.network.online = True
    tess.client.sync()

    told = [
        bill.get(f"/meters/{place.meter_id}/readings?sort=-noted_at").json["items"][0] for place in (round_, backward)
    ]
    assert [(one["value"], one["flags"]) for one in told] == [("12", ["ROLLOVER"]), ("12", ["NEGATIVE"])]
    [period] = bill.get(f"/service-points/{round_.id}/consumption").json["periods"]
    assert (period["used_gal"], period["legs"][0]["rolled_over"]) == ("14", True)
    # Nobody guesses what a register that went backward has counted: not 14, not 50,012, not less than nothing.
    [period] = bill.get(f"/service-points/{backward.id}/consumption").json["periods"]
    assert (period["used_gal"], period["legs"][0]["rolled_over"]) == (None, False)
