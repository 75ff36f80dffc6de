"""The shapes of service orders in the API: what an operation answers, a line of the list, and one order whole."""

from typing import Any

from api.core import Answer
from api.core.schemas import Day, Flag, Free, Id, Many, Moment, Number, Part, Text, Whole
from curbstop.domain.service_levels import Timeliness
from curbstop.domain.service_orders import OrderEvent, OrderState

STATES = [state.value for state in OrderState]
EVENTS = [event.value for event in OrderEvent]
NULL: dict[str, Any] = {"allow_none": True}

FLAG = Text("A flag.", "events_missing")
FLAGS_ABOUT = "What people should look at: found by the checks, never a refusal."


class OrderAnswer(Answer):
    """An order's own members; every operation on an order answers these."""

    id = Id("The order's id.")
    version = Whole("The version, also in the ETag.", 3)
    number = Text("The number for people.", "SO-2026-00123")
    type_code = Text("The order type.", "CUT_OFF_REQ")
    type_version = Whole("The version of the type that this order was made with.", 1)
    state = Text("Where the order is.", "ready", choices=STATES)
    priority = Whole("1 is the most urgent, 5 the least.", 3)
    source = Text("Where it came from.", "office")
    service_point_id = Id("Where the work is.")
    account_id = Id("Whose account it concerns.", **NULL)
    follows_id = Id("The order that this one follows.", **NULL)
    access_issue_id = Id("The access issue that it checks, or that it met.", **NULL)
    requested_on = Day("The day that was asked for.", **NULL)
    window_start = Moment("The appointment's beginning.", **NULL)
    window_end = Moment("The appointment's end.", **NULL)
    adult_present_required = Flag("Whether a grown-up has to be at home.", False)
    due_from = Moment("Since when its service level counts, where not since it was made.", **NULL)
    after_hours = Flag("Whether the customer pays for having it done the same evening.", False)
    due_at = Moment("By when it is to be done: the appointment, or what the policy's service level comes to.", **NULL)
    instructions = Text("What the technician should know.", "Call before you come.", **NULL)
    attempt_no = Whole("Which attempt this is.", 1)
    technician_id = Id("Who does it.", **NULL)
    scheduled_on = Day("On which day.", **NULL)
    place = Whole("In which place of that day's route.", 4, **NULL)
    held_until = Day("Until when it is held.", **NULL)
    dispatched_at = Moment("Since when the technician has it.", **NULL)
    authorized_until = Moment("Until when a cut-off may be started.", **NULL)
    recalled_at = Moment("When it was called back.", **NULL)
    outcome = Text("How the last visit ended.", "DONE", **NULL)
    completed_at = Moment("When it was done, by the corrected clock; the history has when that came in.", **NULL)
    completed_by_id = Id("Who completed it.", **NULL)
    posted_at = Moment("When it was posted.", **NULL)
    posted_by_id = Id("Who posted it; null when the system did.", **NULL)
    reason = Text("The reason that was given last.", "Customer called.", **NULL)
    flags = Many(FLAG, FLAGS_ABOUT, ["events_missing"])
    fees_waived = Flag("Whether its fees are not charged.", False)
    created_at = Moment("When it was made.")
    created_by_id = Id("Who made it; null when the system did.", **NULL)
    updated_at = Moment("When it was last changed.")


