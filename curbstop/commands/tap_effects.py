"""What posting an order does to tap requests and to what the GIS editor is asked to draw."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from curbstop.commands import journal, tap_steps
from curbstop.commands.work import Work
from curbstop.domain.taps import TapStage
from curbstop.models.feature_request import FeatureRequest
from curbstop.models.ids import new_id
from curbstop.models.service_order import ServiceOrder

_DRAWN = ("gps", "tap_size", "main_size", "depth", "materials", "as_built")


def advance_tap(work: Work, order: ServiceOrder, args: Mapping[str, Any]) -> None:
    """The open tap request at the place hears what was done."""
    tap_steps.order_posted(work, order, TapStage(args["to"]))


def request_feature(work: Work, order: ServiceOrder, _args: Mapping[str, Any]) -> None:
    """A GIS editor is to draw what was built, once for an order."""
    if work.session.scalar(select(FeatureRequest.id).where(FeatureRequest.order_id == order.id)) is not None:
        return
    row = FeatureRequest(
        id=new_id(),
        kind="tap",
        service_point_id=order.service_point_id,
        order_id=order.id,
        facts={name: order.captures[name] for name in _DRAWN if name in order.captures},
        state="open",
        created_at=work.at,
        version=1,
    )
    work.session.add(row)
    journal.changed(work, row, "open")
