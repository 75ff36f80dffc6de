"""Turns a text into the words of the search index, and what somebody typed into tokens to look up.

Both sides fold alike: case, accents, apostrophes, street types and directions, leading zeros of numbers.
"""

import re
import unicodedata
from collections.abc import Iterator

MAX_QUERY = 200
MAX_TOKENS = 8
MAX_WORD = 60

# Letters that no decomposition takes apart.
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th"})
_FRACTIONS = {"½": " 1/2", "¼": " 1/4", "¾": " 3/4"}
_APOSTROPHES = re.compile("['`\u00b4\u2018\u2019\u02bc]")
_PIECE = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_LETTERED_NUMBER = re.compile(r"[^\W\d_]+(\d+)")

_SAME_WORDS = (
    "alley aly", "apartment apt", "avenue av aven ave", "boulevard blvd boul", "building bldg", "center centre ctr",
    "circle cir", "court ct crt", "cove cv", "crescent cres", "crossing xing", "drive drv dr", "expressway expy",
    "extension ext", "fort ft", "freeway fwy", "heights hts", "highway hwy", "hill hl", "junction jct", "lane ln",
    "mount mt", "mountain mtn", "parkway pkway pkwy", "place pl", "plaza plz", "point pt", "road rd", "route rte",
    "square sq", "street str saint st", "suite ste", "terrace terr ter", "trail trl", "turnpike tpke", "way wy",
    "north n", "south s", "east e", "west w", "northeast ne", "northwest nw", "southeast se", "southwest sw",
    "first 1st", "second 2nd", "third 3rd", "fourth 4th", "fifth 5th", "sixth 6th", "seventh 7th", "eighth 8th",
    "ninth 9th", "tenth 10th",
)  # fmt: skip
_FOLDED = {word: group.split()[-1] for group in _SAME_WORDS for word in group.split()}


def words_of(text: str) -> set[str]:
    """Every word under which a row with this text is to be found."""
    return {word[:MAX_WORD] for piece in _pieces(text) for word in _forms(piece)}


def tokens_of(query: str) -> list[str]:
    """What was typed, as folded tokens in their order, each once; at most MAX_TOKENS of them."""
    tokens: dict[str, None] = {}
    for piece in _pieces(_APOSTROPHES.sub("", query[:MAX_QUERY])):
        for part in [piece] if _is_number(piece) else piece.split("-"):
            tokens[fold(part)[:MAX_WORD]] = None
    return list(tokens)[:MAX_TOKENS]


def fold(word: str) -> str:
    """The form that stands for a word and its synonyms: avenue, av and ave are `ave`."""
    return _FOLDED.get(word, word)


def without_zeros(token: str) -> str:
    """A number as people say it, without leading zeros; anything else unchanged."""
    return token.lstrip("0") or "0" if token.isdigit() else token


def plain(text: str) -> str:
    """Lower case without accents: `José` and `JOSE` are `jose`."""
    for sign, words in _FRACTIONS.items():
        text = text.replace(sign, words)
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign)).translate(_LETTERS)


def _pieces(text: str) -> Iterator[str]:
    text = plain(text)
    # O'Brien is found as obrien, and as brien after the apostrophe.
    if _APOSTROPHES.search(text):
        yield from _PIECE.findall(_APOSTROPHES.sub(" ", text))
    yield from _PIECE.findall(_APOSTROPHES.sub("", text))


def _is_number(piece: str) -> bool:
    return any(sign.isdigit() for sign in piece)


def _forms(piece: str) -> Iterator[str]:
    yield piece
    yield fold(piece)
    parts = piece.split("-")
    if len(parts) > 1:
        yield "".join(parts)
    if not _is_number(piece):
        yield from (form for part in parts for form in (part, fold(part)))
        return
    # SO-2026-00123 is also asked for as 2026-00123 and 00123. Its prefixes alone would be in every row.
    yield from ("-".join(parts[start:]) for start in range(1, len(parts)))
    first = _LETTERED_NUMBER.fullmatch(parts[-1])
    digits = first.group(1) if first else parts[-1]
    yield digits
    yield without_zeros(digits)
    if parts[0][0].isdigit():
        yield from parts
