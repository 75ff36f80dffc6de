"""The layouts as data: places, meters, accounts, orders, the contact log, change-outs and what billing tells."""

from decimal import Decimal
from typing import Final

from curbstop.domain.contacts import Channel, Reached, Reason, Result
from curbstop.domain.problems import Problem
from curbstop.files import builders
from curbstop.files.address_fields import ADDRESS_FIELDS
from curbstop.files.billing_layouts import HOLDS, PAYMENTS, RETURNED_PAYMENTS, STANDINGS
from curbstop.files.change_outs import CHANGE_OUTS
from curbstop.files.layout import Field, Layout
from curbstop.files.values import code, day, decimal, flag, integer, moment, proper, text

_POINT_FIELDS: Final = (
    Field("x", text(30), "Longitude, or east in the file's own system", ("longitude", "lon", "long", "lng", "point_x",
          "x_coord", "easting")),
    Field("y", text(30), "Latitude, or north in the file's own system", ("latitude", "lat", "point_y", "y_coord",
          "northing")),
)  # fmt: skip
# The steadier id first: another export may number its objects anew.
_ID: Final = ("globalid", "global_id", "guid", "id", "external_id", "objectid")
_ZIP: Final = ("zip_code", "zipcode", "postcode", "postal_code", "zip5")
_SERVICE_POINT: Final = Field(
    "service_point",
    text(20),
    "Number of the service point",
    ("service_point_number", "sp_number", "premise_id", "spid"),
)


