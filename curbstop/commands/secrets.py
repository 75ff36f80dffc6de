"""Gate codes: sealed at rest, shown one at a time to those who stand before the gate, and every look is audited."""

import os
from datetime import time
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import select

from curbstop.commands import journal
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import ON_TABLET_STATES
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.settings import Settings

# The first byte of a sealed code: which way it was sealed.
_AES_GCM = b"\x01"
_NONCE_BYTES = 12


def set_gate_code(
    work: Work, service_point_id: UUID, gate_code: str | None, *, if_version: int | None = None
) -> ServicePoint:
    """Keeps the code, or forgets it. Problems: forbidden, not_found, version_mismatch."""
    require(work.actor, Action.WRITE_SECRETS)
    point = get(work, ServicePoint, service_point_id)
    check_version(point, if_version)
    if gate_code is None and point.gate_code_sealed is None:
        return point
    point.gate_code_sealed = seal(work.settings, point.id, gate_code) if gate_code else None
    journal.changed(work, point, "service_point.set_gate_code")
    return point


def reveal_gate_code(work: Work, service_point_id: UUID) -> str:
    """The code in clear, and an audit entry that says who looked.

    The office's readers may at any time; a technician within the work window, with an order there today that is on the
    tablet. Problems: forbidden, not_found (also when there is no code).
    """
    granted = require(work.actor, Action.READ_SECRETS)
    if Grant.YES not in granted:
        _check_at_work(work, service_point_id)
    point = get(work, ServicePoint, service_point_id, lock=False)
    if point.gate_code_sealed is None:
        raise Problem("not_found", "There is no gate code here.")
    journal.audit(work, "service_point.reveal_gate_code", "service_point", point.id)
    return unseal(work.settings, point.id, point.gate_code_sealed)


def seal(settings: Settings, service_point_id: UUID, gate_code: str) -> bytes:
    """The code encrypted for this service point only: moved to another row, it does not open."""
    nonce = os.urandom(_NONCE_BYTES)
    return _AES_GCM + nonce + _cipher(settings).encrypt(nonce, gate_code.encode(), service_point_id.bytes)


def unseal(settings: Settings, service_point_id: UUID, sealed: bytes) -> str:
    """The code, or Problem(`bad_setting`) when it was sealed with another secret key."""
    nonce, text = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return _cipher(settings).decrypt(nonce, text, service_point_id.bytes).decode()
    except InvalidTag:
        raise Problem("bad_setting", "CURBSTOP_SECRET_KEY is not the one that sealed the gate codes.") from None


def seal_answer(settings: Settings, key: str, body: bytes) -> bytes:
    """An answer kept for a retry: it may hold a one-time code, which is stored nowhere else but as a hash."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(settings).encrypt(nonce, body, key.encode())


def unseal_answer(settings: Settings, key: str, sealed: bytes) -> bytes:
    """What `seal_answer` was given."""
    return _cipher(settings).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], key.encode())


def _cipher(settings: Settings) -> AESGCM:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"curbstop gate codes 1")
    return AESGCM(key.derive(settings.secret_key.encode()))


def _check_at_work(work: Work, service_point_id: UUID) -> None:
    local = work.at.astimezone(work.settings.zone)
    opens, closes = (time.fromisoformat(part) for part in work.settings.work_window.split("-"))
    if not opens <= local.time() < closes:
        raise Problem("forbidden", f"Gate codes are shown within the work window, {work.settings.work_window}.")
    mine = work.session.scalar(
        select(ServiceOrder.id)
        .where(
            ServiceOrder.service_point_id == service_point_id,
            ServiceOrder.technician_id == work.actor.staff_id,
            ServiceOrder.scheduled_on == local.date(),
            ServiceOrder.state.in_(ON_TABLET_STATES),
        )
        .limit(1)
    )
    if mine is None:
        raise Problem("forbidden", "You have no order here today.")
