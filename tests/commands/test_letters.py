"""Letters from a draft to the mail: frozen when approved, gathered in presort order, logged when they are mailed."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from redis import Redis
from sqlalchemy import select, update

from curbstop.blobs import blobs_of
from curbstop.commands import letter_addresses, letter_batches, letter_mailings, letter_templates, letters
from curbstop.commands.letters import Wanted
from curbstop.domain.letters import Language, LetterKind, Recipient
from curbstop.domain.problems import Problem
from curbstop.models import ContactAttempt, Customer, Letter, LetterBatch, ServicePoint
from curbstop.typesetting import sheet_of
from tests.town import Place, Town
from workers.worker import drain

TAG = {"done": "Your water was cut off today.", "what_now": "Call us."}
OWNER = {"name": "Hill Rentals LLC", "address": "PO Box 12", "city": "Raleigh", "state": "NC", "zip": "27601"}


def wanted(place: Place, **fields: Any) -> Wanted:
    said = {"kind": LetterKind.DOOR_TAG, "fields": TAG, "account_id": place.account_id, **fields}
    return Wanted(service_point_id=place.id, **said)


def draft(town: Town, *those: Wanted) -> list[UUID]:
    with town.work("carla") as work:
        return [letter.id for letter in letters.draft(work, those)]


def approve(town: Town, ids: list[UUID], by: str = "carla") -> None:
    with town.work(by) as work:
        letters.approve(work, ids)


def done(town: Town) -> None:
    """The workers do what waits."""
    with Redis.from_url(town.settings.redis_url) as connection:
        drain(town.sessions, town.settings, connection)


def read(town: Town, letter_id: UUID) -> Letter:
    [found] = town.all(select(Letter).where(Letter.id == letter_id))
    assert isinstance(found, Letter)
    return found


def bytes_of(town: Town, sha256: str | None) -> bytes:
    assert sha256 is not None
    return b"".join(blobs_of(town.settings).read(sha256))


def test_an_approved_letter_is_frozen_whatever_changes_afterwards(town: Town) -> None:
    place = town.place()
    [one] = draft(town, wanted(place))
    approve(town, [one])
    with town.sessions.write() as session:
        session.execute(update(Customer).values(name="Somebody Else"))
        session.execute(update(ServicePoint).values(address="99 Other St"))
    with town.work("ada") as work:
        source = "#d.name #d.done #d.what_now"
        tried = letter_templates.try_out(work.actor, LetterKind.DOOR_TAG, Language.EN, source)
        letter_templates.edit(work, tried, reason="Shorter.")
    done(town)
    first = read(town, one)
    assert (first.state, first.template_number, first.pages) == ("approved", 0, 1)
    assert "Pat Customer" in str(first.given["name"])
    assert "99 Other St" not in (first.text or "")
    frozen = bytes_of(town, first.pdf_sha256)
    with town.work() as work:
        assert letter_batches.freeze(work, letter_batches.typeset(town.sessions, town.settings, [one])) == 0
    assert bytes_of(town, read(town, one).pdf_sha256) == frozen
    [other] = draft(town, wanted(place))
    approve(town, [other])
    done(town)
    assert read(town, other).template_number == 1
    assert "Somebody Else" in (read(town, other).text or "")


def test_a_withheld_name_never_leaves_the_office(town: Town) -> None:
    place = town.place()
    with town.sessions.write() as session:
        session.execute(update(Customer).values(name_withheld=True))
    [one] = draft(town, wanted(place))
    with town.work("carla") as work:
        assert "Pat Customer" not in sheet_of(letters.proof(work, one)).text
    assert read(town, one).given["name"] == "Resident"


def test_a_customer_is_written_to_in_their_own_language(town: Town) -> None:
    place = town.place()
    with town.sessions.write() as session:
        session.execute(update(Customer).values(language="es"))
    [one] = draft(town, wanted(place))
    assert read(town, one).language == "es"


def test_an_owner_is_written_to_at_their_own_address_and_told_of_no_account(town: Town) -> None:
    place = town.place()
    with pytest.raises(Problem, match="owner"):
        draft(town, wanted(place, recipient=Recipient.OWNER))
    with town.work("carla") as work:
        letter_addresses.set_owner(work, place.id, OWNER)
    [one] = draft(town, wanted(place, recipient=Recipient.OWNER))
    given = read(town, one).given
    assert (given["name"], given["address"]) == ("Hill Rentals LLC", "PO Box 12\nRaleigh, NC 27601")
    assert given["account_number"] == ""


def test_a_batch_is_one_pdf_in_presort_order_and_each_letter_is_logged_once(town: Town) -> None:
    places = [town.place(zip=code) for code in ("27003", "27001", "27002")]
    ids = draft(town, *(wanted(place) for place in places))
    approve(town, ids)
    with town.work("carla") as work:
        batch = letter_batches.gather(work).id
    done(town)
    [ready] = town.all(select(LetterBatch))
    assert (ready.id, ready.state, ready.letters, ready.pages) == (batch, "ready", 3, 3)
    order = sorted((read(town, one) for one in ids), key=lambda letter: letter.batch_place or 0)
    assert [letter.postal_code for letter in order] == ["27001", "27002", "27003"]
    assert bytes_of(town, ready.pdf_sha256).startswith(b"%PDF-")
    with town.work("carla") as work:
        letter_batches.mail(work, batch, mailed_on=town.today, method="first_class")
    logged = town.all(select(ContactAttempt))
    assert [(row.channel, row.reason) for row in logged] == [("letter", "delinquent")] * 3
    with pytest.raises(Problem, match="impossible_transition"), town.work("carla") as work:
        letter_batches.mail(work, batch, mailed_on=town.today, method="first_class")


@pytest.mark.parametrize("minutes", [0, 12 * 60 - 1], ids=["at night", "at noon"])
def test_a_letter_is_never_in_the_log_before_it_was_written(town: Town, minutes: int) -> None:
    """Its day counts from noon; one that is written and mailed in an afternoon is no older than that."""
    [one] = draft(town, wanted(town.place()))
    approve(town, [one])
    done(town)
    midnight = datetime.combine(town.today, time(0), tzinfo=town.settings.zone)
    now = (midnight + timedelta(days=1, minutes=-1)).astimezone(UTC)
    written = (midnight + timedelta(minutes=minutes + 6 * 60)).astimezone(UTC)
    with town.sessions.write() as session:
        session.execute(update(Letter).values(created_at=written))
    with town.work("carla") as work:
        late = replace(work, at=now)
        letter_mailings.mark_mailed(late, [one], mailed_on=town.today, method="first_class")
    [logged] = town.all(select(ContactAttempt))
    assert logged.at == max(written, (midnight + timedelta(hours=12)).astimezone(UTC))


def test_a_batch_that_is_cancelled_gives_its_letters_back_as_they_were(town: Town) -> None:
    ids = draft(town, wanted(town.place()))
    approve(town, ids)
    done(town)
    frozen = read(town, ids[0]).pdf_sha256
    with town.work("carla") as work:
        batch = letter_batches.gather(work).id
        letter_batches.cancel(work, batch)
    letter = read(town, ids[0])
    assert (letter.state, letter.batch_id, letter.pdf_sha256) == ("approved", None, frozen)
    done(town)
    with town.work("carla") as work:
        again = letter_batches.gather(work).id
    done(town)
    assert {row.id: row.state for row in town.all(select(LetterBatch))} == {batch: "cancelled", again: "ready"}


def test_a_letter_that_came_back_may_not_be_delivered_after_all(town: Town) -> None:
    [one] = draft(town, wanted(town.place()))
    approve(town, [one])
    done(town)
    with town.work("carla") as work:
        letter_mailings.mark_mailed(work, [one], mailed_on=town.today, method="certified", tracking="7020 1")
        letter_mailings.mark_delivered(work, one, on=town.today)
    with town.work("carla") as work:
        letter_mailings.mark_returned(work, one, on=town.today, reason="Moved.")
    assert read(town, one).state == "returned_undeliverable"
    with pytest.raises(Problem, match="impossible_transition"), town.work("carla") as work:
        letter_mailings.mark_delivered(work, one, on=town.today)


def test_nothing_is_mailed_before_it_is_set_or_tomorrow(town: Town) -> None:
    [one] = draft(town, wanted(town.place()))
    approve(town, [one])
    with pytest.raises(Problem, match="not set yet"), town.work("carla") as work:
        letter_mailings.mark_mailed(work, [one], mailed_on=town.today, method="first_class")
    done(town)
    tomorrow = town.today + timedelta(days=1)
    with pytest.raises(Problem, match="future"), town.work("carla") as work:
        letter_mailings.mark_mailed(work, [one], mailed_on=tomorrow, method="first_class")
    assert read(town, one).state == "approved"


def test_a_final_notice_is_approved_by_billing_or_a_supervisor(town: Town) -> None:
    said = {"cut_on": "May 18", "because": "The lock was broken again.", "hearing": "Ask for a hearing."}
    [one] = draft(town, wanted(town.place(), kind=LetterKind.CURB_STOP_NOTICE, fields=said))
    with pytest.raises(Problem, match="forbidden"):
        approve(town, [one])
    approve(town, [one], by="sue")


@pytest.mark.parametrize("name", ["tom", "dana", "gus", "ada", "otto", "ivy"])
def test_letters_are_written_by_csr_billing_and_supervisor(town: Town, name: str) -> None:
    with pytest.raises(Problem, match="forbidden"), town.work(name) as work:
        letters.draft(work, [wanted(town.place())])


def test_a_template_that_cannot_be_set_makes_no_version(town: Town) -> None:
    with pytest.raises(Problem, match="template_invalid"), town.work("ada") as work:
        letter_templates.try_out(work.actor, LetterKind.DOOR_TAG, Language.EN, "#d.balance")
    with town.work("ada") as work:
        key = ("door_tag", "en")
        assert letter_templates.numbers(work.session, [key]) == {key: 0}