_RANGE = integer(-1, 9_999_999)
ADDRESSES: Final = Layout(
    "addresses",
    (
        Field("id", text(100), "The file's own id of the address", ("address_id", "addressid", *_ID)),
        *ADDRESS_FIELDS,
        Field("city", text(60), "City", ("municipality", "post_city", "town", "postcomm")),
        Field("state", text(2), "State, two letters"),
        Field("zip", text(10), "ZIP code", _ZIP),
        Field("access_notes", text(2000), "How to get at the meter", ("access", "location_notes")),
        *_POINT_FIELDS,
    ),
    builders.address,
    geometry="point",
    needs=(("street_name", "address"),),
    identity=lambda row: str(row.address_key),
)
STREETS: Final = Layout(
    "streets",
    (
        Field("id", text(100), "The file's own id of the segment", ("segment_id", "seg_id", *_ID)),
        Field("name", text(120), "The whole name in one line", ("street", "label", "full_name", "fullname",
              "full_street", "fullstreet", "street_full_name", "road_name", "st_full")),
        *[field for field in ADDRESS_FIELDS if field.name in {"predir", "street_name", "street_type", "postdir"}],
        Field("left_from", _RANGE, "First number on the left", ("l_from", "l_f_add", "fromleft", "lfromadd",
              "l_from_addr", "fromaddr_l", "l_add_from", "lf_addr")),
        Field("left_to", _RANGE, "Last number on the left", ("l_to", "l_t_add", "toleft", "ltoadd", "l_to_addr",
              "toaddr_l", "l_add_to", "lt_addr")),
        Field("right_from", _RANGE, "First number on the right", ("r_from", "r_f_add", "fromright", "rfromadd",
              "r_from_addr", "fromaddr_r", "r_add_from", "rf_addr")),
        Field("right_to", _RANGE, "Last number on the right", ("r_to", "r_t_add", "toright", "rtoadd", "r_to_addr",
              "toaddr_r", "r_add_to", "rt_addr")),
        Field("left_zip", text(10), "ZIP code on the left", ("zip_left", "zip_l", "zipl", "l_zip", "postcode_l")),
        Field("right_zip", text(10), "ZIP code on the right", ("zip_right", "zip_r", "zipr", "r_zip", "postcode_r")),
        Field("from_node", text(40), "Node where the line begins", ("fromnode", "from_node_id", "f_node", "fnode")),
        Field("to_node", text(40), "Node where the line ends", ("tonode", "to_node_id", "t_node", "tnode")),
    ),
    builders.street,
    geometry="line",
    needs=(("name", "street_name"),),
)  # fmt: skip
HYDRANTS: Final = Layout(
    "hydrants",
    (
        Field("id", text(100), "The file's own id of the hydrant", _ID),
        Field("number", text(40), "Number on the hydrant", ("hydrant_id", "hydrant_number", "hydrant_no", "hyd_no",
              "hydrantid", "facilityid", "asset_id", "name")),
        Field("manufacturer", proper(60), "Who made it", ("hydrant_manf", "make", "manufactur", "mfr")),
        Field("installed_on", day, "Day of installation", ("installdate", "install_date", "date_installed")),
        Field("flow_gpm", integer(0, 100_000), "Flow, gallons a minute", ("hydrant_gpm", "gpm", "flow", "flowrate")),
        Field("status", code({"ACT": "active", "ABN": "abandoned", "INA": "inactive", "PRO": "proposed",
              "OOS": "out_of_service", "RET": "retired"}, others=20), "Place in its life",
              ("lifecyclestatus", "lifecycle_status", "hydrant_status")),
        *_POINT_FIELDS,
    ),
    builders.hydrant,
    geometry="point",
)  # fmt: skip
ASSETS: Final = Layout(
    "assets",
    (
        Field("id", text(100), "The file's own id of the asset", _ID),
        Field("kind", text(40), "What it is: main, valve, manhole", ("asset_type", "assettype", "featuretype",
              "subtype", "type", "layer")),
        Field("number", text(60), "Number of the asset", ("asset_id", "assetid", "facilityid", "facility_id", "name")),
        Field("material", text(40), "What it is made of", ("pipe_material", "mat")),
        Field("diameter_in", decimal(Decimal(0), Decimal(1000)), "Diameter in inches", ("diameter", "pipe_diameter",
              "diam", "size")),
        Field("installed_on", day, "Day of installation", ("installdate", "install_date", "date_installed")),
        Field("status", code({"ACT": "active", "ABN": "abandoned", "INA": "inactive", "PRO": "proposed",
              "OOS": "out_of_service", "RET": "retired"}, others=20), "Place in its life",
              ("lifecyclestatus", "lifecycle_status", "asset_status")),
    ),
    builders.asset,
    geometry="shape",
)  # fmt: skip
METERS: Final = Layout(
    "meters",
    (
        Field("serial", text(40), "Serial number", ("meter_serial", "serial_number", "serial_no", "meter_number",
              "meter_no", "meter_id"), required=True),
        Field("size", text(15), "Size: 5/8, 3/4, 1", ("meter_size",)),
        Field("manufacturer", proper(40), "Who made it", ("make", "mfr")),
        Field("model", text(40), "Model", ("meter_model",)),
        Field("dials", integer(3, 10), "Digits of the register", ("digits", "number_of_dials"), default=6),
        Field("decimals", integer(0, 4), "Digits behind the point", default=0),
        Field("multiplier", decimal(Decimal("0.0001"), Decimal(100_000)), "What one unit of the register stands for",
              ("factor",), default=Decimal(1)),
        Field("unit_of_measure", code({"GAL": "GAL", "gallons": "GAL", "CF": "CF", "cubic feet": "CF", "CCF": "CCF",
              "KGAL": "KGAL", "M3": "M3"}), "Unit: GAL, KGAL, CF, CCF, M3",
              ("uom", "units", "read_unit"), default="GAL"),
        Field("radio_id", text(40), "Number of the radio", ("endpoint", "endpoint_id", "ert", "ert_id", "mxu")),
        Field("endpoint_kind", code({"AMI": "AMI", "AMR": "AMR", "manual": "manual"}), "AMI, AMR, manual",
              ("endpoint_type", "read_type"), default="AMI"),
        Field("installed_on", day, "Day of installation", ("install_date", "set_date", "date_installed")),
        _SERVICE_POINT,
        *ADDRESS_FIELDS,
    ),
    builders.meter,
)  # fmt: skip
ACCOUNTS: Final = Layout(
    "accounts",
    (
        Field("account_number", text(20), "Number of the account", ("account", "account_no", "acct", "acct_no"),
              required=True),
        Field("customer_number", text(20), "Number of the customer", ("customer_id", "customer_no", "cust_no")),
        Field("customer_name", text(120), "Name of the customer", ("name", "customer", "full_name"), required=True),
        Field("phone", text(40), "Telephone", ("phone_number", "telephone")),
        Field("email", text(200), "E-mail", ("e_mail", "email_address")),
        Field("language", code({"en": "en", "english": "en", "es": "es", "spanish": "es"}, others=5), "Language",
              ("lang",), default="en"),
        Field("name_withheld", flag, "Whether the name stays in the office", ("confidential", "acp"), default=False),
        Field("status", code({"A": "active", "F": "finaled", "V": "vacant", "P": "pending", "final": "finaled",
              "closed": "finaled", "open": "active"}), "Status", ("account_status",), default="active"),
        Field("service_class", code({"R": "residential", "RES": "residential", "C": "commercial", "COM": "commercial",
              "I": "industrial", "IND": "industrial", "IRR": "irrigation", "M": "municipal", "MUN": "municipal"},
              others=20), "Class of service", ("class", "rate_class", "customer_class"), default="residential"),
        _SERVICE_POINT,
        *ADDRESS_FIELDS,
    ),
    builders.account,
)  # fmt: skip
CONTACTS: Final = Layout(
    "contacts",
    (
        Field("id", text(100), "The line's own id; what the log gave out keeps it", ("contact_id", "log_id")),
        Field("at", moment, "When it was; without a zone in the utility's own time", ("date_time", "datetime",
              "contacted_at", "contact_date", "call_date", "called", "when", "date"), required=True),
        Field("account_number", text(20), "Number of the account", ("account", "account_no", "acct", "acct_no"),
              required=True),
        Field("by", text(120), "Who it was", ("by_name", "agent", "csr", "employee", "called_by", "initials", "user")),
        Field("channel", code({"call": "phone", "telephone": "phone", "phone call": "phone", "tel": "phone",
              "e-mail": "email", "mail": "letter", "text": "sms", "text message": "sms", "door hanger": "door_tag",
              "door tag": "door_tag", "tag": "door_tag", "visit": "in_person", "in person": "in_person",
              "counter": "in_person"} | {word.value: word.value for word in Channel}), "How: phone, email, sms, letter"
              ", door_tag, in_person", ("method", "contact_type", "type", "how"), default="phone"),
        Field("direction", code({"outgoing": "out", "outbound": "out", "incoming": "in", "inbound": "in", "out": "out",
              "in": "in"}), "out is us, in the customer", ("in_out",), default="out"),
        Field("reached", code({"no answer": "none", "na": "none", "no": "none", "left message": "voicemail",
              "lm": "voicemail", "lvm": "voicemail", "vm": "voicemail", "spouse": "third_party", "other": "third_party",
              "yes": "customer", "spoke": "customer"} | {word.value: word.value for word in Reached}),
              "Who was reached: none, voicemail, third_party, customer", ("spoke_to", "answered", "contacted"),
              default="none"),
        Field("reason", code({"past due": "delinquent", "cut off": "delinquent", "high bill": "high_bill",
              "returned payment": "returned_pmt", "nsf": "returned_pmt"} | {word.value: word.value for word in Reason}),
              "Why: delinquent, high_bill, access, returned_pmt, outage", ("why", "subject"), default="delinquent"),
        Field("result", code({"promised": "promise", "promise to pay": "promise", "ptp": "promise",
              "payment plan": "plan", "arrangement": "plan", "disputed": "dispute", "wrong number": "wrong_number"}
              | {word.value: word.value for word in Result}), "What came of it: promise, plan, dispute, paid, refused, "
              "wrong_number, none", ("outcome", "disposition"), default="none"),
        Field("promise_amount", decimal(Decimal("0.01"), Decimal(10_000_000)), "What was promised, in dollars",
              ("amount", "promised_amount", "promised")),
        Field("promise_date", day, "By when", ("promised_date", "promise_on", "pay_by", "due")),
        Field("note", text(2000), "What was said", ("notes", "comment", "comments", "remarks")),
    ),
    builders.contact,
)  # fmt: skip
ORDERS: Final = Layout(
    "orders",
    (
        Field("id", text(100), "The other system's id of the order; keeps a second run from making it again",
              ("order_id", "external_id", "order_number", "order_no", "request_id", "work_order"), required=True),
        Field("type_code", text(20), "Type of the order, such as CUT_OFF_REQ", ("type", "order_type", "code"),
              required=True),
        Field("priority", integer(1, 5), "1 most urgent, 5 least", default=3),
        Field("requested_on", day, "Day asked for", ("requested", "due", "due_date", "request_date", "date")),
        Field("instructions", text(4000), "What the technician should know", ("notes", "comments", "description")),
        Field("account_number", text(20), "Number of the account", ("account", "account_no", "acct")),
        _SERVICE_POINT,
        *ADDRESS_FIELDS,
    ),
    builders.order,
    needs=(("service_point", "account_number", "address", "street_name"),),
)  # fmt: skip
LOTS: Final = Layout(
    "lots",
    (
        Field("development", text(20), "Number of the development, such as DV-000007", ("development_number", "dev",
              "subdivision"), required=True),
        Field("lot", text(40), "What the plat calls the lot", ("lot_number", "lot_no", "lot_id"), required=True),
        *ADDRESS_FIELDS,
        Field("city", text(60), "City", ("municipality", "post_city", "town")),
        Field("state", text(2), "State, two letters"),
        Field("zip", text(10), "ZIP code", _ZIP),
        Field("longitude", decimal(Decimal(-180), Decimal(180)), "Degrees east (EPSG:4326)", ("lon", "long", "lng")),
        Field("latitude", decimal(Decimal(-90), Decimal(90)), "Degrees north (EPSG:4326)", ("lat",)),
    ),
    builders.lot,
    needs=(("street_name", "address"),),
)  # fmt: skip

LAYOUTS: Final = {
    layout.name: layout
    for layout in (
        ADDRESSES,
        STREETS,
        HYDRANTS,
        ASSETS,
        METERS,
        ACCOUNTS,
        ORDERS,
        CONTACTS,
        CHANGE_OUTS,
        LOTS,
        STANDINGS,
        PAYMENTS,
        RETURNED_PAYMENTS,
        HOLDS,
    )
}


def layout_named(name: str) -> Layout:
    """A layout by its name. Problem not_found."""
    if name not in LAYOUTS:
        raise Problem("not_found", f"There is no layout {name!r}; there are: {', '.join(LAYOUTS)}.")
    return LAYOUTS[name]
