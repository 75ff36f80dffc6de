"""Letters are set from data, never from markup; nothing outside is read; the same letter is the same bytes."""

import io
import tempfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from curbstop import typesetting
from curbstop.domain.letters import Language, LetterKind, check_fields, day_in_words, presort_key, sample
from curbstop.domain.problems import Problem
from curbstop.typesetting import LETTERHEAD, Manuscript, Sheet, Typesetter, check_source, shipped
from curbstop.typesetting.pdfs import joined
from curbstop.typesetting.press import Press

AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
PLAIN = "#d.name"


def words(text: str) -> str:
    """Without the places where lines are broken."""
    return "".join(text.split())


@pytest.mark.parametrize("kind", list(LetterKind))
@pytest.mark.parametrize("language", list(Language))
def test_every_shipped_template_sets_all_that_its_kind_says(kind: LetterKind, language: Language) -> None:
    said = sample(kind) | {"language": language.value}
    with Typesetter() as typesetter:
        sheet = typesetter.set(shipped(kind.value, language.value), said, at=AT)
    assert sheet.pdf.startswith(b"%PDF-")
    assert sheet.pages == 1
    own = {
        name: value for name, value in said.items() if name in ("name", "telephone", "remedy", "past_due", "hearing")
    }
    if kind is LetterKind.DOOR_TAG:
        own = {name: said[name] for name in ("done", "what_now", "telephone")}
    for value in own.values():
        assert words(value) in words(sheet.text)


def test_the_same_letter_is_the_same_bytes_on_another_day_by_another_typesetter() -> None:
    def once() -> bytes:
        with Typesetter() as typesetter:
            return typesetter.set(
                shipped("cut_off_notice", "en"), sample(LetterKind.CUT_OFF_NOTICE) | {"language": "en"}, at=AT
            ).pdf

    assert once() == once()


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30))
def test_a_name_is_text_whatever_is_in_it(name: str) -> None:
    with Typesetter() as typesetter:
        sheet = typesetter.set(PLAIN, {"name": name}, at=AT)
    assert words(name) == words(sheet.text)


@pytest.mark.parametrize(
    "source",
    [
        '#read("/etc/passwd")',
        '#import "@preview/cetz:0.3.0"',
        '#include "other.typ"',
        '#{ let x = "@preview/cetz:0.3.0"; import x }',
        '#import/**/"@preview/cetz:0.3.0"',
        '#import {"@preview/cetz:0.3.0"}',
        '#let e = eval\n#e("import d.name")',
        '#dictionary(std).at("ev" + "al")("import d.name")',
        '#image("/etc/passwd")',
        "#d.no_such_field",
        "#foo(",
        f'#import "../{LETTERHEAD}": *',
    ],
)
def test_a_template_that_reaches_out_or_is_wrong_is_refused(source: str) -> None:
    with Typesetter() as typesetter, pytest.raises(Problem, match="template_invalid"):
        typesetter.set(source, {"name": "x"}, at=AT)


@pytest.mark.parametrize("word", ["import", "include", "eval", "std", "dictionary", "plugin"])
def test_what_could_reach_a_network_is_refused_before_anything_is_set(word: str) -> None:
    with pytest.raises(Problem) as refused:
        check_source(f"Dear #d.name,\n\n#let x = {word}")
    assert (refused.value.code, refused.value.extra["line"]) == ("template_invalid", 3)


@pytest.mark.parametrize("source", ["one\ntwo\n#d.balance", "one\ntwo\n#foo(", 'one\n\n#image("photo-7.jpg")'])
def test_what_is_wrong_is_told_with_its_line_and_no_path(source: str) -> None:
    with Typesetter() as typesetter, pytest.raises(Problem) as refused:
        typesetter.set(source, {"name": "x"}, at=AT)
    assert refused.value.extra["line"] == 3
    assert "/tmp" not in refused.value.detail  # noqa: S108 - a path that must not be told


def test_each_letter_has_its_own_photos_and_finds_no_others() -> None:
    def colour(sheet: Sheet) -> tuple[int, ...]:
        document = pdfium.PdfDocument(sheet.pdf)
        pixel = document[0].render().to_pil().getpixel((100, 100))
        document.close()
        assert isinstance(pixel, tuple)
        return tuple(round(part / 255) for part in pixel)

    place = '#image("photo-0.jpg")'
    with Typesetter() as typesetter:
        red, blue = (typesetter.set(place, {}, at=AT, photos=[picture(name)]) for name in ("red", "blue"))
        assert (colour(red), colour(blue)) == ((1, 0, 0), (0, 0, 1))
        with pytest.raises(Problem, match="not found"):
            typesetter.set(place, {}, at=AT)


