"""The tablet's key pair, and the seal on each op.

Here the private key lies in the tablet's database, which is as far as a program without a platform can go. An app makes
it in the platform's key store and marks it as not extractable (Android Keystore, Secure Enclave, WebCrypto with
`extractable: false`), so that a stolen database can be read but not continued.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from curbstop.tablet.store import Store


def public_key(store: Store) -> str:
    """The public half, for enrolling; the pair is made the first time."""
    with store.transaction():
        if store.fact("private_key") is None:
            store.remember(private_key=_text(Ed25519PrivateKey.generate().private_bytes_raw()))
    key = _key(store)
    assert key is not None
    return _text(key.public_key().public_bytes_raw())


def sign(store: Store, content: str) -> str | None:
    """The seal over an op's exact text, or None on a tablet that enrolled before there were keys."""
    key = _key(store)
    return _text(key.sign(content.encode())) if key is not None else None


def _key(store: Store) -> Ed25519PrivateKey | None:
    kept = store.fact("private_key")
    return Ed25519PrivateKey.from_private_bytes(_bytes(kept)) if kept is not None else None


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
