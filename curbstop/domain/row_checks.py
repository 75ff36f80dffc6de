"""What makes two copies of a row equal without comparing them: a checksum of its key and version, and their sum.

A bucket's digest is the sum of its rows' checks in four lanes of 32 bits, so it can be kept by adding and subtracting,
does not depend on the order of the rows, and never on how a body is written as JSON.
"""

import hashlib
from uuid import UUID

LANES = 4
_WORD = 0xFFFFFFFF


def row_check(entity_type: str, entity_id: UUID | str, row_version: int) -> tuple[int, int]:
    """The first 16 bytes of SHA-256(`type/id/version`) as two signed 64-bit numbers: lanes 0 and 1, lanes 2 and 3."""
    digest = hashlib.sha256(f"{entity_type}/{entity_id}/{row_version}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True), int.from_bytes(digest[8:16], "big", signed=True)


def check_columns(entity_type: str, entity_id: UUID, row_version: int) -> dict[str, int]:
    """A row's version and check as the columns of the buckets that hold it."""
    hi, lo = row_check(entity_type, entity_id, row_version)
    return {"row_version": row_version, "check_hi": hi, "check_lo": lo}


def lanes_of(check: tuple[int, int]) -> tuple[int, int, int, int]:
    """The four 32-bit words of a check, unsigned."""
    hi, lo = check
    return (hi >> 32) & _WORD, hi & _WORD, (lo >> 32) & _WORD, lo & _WORD


def digest_text(lanes: tuple[int, int, int, int]) -> str:
    """Lane sums, each taken modulo 2**32, as 32 hexadecimal digits."""
    return "".join(f"{lane & _WORD:08x}" for lane in lanes)
