"""What a file is by its first bytes: a declared media type is only what somebody said."""

from typing import Final

MEDIA_TYPES: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/heic", "application/pdf"})
_HEIC_BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def media_type_of(head: bytes) -> str | None:
    """The media type of a file that begins with `head` (16 bytes are enough); None for anything but a photo."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return "image/heic"
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    return None


def fits(head: bytes, declared: str) -> bool:
    """Whether a file that begins so can be what it was declared as."""
    return media_type_of(head) == declared
