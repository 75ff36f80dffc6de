"""Small pictures of photos: checked when a tablet brings one, made here otherwise. Nothing in a file is believed."""

import io
import warnings
from collections.abc import Iterator
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from curbstop.domain.media_types import media_type_of
from curbstop.domain.problems import Problem

# A thumbnail travels ahead of everything and is kept in the database.
LARGEST_BYTES: Final = 20 * 1024
LARGEST_SIDE: Final = 1024
MADE_SIDE: Final = 320
# On paper a photo is at most 2.6 inches wide, at 300 dots each.
PRINTED_SIDE: Final = 800
PRINTED_QUALITY: Final = 80
# A phone's largest camera has 50 million; a file of a few kilobytes can claim thousands of millions.
MOST_PIXELS: Final = 64_000_000
FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_QUALITIES = (75, 60, 40, 20)
# What Pillow raises for files that are not what they seem; a picture is only a convenience, so none is an error here.
_BROKEN = (
    UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning, OSError, ValueError,
    SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError, MemoryError, ArithmeticError,
)  # fmt: skip


def check_thumbnail(content: bytes) -> str:
    """The media type of a tablet's thumbnail, or Problem(`invalid`); only its head is read, nothing is decoded."""
    kind = media_type_of(content) or ""
    if kind not in FORMATS or len(content) > LARGEST_BYTES:
        raise Problem("invalid", f"A thumbnail is a JPEG, PNG or WebP of at most {LARGEST_BYTES} bytes.", errors=[])
    try:
        with _opened(content, kind) as image:
            sides = image.size
    except _BROKEN:
        raise Problem("invalid", "The thumbnail cannot be read.", errors=[]) from None
    if not all(0 < side <= LARGEST_SIDE for side in sides):
        raise Problem("invalid", f"A thumbnail has at most {LARGEST_SIDE} pixels a side.", errors=[])
    return kind


def make_thumbnail(pieces: Iterator[bytes], declared: str) -> bytes | None:
    """A JPEG of at most 320 pixels a side, upright and without what a camera notes; None when that cannot be made."""
    content = b"".join(pieces)
    if media_type_of(content) != declared:
        return None
    try:
        small = _small(content, MADE_SIDE)
        return None if small is None else _within(small)
    except _BROKEN:
        return None


def make_print(pieces: Iterator[bytes]) -> bytes | None:
    """A JPEG as large as a letter needs it, upright and without what a camera notes; None when that cannot be made."""
    try:
        small = _small(b"".join(pieces), PRINTED_SIDE)
        return None if small is None else _jpeg(small, PRINTED_QUALITY)
    except _BROKEN:
        return None


def _small(content: bytes, side: int) -> Image.Image | None:
    """The picture upright, no larger than `side`; None for what is no picture or claims to be a huge one."""
    kind = media_type_of(content)
    if kind not in FORMATS:
        return None
    with _opened(content, kind) as image:
        if image.width * image.height > MOST_PIXELS:
            return None
        # A JPEG is then decoded at a fraction of its size.
        image.draft("RGB", (2 * side, 2 * side))
        image.thumbnail((2 * side, 2 * side))
        small = _on_white(ImageOps.exif_transpose(image))
        small.thumbnail((side, side))
        return small


def _opened(content: bytes, kind: str) -> Image.Image:
    with warnings.catch_warnings():
        # Pillow's own warning about large pictures; they are refused by their size, above.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(io.BytesIO(content), formats=[FORMATS[kind]])


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode not in {"RGBA", "LA", "P", "PA"}:
        return image.convert("RGB")
    seen = image.convert("RGBA")
    ground = Image.new("RGB", seen.size, "white")
    ground.paste(seen, mask=seen.getchannel("A"))
    return ground


def _within(image: Image.Image) -> bytes | None:
    for quality in _QUALITIES:
        made = _jpeg(image, quality)
        if len(made) <= LARGEST_BYTES:
            return made
    return None


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