class OrderLineAnswer(Answer):
    """A line of the list."""

    id = Id("The order's id.")
    version = Whole("The version, for If-Match.", 3)
    number = Text("The number for people.", "SO-2026-00123")
    type_code = Text("The order type.", "CUT_OFF_REQ")
    state = Text("Where the order is.", "ready", choices=STATES)
    priority = Whole("1 is the most urgent, 5 the least.", 3)
    service_point_id = Id("Where the work is.")
    service_point_number = Text("The service point's number.", "SP-000042")
    address = Text("The address.", "12 Main St")
    city = Text("The city.", "Millbrook", **NULL)
    account_id = Id("Whose account it concerns.", **NULL)
    account_number = Text("The account's number.", "AC-000042", **NULL)
    customer_name = Text("The customer, where you may see the name.", "Ann Lee", **NULL)
    technician_id = Id("Who does it.", **NULL)
    technician_name = Text("Who does it, by name.", "Tess Okafor", **NULL)
    requested_on = Day("The day that was asked for.", **NULL)
    scheduled_on = Day("The day that it is planned for.", **NULL)
    place = Whole("In which place of that day's route.", 4, **NULL)
    window_start = Moment("The appointment's beginning.", **NULL)
    window_end = Moment("The appointment's end.", **NULL)
    attempt_no = Whole("Which attempt this is.", 1)
    outcome = Text("How the last visit ended.", "DONE", **NULL)
    flags = Many(FLAG, FLAGS_ABOUT, ["events_missing"])
    due_at = Moment("By when it is to be done.", **NULL)
    late = Flag("Past its day, its window or the moment it was due, and not done in the field.", False)
    created_at = Moment("When it was made.")
    updated_at = Moment("When it was last changed.")


class HistoryAnswer(Answer):
    """One event of an order."""

    id = Id("The event's id.")
    event = Text("What happened.", "complete", choices=EVENTS)
    from_state = Text("The state before; null at creation.", "on_site", choices=STATES, **NULL)
    to_state = Text("The state after.", "completed", choices=STATES)
    staff_id = Id("Who did it; null when the system did.", **NULL)
    staff_name = Text("Who did it, by name.", "Tess Okafor", **NULL)
    tablet_id = Id("From which tablet.", **NULL)
    tablet_name = Text("From which tablet, by name.", "Truck 7", **NULL)
    technician_id = Id("Who the order was assigned to.", **NULL)
    technician_name = Text("Who the order was assigned to, by name.", "Tess Okafor", **NULL)
    op_id = Id("The tablet's op that it came with.", **NULL)
    reason = Text("The reason given.", "Customer called.", **NULL)
    facts = Free("What came along: outcome, captures, position, findings.", {"outcome": "DONE"}, **NULL)
    noted_at = Moment("When it happened by the tablet's clock.", **NULL)
    recorded_at = Moment("When the server wrote it down.")


class OrderPlaceAnswer(Answer):
    """The service point of an order, without its secrets."""

    id = Id("The service point's id.")
    number = Text("The number for people.", "SP-000042")
    address = Text("The address.", "12 Main St")
    city = Text("The city.", "Millbrook", **NULL)
    state = Text("The state.", "NC", **NULL)
    zip = Text("The ZIP code.", "27501", **NULL)
    longitude = Number("Degrees east, WGS 84.", -78.9, **NULL)
    latitude = Number("Degrees north, WGS 84.", 35.6, **NULL)
    physical_state = Text("Whether water runs.", "on")
    access_notes = Text("How to get to the meter.", "Gate on the left.", **NULL)
    read_instructions = Text("How to read it.", "Bring a pump.", **NULL)
    hazards = Many(Text("A hazard.", "dog"), "What to beware of.", ["dog"])
    has_gate_code = Flag("Whether there is a gate code; it is shown to the technician on the spot only.", False)


class OrderCustomerAnswer(Answer):
    """The account and the customer, as far as you may see them."""

    id = Id("The customer's id; for the office.", **NULL)
    account_number = Text("The account's number.", "AC-000042")
    account_status = Text("The account's status.", "active")
    name = Text("The name; null where it is withheld from you.", "Ann Lee", **NULL)
    name_withheld = Flag("Whether the name must not leave the office.", False)
    phone = Text("The telephone number; for the office.", "555-0100", **NULL)
    email = Text("The mail address; for the office.", "ann@example.com", **NULL)
    language = Text("The language of letters.", "en")


