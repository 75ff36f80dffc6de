"""The shapes of tap requests in the API: what is known of one, what it waits for, its history and the pipeline."""

from typing import Any

from api.core import Answer
from api.core.schemas import Day, Flag, Free, Id, Many, Moment, Part, Text, Whole
from api.service_point_schemas import PHYSICAL_STATES
from curbstop.domain.taps import PERMITS, TapStage

NULL: dict[str, Any] = {"allow_none": True}
TAP_STAGES = [stage.value for stage in TapStage]
PERMIT_KINDS = list(PERMITS)


class LocateTicketAnswer(Answer):
    order_id = Id("The order that it is for.")
    number = Text("What 811 calls it.", "A262230417")
    called_at = Moment("When 811 was called.")
    legal_start_at = Moment("Nobody digs before.")
    expires_at = Moment("Nobody digs after.")
    emergency = Flag("Whether it was an emergency.", False)
    justification = Text("Why it was one.", "Main broken, street undermined.", **NULL)
    recorded_by_id = Id("Who recorded it.", **NULL)
    recorded_at = Moment("When it was recorded.")


class RecordedTicketAnswer(LocateTicketAnswer):
    version = Whole("The order's version from now on, also in the ETag.", 3)


class TapMissingAnswer(Answer):
    code = Text("What is missing.", "permit_plumbing")
    says = Text("The same in plain words.", "The plumbing permit is not on file.")


class TapPermitAnswer(Answer):
    kind = Text("Which permit.", "plumbing", choices=PERMIT_KINDS)
    reference = Text("Its number.", "BP-2026-0412")
    received_on = Day("When it came in.")


class TapRequestAnswer(Answer):
    """A request with what is known of it; its stage follows from that."""

    id = Id("The request's id.")
    version = Whole("The version, also in the ETag.", 4)
    number = Text("The number for people.", "TAP-2026-00001")
    customer_id = Id("Who asked.")
    customer_name = Text("Who asked, by name.", "Ann Lee")
    customer_phone = Text("Where to call.", "555-0100", **NULL)
    service_point_id = Id("Where.")
    service_point_number = Text("The service point's number.", "SP-000042")
    address = Text("The address.", "12 Mill Rd")
    physical_state = Text("What is in the ground.", "no_tap", choices=PHYSICAL_STATES)
    service_class = Text("What the water is for.", "residential")
    meter_size = Text("The size of the meter that was asked for.", "5/8")
    note = Text("What was said.", "Builder wants it by March.", **NULL)
    stage = Text("How far it has come.", "paid", choices=TAP_STAGES)
    stage_at = Moment("Since when.")
    days_in_stage = Whole("For how many days.", 3)
    next_stage = Text("What comes next; null at an end.", "permits_ok", choices=TAP_STAGES, **NULL)
    missing = Many(Part(TapMissingAnswer, "One thing."), "What the next stage waits for.")
    late = Many(Text("One of them.", "The tap was to be installed by 2026-08-14."), "What should have happened by now.")
    survey_order_id = Id("The site survey's order.", **NULL)
    surveyed_at = Moment("When the site was surveyed.", **NULL)
    quote_cents = Whole("What was quoted, in cents.", 180000, **NULL)
    quoted_at = Moment("When.", **NULL)
    quote_through = Day("The last day of the quote.", **NULL)
    paid_at = Moment("When it was paid.", **NULL)
    payment_ref = Text("The receipt.", "R-48211", **NULL)
    permits = Many(Part(TapPermitAnswer, "A permit."), "What is on file.")
    install_order_id = Id("The installation's order.", **NULL)
    install_order_number = Text("Its number.", "SO-2026-00123", **NULL)
    locate_ticket = Part(LocateTicketAnswer, "The installation's locate ticket.", **NULL)
    scheduled_on = Day("For which day the installation is planned.", **NULL)
    install_due_on = Day("By when the tap is to be installed.", **NULL)
    installed_at = Moment("When it was.", **NULL)
    meter_set_at = Moment("When the meter was set.", **NULL)
    inspection_requested_at = Moment("When the inspection was asked for.", **NULL)
    inspection_due_at = Moment("By when it is to be.", **NULL)
    inspection_ref = Text("Its reference.", "INS-3301", **NULL)
    inspected_at = Moment("When it was passed.", **NULL)
    account_id = Id("The account at the place.", **NULL)
    account_number = Text("Its number.", "AC-000042", **NULL)
    deposit_ref = Text("The deposit's receipt.", "D-1182", **NULL)
    deposit_at = Moment("When it came in.", **NULL)
    on_route_at = Moment("When the place came on a route.", **NULL)
    activated_at = Moment("When the water was turned on.", **NULL)
    end_reason = Text("Why it ended without a tap.", "Customer withdrew.", **NULL)
    created_at = Moment("When it was asked for.")
    created_by_id = Id("Who took it.", **NULL)
    updated_at = Moment("When it was last changed.")


class TapHistoryAnswer(Answer):
    id = Id("The line's id.")
    event = Text("What happened.", "pay")
    from_stage = Text("The stage before.", "quoted", choices=TAP_STAGES, **NULL)
    to_stage = Text("The stage after.", "paid", choices=TAP_STAGES)
    staff_id = Id("Who did it; null for the system.", **NULL)
    staff_name = Text("Who did it, by name.", "Carla Reyes", **NULL)
    reason = Text("Why.", "Neighbor shares the trench.", **NULL)
    facts = Free("What came with it.", {"cents": 180000, "reference": "R-48211"})
    recorded_at = Moment("When.")


class TapBoardLineAnswer(Answer):
    stage = Text("The stage.", "paid", choices=TAP_STAGES)
    count = Whole("How many requests are there.", 4)
    late = Whole("How many of them are late.", 1)
    oldest_days = Whole("For how many days the oldest has been there.", 12, **NULL)


class TapBoardAnswer(Answer):
    stages = Many(Part(TapBoardLineAnswer, "A stage."), "The stages in their order.")