def test_an_access_letter_shows_its_photos_on_the_same_page_and_says_so() -> None:
    said = sample(LetterKind.ACCESS_NOTICE_1) | {"language": "en"}
    with Typesetter() as typesetter:
        sheet = typesetter.set(shipped("access_notice_1", "en"), said, at=AT, photos=[picture("red"), picture("blue")])
    assert (sheet.pages, "photos below" in sheet.text) == (1, True)


def picture(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(out, "JPEG")
    return out.getvalue()


def test_a_proof_is_marked() -> None:
    with Typesetter() as typesetter:
        said = sample(LetterKind.ACCESS_NOTICE_1) | {"language": "en"}
        sheet = typesetter.set(shipped("access_notice_1", "en"), said, at=AT, proof=True)
    assert "PROOF" in sheet.text


def test_letters_are_joined_in_their_order_and_stay_readable() -> None:
    with Typesetter() as typesetter:
        sheets = [typesetter.set(PLAIN, {"name": name}, at=AT).pdf for name in ("first", "second", "third")]
    whole, pages = joined(sheets)
    assert pages == [1, 1, 1]
    assert whole.startswith(b"%PDF-")


def test_a_field_outside_the_whitelist_or_missing_is_named() -> None:
    with pytest.raises(Problem) as refused:
        check_fields(LetterKind.ACCESS_NOTICE_1, {"past_due": "$84.20"})
    assert refused.value.extra["unknown"] == ["past_due"]
    with pytest.raises(Problem) as refused:
        check_fields(LetterKind.DOOR_TAG, {"done": "Cut off."})
    assert refused.value.extra["missing"] == ["what_now"]


@pytest.mark.parametrize("kind", [one for one in LetterKind if one.value.startswith("access")])
def test_no_access_letter_can_name_a_balance_and_no_letter_a_gate_code(kind: LetterKind) -> None:
    from curbstop.domain.letters import FIELDS, GIVEN

    assert not {"past_due", "balance", "amount"} & set(FIELDS[kind])
    every = {name for fields in FIELDS.values() for name in fields} | set(GIVEN)
    assert not {name for name in every if "gate" in name or "secret" in name or "hold" in name}


def test_days_are_written_out_in_both_languages() -> None:
    day = AT.date()
    assert day_in_words(day, Language.EN) == "May 4, 2026"
    assert day_in_words(day, Language.ES) == "4 de mayo de 2026"


def test_letters_are_sorted_as_the_post_wants_them() -> None:
    parts = [("27002", "Main", "2"), ("27001-0002", "Oak", "1"), ("27001", "Main", "10"), ("27001", "Main", "9")]
    keys = [presort_key(*part) for part in parts] + [presort_key(None, "Main", "1")]
    assert [keys.index(key) for key in sorted(keys)] == [3, 2, 1, 0, 4]


def test_a_letter_shows_no_photo_of_the_letter_before_it() -> None:
    picture = BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "JPEG")
    with Typesetter() as typesetter:
        typesetter.set("#for one in d.photos { image(one) }", {}, at=AT, photos=[picture.getvalue()])
        with pytest.raises(Problem, match="template_invalid"):
            typesetter.set('#image("photo-0.jpg")', {}, at=AT)


# Each `while` ends after ten thousand rounds by Typst's own rule; one within another does not.
ENDLESS = "#{ let a = 0; while a < 9999 { a += 1; let b = 0; while b < 9999 { b += 1 } } } #d.name"


def test_a_template_without_an_end_is_stopped_and_the_next_letter_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typesetting, "LIMIT_S", 0.3)
    with Typesetter() as typesetter, pytest.raises(Problem, match="loop without an end"):
        typesetter.set(ENDLESS, {"name": "Ann"}, at=AT)
    with Typesetter() as typesetter:
        assert "Ann" in typesetter.set(PLAIN, {"name": "Ann"}, at=AT).text


def test_many_letters_come_back_in_their_order_each_with_its_own_words() -> None:
    names = [f"Customer-{number}" for number in range(8)]
    with Typesetter() as typesetter:
        sheets = typesetter.set_all(Manuscript(PLAIN, {"name": name}, AT) for name in names)
        assert [sheet.text.strip() for sheet in sheets] == names


def test_whoever_leaves_in_the_middle_leaves_no_letter_to_the_next() -> None:
    with Typesetter() as typesetter:
        next(typesetter.set_all(Manuscript(PLAIN, {"name": name}, AT) for name in ("first", "second")))
    with Typesetter() as typesetter:
        assert typesetter.set(PLAIN, {"name": "third"}, at=AT).text.strip() == "third"


def test_a_press_leaves_no_folder_behind_however_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    killed, left = Press("letterhead"), Press("letterhead")
    assert len(list(tmp_path.iterdir())) == 2
    killed.end()
    left.close()
    left.wait()
    assert not list(tmp_path.iterdir())