class PhotoAnswer(Answer):
    """A photo as it was declared, and whether its bytes are here."""

    id = Id("The photo's id.")
    order_id = Id("The order that it belongs to.", **NULL)
    access_issue_id = Id("The access issue that it belongs to.", **NULL)
    label = Text("What it shows: the capture's name.", "photo_meter")
    media_type = Text("Its kind.", "image/jpeg")
    sha256 = Text("The SHA-256 of its bytes, in hexadecimal.", "9f86d081884c7d65")
    size = Whole("Its size in bytes.", 240_000)
    noted_at = Moment("When it was taken, by the tablet's clock.")
    stored = Flag("Whether its bytes have arrived.", True)
    stored_at = Moment("When its bytes arrived.", **NULL)
    has_thumbnail = Flag("Whether a small picture of it is here.", True)
    tablet_id = Id("The tablet that took it.", **NULL)
    tablet_name = Text("That tablet by name.", "Truck 12", **NULL)
    waived_at = Moment("Since when nobody waits for its bytes any more.", **NULL)
    waived_by_id = Id("Who decided that.", **NULL)
    waive_reason = Text("Why.", "The tablet fell into the river.", **NULL)


class OnTabletAnswer(Answer):
    """Photos that have not arrived: "3 of 5 photos still on Truck 12"."""

    tablet_id = Id("The tablet that has them.", **NULL)
    tablet_name = Text("That tablet by name.", "Truck 12", **NULL)
    declared = Whole("How many of the order's photos it took.", 5)
    waiting = Whole("How many of those are still on it, without those that were waived.", 3)


class PhotosAnswer(Answer):
    """How many photos there are, and where the missing ones are."""

    declared = Whole("How many the tablet took.", 5)
    stored = Whole("How many of them have arrived.", 3)
    items = Many(Part(PhotoAnswer, "A photo."), "The photos, as they were taken.")
    waiting = Many(Part(OnTabletAnswer, "A tablet."), "The tablets that still have some; empty when none is missing.")


class OrderConflictAnswer(Answer):
    """Work on this order that arrived and was parked."""

    id = Id("The conflict's id: GET /conflicts/{id} has it whole.")
    code = Text("Why it could not be applied.", "duplicate_completion")
    detail = Text("The same in a sentence.", "SO-2026-00123 is completed already.", **NULL)
    state = Text("Whether somebody settled it.", "open")
    created_at = Moment("When it arrived.")
    resolved_at = Moment("When it was settled.", **NULL)


class ExpectationAnswer(Answer):
    """When somebody is expected, and whether what was promised is kept."""

    standing = Text("How it stands to its promise.", "in_time", choices=[one.value for one in Timeliness], **NULL)
    expected_at = Moment("When the plan of the day has somebody there, to the quarter of an hour.", **NULL)
    says = Text("Both in a sentence.", "It is to be done by Tuesday, November 24, 5:00 PM. Tom is expected about ...")


class OrderDetailAnswer(OrderAnswer):
    """One order whole."""

    expectation = Part(ExpectationAnswer, "What to tell the customer.")

    type_name = Text("The order type by name.", "Cut off, customer request")
    possible = Many(Text("An event.", "assign", choices=EVENTS), "What can happen to it now.", ["assign"])
    captures = Free("What the technician recorded, by the type's captures.", {"read": "001234"}, **NULL)
    notes = Text("What the technician wrote.", "Valve is stiff.", **NULL)
    technician_name = Text("Who does it, by name.", "Tess Okafor", **NULL)
    created_by_name = Text("Who made it, by name.", "Carla Diaz", **NULL)
    completed_by_name = Text("Who completed it, by name.", "Tess Okafor", **NULL)
    posted_by_name = Text("Who posted it, by name.", "Carla Diaz", **NULL)
    access_issue_state = Text("The state of its access issue.", "open", **NULL)
    service_point = Part(OrderPlaceAnswer, "Where the work is.")
    customer = Part(OrderCustomerAnswer, "Whose account; null where there is none or you may not see it.", **NULL)
    history = Many(Part(HistoryAnswer, "An event."), "What happened, oldest first; the latest 200 events.")
    photos = Part(PhotosAnswer, "The photos taken.")
    conflicts = Many(Part(OrderConflictAnswer, "A conflict."), "Parked work on it, as far as you may see it.")
