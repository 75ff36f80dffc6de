"""The parts of a US street address, and the one form under which its spellings match.

`14-A Aberdeen Avenue, Apt 3` has a number (14), a suffix (A), a street (name, type, directions) and a unit. Both
`parse` and `from_parts` fold every part to the form that stands for it, so that two spellings of one address are equal
and have one `match_key`. Only what is certain is folded: AVE is never taken for ST, nor North Main St for Main St.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from geo.address_words import (
    DIRECTIONS,
    FRONT_WORDS,
    LONE_UNITS,
    NAME_WORDS,
    ORDINALS,
    STREET_TYPES,
    TENS,
    UNIT_KINDS,
)

_NUMBER = re.compile(r"(\d+)(?:-?([A-Z]{1,2})|-([A-Z0-9]+(?:[/-][A-Z0-9]+)*))?")
_HALF = re.compile(r"\d/\d[A-Z]?")
_FRACTIONS = str.maketrans({"½": " 1/2", "¼": " 1/4", "¾": " 3/4"})
_NOTHING = re.compile("['`\u00b4\u2018\u2019\u02bc.\"]")
_BLANK = re.compile(r"[^A-Z0-9&/#-]+")
_LETTER_SUFFIX = re.compile(r"[A-DF-MO-RT-VX-Z]")  # no direction


@dataclass(frozen=True, slots=True)
class Street:
    """A street's name in its parts, folded. The empty text stands for a part that is not there."""

    name: str
    type: str = ""
    predir: str = ""
    postdir: str = ""

    @property
    def key(self) -> str:
        """The folded name in one line: `N MAIN ST`."""
        return " ".join(part for part in (self.predir, self.name, self.type, self.postdir) if part)


@dataclass(frozen=True, slots=True)
class Address:
    """A folded address. `number` is None where there is none; `suffix` is A, R, 1/2; `unit_kind` APT, UNIT, STE."""

    street: Street
    number: int | None = None
    suffix: str = ""
    unit_kind: str = ""
    unit: str = ""

    @property
    def house_number(self) -> str:
        """The number as people write it: 14, 14-A, 6 1/2."""
        if self.number is None:
            return ""
        if not self.suffix:
            return str(self.number)
        return f"{self.number}{' ' if _HALF.fullmatch(self.suffix) else '-'}{self.suffix}"

    @property
    def match_key(self) -> str:
        """Equal for every spelling of this address, the unit included."""
        unit = f"{self.unit_kind} {self.unit}".strip()
        return "|".join([str(self.number or ""), self.suffix, self.street.key, unit])

    @property
    def building(self) -> "Address":
        """The address without its unit: what a service point stands for."""
        return replace(self, unit_kind="", unit="")

    @property
    def label(self) -> str:
        """The line that people read: `14-A N Mt Auburn St Apt 3`."""
        unit = f"# {self.unit}" if self.unit_kind == "#" else f"{self.unit_kind.title()} {self.unit}"
        return " ".join(f"{self.house_number} {title(self.street)} {unit}".split())


@lru_cache(maxsize=10_000)
def title(street: Street) -> str:
    """A street as its sign has it: `N Mt Auburn St`, `1st Ave NE`."""
    words = [street.predir, *(_title_word(word) for word in street.name.split()), street.type.title(), street.postdir]
    return " ".join(word for word in words if word)


def parse(text: str) -> Address:
    """An address out of one line. Never fails: what is no number and no unit is the street's name."""
    words = _words(text.split(",", maxsplit=1)[0]) + _after_comma(text)
    number, suffix, words = _split_number(words)
    kind, unit, words = _split_unit(words)
    return Address(_street(words), number, suffix, kind, unit)


def from_parts(  # noqa: PLR0917 - named by every caller
    number: str = "",
    suffix: str = "",
    predir: str = "",
    name: str = "",
    street_type: str = "",
    postdir: str = "",
    unit: str = "",
    unit_kind: str = "",
) -> Address:
    """An address out of columns; a part may be empty or hold more than it should (`14-A` as the number)."""
    words = _words(f"{number} {suffix}")
    value, ending, _ = _split_number([*words, "X", "ST"])
    if value is not None and not ending and len(words) > 1:
        ending = "-".join(words[1:])
    kind, which, _ = _split_unit(["X", *_words(f"{unit_kind} {unit}")]) if unit or unit_kind else ("", "", [])
    if not kind and unit.strip():
        kind, which = "UNIT", " ".join(_words(unit))
    return Address(street(f"{predir} {name} {street_type} {postdir}"), value, ending, kind, which)


