"""The shapes of service points in the API: a line of the list, one whole, and the lines of its timeline."""

from typing import Any

from api.core import Answer
from api.core.schemas import Day, Flag, Id, Many, Moment, Number, Part, Text, Whole
from api.meter_schemas import InstalledMeterAnswer
from api.service_order_schemas import STATES as ORDER_STATES
from curbstop.domain.access_issues import AccessState
from curbstop.domain.meters import AccountStatus, PhysicalState
from curbstop.queries import timeline

NULL: dict[str, Any] = {"allow_none": True}
PHYSICAL_STATES = [state.value for state in PhysicalState]


class ServicePointLineAnswer(Answer):
    """A service point's own members, without secrets and without its customer."""

    id = Id("The service point's id.")
    version = Whole("The version, for If-Match.", 3)
    number = Text("The number for people.", "SP-000042")
    address = Text("The address as people read it.", "12 N Main St Apt 3")
    house_number = Text("The house number.", "12", **NULL)
    predir = Text("The direction before the street's name.", "N", **NULL)
    street_name = Text("The street's name.", "Main", **NULL)
    street_type = Text("What kind of street.", "St", **NULL)
    postdir = Text("The direction after the street's name.", "NW", **NULL)
    unit = Text("The unit.", "Apt 3", **NULL)
    city = Text("The city.", "Millbrook", **NULL)
    state = Text("The state.", "NC", **NULL)
    zip = Text("The ZIP code.", "27330", **NULL)
    longitude = Number("Degrees east, EPSG:4326.", -79.1234, **NULL)
    latitude = Number("Degrees north, EPSG:4326.", 35.4321, **NULL)
    location_source = Text("How the position came about: surveyed, imported, geocoded.", "surveyed", **NULL)
    physical_state = Text("What is in the ground, whoever pays.", "on", choices=PHYSICAL_STATES)
    access_notes = Text("How to get there.", "Behind the mailbox.", **NULL)
    read_instructions = Text("How to read the meter.", "Wipe the dial first.", **NULL)
    hazards = Many(Text("A hazard.", "dog"), "What to beware of.", ["dog"])
    has_gate_code = Flag("Whether there is a gate code; GET .../gate-code shows it.", False)
    source_key = Text("What another system calls this place.", "gis/4711", **NULL)
    created_at = Moment("When it was entered.")
    updated_at = Moment("When it, or what tablets show of it, was last changed.")


class NearServicePointAnswer(ServicePointLineAnswer):
    distance_m = Number("How far it is, in meters of geodesic.", 41.7)


class NearAnswer(Answer):
    items = Many(Part(NearServicePointAnswer, "A service point."), "The nearest first.")


class PlaceAccountAnswer(Answer):
    id = Id("The account's id.")
    number = Text("Its number.", "AC-000042")
    status = Text("Where it is in billing's eyes.", "active", choices=[status.value for status in AccountStatus])
    service_class = Text("What the water is for.", "residential")
    customer_id = Id("The customer's id.")
    customer_number = Text("The customer's number.", "CU-000042")
    customer_name = Text("The customer's name.", "Ann Lee")
    phone = Text("Where to call.", "555-0100", **NULL)
    email = Text("Where to write.", "ann@example.com", **NULL)
    language = Text("The language they read.", "en")
    name_withheld = Flag("Whether the name never leaves the office.", False)


class PlaceOrderAnswer(Answer):
    id = Id("The order's id.")
    number = Text("Its number.", "SO-2026-00123")
    type_code = Text("Its type.", "READ_RE")
    state = Text("Where it is.", "ready", choices=ORDER_STATES)
    priority = Whole("1 is the most urgent, 5 the least.", 3)
    scheduled_on = Day("On which day.", **NULL)
    technician_name = Text("Who does it.", "Tess Okafor", **NULL)


class PlaceAccessIssueAnswer(Answer):
    id = Id("The access issue's id.")
    category = Text("What is in the way.", "FOLIAGE")
    state = Text("Where it stands.", "reported", choices=[state.value for state in AccessState])
    utility_fault = Flag("Whether it is ours to mend.", False)
    occurrences = Whole("How often it was met.", 2)
    note = Text("What was said of it.", "Hedge is 3 ft high.", **NULL)
    last_seen_at = Moment("When it was met last.")


class ServicePointAnswer(ServicePointLineAnswer):
    """One service point whole."""

    version = Whole("The version, also in the ETag.", 3)
    account = Part(PlaceAccountAnswer, "The open account, for those who see customers.", **NULL)
    meters = Many(Part(InstalledMeterAnswer, "A meter."), "What is installed here.")
    open_orders = Many(Part(PlaceOrderAnswer, "An order."), "Open orders that you may see, the newest first.")
    open_access_issues = Many(Part(PlaceAccessIssueAnswer, "One of them."), "What is in the way, met last first.")


class TimelineLineAnswer(Answer):
    at = Moment("When it happened: by whoever noted it, never later than the server heard of it.")
    kind = Text("What it is of.", "order", choices=list(timeline.KINDS))
    event = Text("What happened.", "complete")
    entity_id = Id("The event's, reading's, installation's, access issue's, visit's, photo's or edited row's id.")
    label = Text("What to show: an order's type and state, a meter's serial, a reading.", "1042 GAL", **NULL)
    order_id = Id("The order concerned.", **NULL)
    order_number = Text("The order's number.", "SO-2026-00123", **NULL)
    due_at = Moment("By when that order is to be done.", **NULL)
    window_start = Moment("The beginning of its appointment.", **NULL)
    window_end = Moment("The end of its appointment.", **NULL)
    staff_id = Id("Who did it.", **NULL)
    staff_name = Text("Who did it, by name.", "Tess Okafor", **NULL)
    reason = Text("Why, in the words of whoever decided it.", "paid in full", **NULL)
    outcome = Text("What a visit found.", "COMPLETE", **NULL)
    recorded_at = Moment("When the server heard of it.")
    # A schema's `fields` is something else, so the member is called by what it says.
    changed = Many(
        Text("A field.", "access_notes"), "The fields that an edit changed.", ["access_notes"], attribute="fields"
    )
