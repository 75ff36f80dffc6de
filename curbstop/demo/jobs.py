"""The day's orders: what the office asks for, what the technician does, and what must be seen afterwards."""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from curbstop.demo.households import STOCK, stock_serial
from curbstop.tablet import FieldWork
from curbstop.tablet.work import readings_of

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """One order of the day from beginning to end."""

    type_code: str
    created_by: str
    posted_by: str
    instructions: str
    said: str
    do: Callable[[FieldWork, Body, Body], None]
    afterwards: str
    # Where posting sets one.
    physical_state: str | None = None


def _cut_off(work: FieldWork, order: Body, place: Body) -> None:
    _go(work, order, place)
    captures = {"serial_seen": _meter(place)["serial"], "read": _digits(place, 40), "valve_state": "off"}
    _photo(work, order, "photo_register", 1)
    work.complete(order["id"], "DONE", captures, notes="Off at the curb stop.")


def _change_out(work: FieldWork, order: Body, place: Body) -> None:
    _go(work, order, place)
    old = _meter(place)
    captures = {
        "old_serial": old["serial"],
        "out_read": {str(register["position"]): _next(register, 60) for register in old["registers"]},
        "old_condition": "stopped",
        "new_serial": new_serial(order),
        "in_read": {"1": "0000000"},
        "new_size": old["size"] or "5/8",
        "new_make": "Kestrel",
        "new_model": "K25",
        "new_dials": 7,
        "new_decimals": 0,
        "new_multiplier": 1,
        "new_uom": "GAL",
        "reason": "stopped",
        "seal_no": "S-4711",
        "box_condition": "good",
        "valve_found": "on",
    }
    for number, label in enumerate(_EXCHANGE_PHOTOS):
        _photo(work, order, label, 2 + number)
    work.complete(order["id"], "DONE", captures)


def _re_read(work: FieldWork, order: Body, place: Body) -> None:
    _go(work, order, place)
    _photo(work, order, "photo_register", 9)
    work.complete(order["id"], "DONE", {"read": _digits(place, 25), "read_code": "seen"})


_EXCHANGE_PHOTOS = ("photo_old_register", "photo_old_serial", "photo_new_register", "photo_new_serial")
JOBS = (
    Job("CUT_OFF_REQ", "carla", "carla", "Moving out; leave it off.", "Tom cuts off", _cut_off,
        "off, with the final reading", "off"),
    Job("MTR_XCHG", "sue", "bill", "Register has stopped.", "Tom changes a meter, with four photos", _change_out,
        "the new meter is installed", None),
    Job("READ_RE", "carla", "carla", "Customer doubts the reading.", "Tom reads again", _re_read,
        "the doubted reading was looked at again", None),
)  # fmt: skip


def _go(work: FieldWork, order: Body, place: Body) -> None:
    work.travel(order["id"])
    work.arrive(order["id"], {"longitude": place["longitude"], "latitude": place["latitude"], "accuracy_m": 5})


def lock(work: FieldWork, order: Body, place: Body) -> None:
    """Cuts off for money: locked, sealed, photographed, a tag at the door."""
    _go(work, order, place)
    number = str(order["number"])
    captures = {
        "serial_seen": _meter(place)["serial"],
        "read": _digits(place, 30),
        "valve_state": "off",
        "lock_type": "barrel",
        "lock_no": f"L-{number}",
        "seal_no": f"S-{number}",
        "door_tag_left": True,
    }
    _photo(work, order, "photo", 12)
    work.complete(order["id"], "DONE", captures)


def restore(work: FieldWork, order: Body, place: Body) -> None:
    """Takes the lock away and turns the water on."""
    _go(work, order, place)
    captures = {
        "serial_seen": _meter(place)["serial"],
        "read": _digits(place, 30),
        "valve_state": "on",
        "leak_indicator": "still",
    }
    work.complete(order["id"], "DONE", captures)


def read(work: FieldWork, stop: Body, place: Body) -> None:
    """Reads every register at a stop."""
    registers = _meter(place)["registers"]
    work.read(stop["id"], readings_of(place, [_next(register, 3_000) for register in registers]))


def _meter(place: Body) -> Body:
    meter: Body = place["meters"][0]
    return meter


def _digits(place: Body, used: int) -> str:
    return _next(_meter(place)["registers"][0], used)


def _next(register: Body, used: int) -> str:
    """What the register shows after some more use, with all its dials."""
    last = int(float(register["last_value"] or 0))
    return str((last + used) % 10 ** register["dials"]).zfill(register["dials"])


def new_serial(order: Body) -> str:
    """A meter from the shelf, another one for each order."""
    return stock_serial(int(str(order["number"])[-5:]) % STOCK + 1)


def _photo(work: FieldWork, order: Body, label: str, shade: int) -> None:
    work.attach_photo(f"service_order/{order['id']}", label, picture(shade), "image/png")


def picture(shade: int, side: int = 64) -> bytes:
    """A small gray PNG, another one for each shade."""
    row = b"\0" + bytes((shade * 20 + x) % 256 for x in range(side))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(row * side)) + chunk(b"IEND", b"")
    )