@lru_cache(maxsize=10_000)  # a file names each street many times
def street(text: str) -> Street:
    """A street's name in one line, folded: `Saint Paul Street` is ST PAUL, ST."""
    return _street(_words(text))


def _words(text: str) -> list[str]:
    plain = text.upper()
    if not text.isascii():
        plain = unicodedata.normalize("NFKD", text.translate(_FRACTIONS)).upper()
        plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    words = _BLANK.sub(" ", _NOTHING.sub("", plain)).replace("#", " # ").split()
    return [word for word in (word.strip("-/") for word in words) if word]


def _after_comma(text: str) -> list[str]:
    """A unit may follow a comma; a city and a state after one are no part of a street."""
    words = [word for part in text.split(",")[1:2] for word in _words(part)]
    return words if words and (words[0] in UNIT_KINDS or words[0] in LONE_UNITS) else []


def _split_number(words: Sequence[str]) -> tuple[int | None, str, list[str]]:
    found = _NUMBER.fullmatch(words[0]) if words else None
    if not found or len(found.group(1)) > 8:
        return None, "", list(words)
    suffix, rest = found.group(2) or found.group(3) or "", list(words[1:])
    if found.group(2) in {"ST", "ND", "RD", "TH"}:
        return None, "", list(words)  # 1st Ave has no house number
    if not suffix and rest and (_HALF.fullmatch(rest[0]) or (_LETTER_SUFFIX.fullmatch(rest[0]) and _long(rest))):
        suffix = rest.pop(0)
    return int(found.group(1)), suffix, rest


def _long(rest: Sequence[str]) -> bool:
    """10 A St is on A Street; 10 A Main St is 10-A on Main Street."""
    return len(rest) > 2


def _split_unit(words: Sequence[str]) -> tuple[str, str, list[str]]:
    for at in range(len(words) - 1, 0, -1):
        word, after = words[at], words[at + 1 :]
        if word in UNIT_KINDS and after and any(sign.isdigit() or len(part) == 1 for part in after for sign in part):
            start = at - 1 if word == "#" and at > 1 and words[at - 1] in UNIT_KINDS else at
            return UNIT_KINDS[words[start]], " ".join(after), list(words[:start])
        if word in LONE_UNITS and not after and at > 1:
            return LONE_UNITS[word], "", list(words[:at])
    return "", "", list(words)


def _street(words: Sequence[str]) -> Street:
    rest = [part for word in words for part in word.split("-") if part]
    predir = postdir = kind = ""
    if len(rest) > 1 and rest[0] in DIRECTIONS and not (len(rest) == 2 and rest[1] in STREET_TYPES):
        predir = DIRECTIONS[rest.pop(0)]
    if len(rest) > 1 and rest[-1] in DIRECTIONS and not (len(rest) == 2 and rest[0] in STREET_TYPES):
        postdir = DIRECTIONS[rest.pop()]
    if len(rest) > 1 and rest[-1] in STREET_TYPES:
        kind = STREET_TYPES[rest.pop()]
    return Street(" ".join(_name(rest)), kind, predir, postdir)


def _name(words: Sequence[str]) -> list[str]:
    name: list[str] = []
    for at, word in enumerate(words):
        # Alone it would be a type: N SAINT is no street called N.
        folded = FRONT_WORDS.get(word, word) if at == 0 and len(words) > 1 else word
        folded = ORDINALS.get(folded, NAME_WORDS.get(folded, folded))
        if name and name[-1] in TENS and len(folded) == 3 and folded[0].isdigit():
            folded = TENS[name.pop()] + folded
        name.append(folded)
    return name


def _title_word(word: str) -> str:
    return word.lower() if word[0].isdigit() else word.capitalize()
