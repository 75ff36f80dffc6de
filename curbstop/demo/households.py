"""Who lives at an address of the made-up town, and what meter is in the box before it: plain rows from a seed."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from curbstop.demo.town import CITY, STATE, ZIP, Place
from curbstop.models.ids import new_id
from geo import addresses

Row = dict[str, Any]

_FIRST = (  # noqa: SIM905 - a table of words reads best as words
    "Ada Aaron Alma Amos Bela Boris Carl Cora Dina Earl Edna Eli Etta Fay Finn Gus Hana Hugh Ida Ines Ivan Jack June "
    "Kira Kurt Leah Leo Lila Luis Mabel Mario Mei Milo Nadia Nils Nora Omar Opal Paul Pia Quinn Raj Rosa Ruth Saul "
    "Selma Tariq Tess Uma Vera Viktor Wanda Will Yara Yuri Zoe"
).split()
_LAST = (  # noqa: SIM905 - a table of words reads best as words
    "Abbott Adeyemi Arlt Barnes Bello Boone Castillo Chen Cobb Dalton Dietz Duarte Eads Engel Farah Field Fuchs Gallo "
    "Grady Haas Hale Ibarra Ito Jarvis Jonas Kamau Kerr Kowal Larsen Lyle Marsh Mbeki Moss Nash Nguyen Oakes Ortiz "
    "Park Pratt Quist Rao Reed Rossi Sato Shaw Silva Stark Tate Thorne Udall Vance Vogel Weiss Wolfe Yates Zeller"
).split()
_FIRMS = ("Bakery", "Dental", "Garage", "Laundry", "Market", "Hardware", "Florist", "Cafe", "Printing", "Apartments")
_MODELS = (("Kestrel", "K20"), ("Kestrel", "K25"), ("Brookline", "B-1"), ("Norden", "N3"))
_ACCESS = (
    "Box in the left strip by the curb.", "Box behind the mailbox.", "Lid under the gravel by the drive.",
    "Box inside the fence, gate on the right.", "Lid is heavy, bring the hook.", "In the flower bed, second slab.",
)  # fmt: skip
_READING = ("Read through the glass, lid sticks.", "Wipe the dial first.", "Use the mirror, the box is deep.")
_HAZARDS = ("dog", "insects", "confined_space", "slope", "traffic")
STOCK = 40  # new meters on the shelf
HISTORY = 6  # monthly readings of each register


@dataclass(slots=True)
class Household:
    """All rows of one address, ready to be inserted in this order; ids tie them."""

    point: Row
    customer: Row
    account: Row
    meter: Row
    installation: Row
    endpoint: Row | None
    gate_code: str | None
    registers: list[Row] = field(default_factory=list)
    readings: list[Row] = field(default_factory=list)


def furnish(point: Row, number: int, chance: random.Random, today: datetime) -> Household:
    """The household at a service point; `number` counts them from 1 and makes serials. The loader gives the others."""
    business = chance.random() < 0.06
    point_id, customer_id, meter_id = point["id"], new_id(), new_id()
    maker, model = chance.choice(_MODELS)
    installed_at = today - timedelta(days=chance.randint(400, 6_000))
    home = Household(
        point=point,
        customer={"id": customer_id, **_customer(business, chance)},
        account={
            "id": new_id(), "customer_id": customer_id, "service_point_id": point_id,
            "status": "active", "service_class": "commercial" if business else "residential",
        },
        meter={
            "id": meter_id, "serial": f"{maker[0]}{10_000_000 + number}", "status": "installed",
            "size": chance.choice(("1.5", "2")) if business else "5/8", "manufacturer": maker, "model": model,
        },
        installation={
            "id": new_id(), "meter_id": meter_id, "service_point_id": point_id, "installed_at": installed_at,
            "removed_at": None,
        },
        endpoint=None,
        gate_code=f"{chance.randint(0, 9999):04d}#" if chance.random() < 0.03 else None,
    )  # fmt: skip
    if chance.random() < 0.7:
        home.endpoint = {"id": new_id(), "meter_id": meter_id, "radio_id": str(80_000_000 + number), "kind": "AMI"}
    # A compound meter counts small and large flow on two registers.
    for position in range(1, 3 if business and chance.random() < 0.3 else 2):
        _add_register(home, position, business, chance, today)
    return home


def stock_meter(number: int) -> tuple[Row, Row]:
    """A new meter on the shelf with its register; serials K20000001, K20000002, ..."""
    meter_id = new_id()
    meter = {
        "id": meter_id, "serial": stock_serial(number), "status": "stock", "size": "5/8", "manufacturer": "Kestrel",
        "model": "K25",
    }  # fmt: skip
    register = {
        "id": new_id(), "meter_id": meter_id, "position": 1, "dials": 7, "decimals": 0, "multiplier": Decimal(1),
        "unit": "GAL",
    }  # fmt: skip
    return meter, register


def stock_serial(number: int) -> str:
    """Of the meter on the shelf with that number."""
    return f"K{20_000_000 + number}"


def point_row(place: Place, chance: random.Random) -> Row:
    """The service point of a place, with its notes and hazards."""
    return {
        "id": new_id(),
        "address": place.address,
        "address_key": addresses.parse(place.address).match_key,
        "house_number": str(place.house_number),
        "street_name": place.street_name,
        "street_type": place.street_type,
        "city": CITY,
        "state": STATE,
        "zip": ZIP,
        "location": f"SRID=4326;POINT({place.longitude} {place.latitude})",
        "location_source": "surveyed",
        "physical_state": "on",
        "access_notes": chance.choice(_ACCESS) if chance.random() < 0.35 else None,
        "read_instructions": chance.choice(_READING) if chance.random() < 0.15 else None,
        "hazards": [chance.choice(_HAZARDS)] if chance.random() < 0.12 else [],
    }


def _customer(business: bool, chance: random.Random) -> Row:
    last = chance.choice(_LAST)
    name = f"{last} {chance.choice(_FIRMS)}" if business else f"{chance.choice(_FIRST)} {last}"
    return {
        "name": name,
        "phone": f"+1 555 01{chance.randint(0, 99):02d}",
        "language": "es" if chance.random() < 0.1 else "en",
        "name_withheld": chance.random() < 0.002,
    }


def _add_register(home: Household, position: int, business: bool, chance: random.Random, today: datetime) -> None:
    register_id = new_id()
    home.registers.append(
        {
            "id": register_id, "meter_id": home.meter["id"], "position": position, "dials": 7, "decimals": 0,
            "multiplier": Decimal(1), "unit": "GAL",
        }
    )  # fmt: skip
    month = chance.randint(9_000, 60_000) if business else chance.randint(1_200, 8_500)
    value = chance.randint(10_000, 900_000)
    for age in range(HISTORY, 0, -1):
        value += int(month * chance.uniform(0.75, 1.25))
        home.readings.append(
            {
                "id": new_id(), "register_id": register_id, "service_point_id": home.point["id"],
                "value": Decimal(value), "kind": "regular", "source": "route",
                "noted_at": today - timedelta(days=30 * age - 3),
            }
        )  # fmt: skip
