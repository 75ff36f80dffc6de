"""THE list of safety mechanisms: how each is switched off, and which tests must then fail.

A patch is text that stands exactly once in its file. When the code moves, the patch no longer applies, and
`tests/house/test_mutants.py` says so: then find where the mechanism went, and switch it off there.

Long because it is one list.
"""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Patch:
    """In `path`, `old` becomes `new`."""

    path: str
    old: str
    new: str

    def apply(self, root: Path) -> None:
        """Changes the file below `root`; ValueError when `old` is not there exactly once."""
        file = root / self.path
        text = file.read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            raise ValueError(f"{self.path}: {text.count(self.old)} times instead of once: {self.old!r}")
        file.write_text(text.replace(self.old, self.new), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mechanism, switched off by `patches`; each of `tests` (pytest ids) has to fail then."""

    mechanism: str
    says: str
    patches: tuple[Patch, ...]
    tests: tuple[str, ...]


_SYNC = "tests/sync"
_STAMP = "migrations/versions/2026_11_22_0005_commit_ordered_changes.py"
_LATER = """    from sqlalchemy import event
    from sqlalchemy.orm import Session

    bind = work.session.get_bind()

    def later(_: object) -> None:
        with Session(bind) as session, session.begin():
            update_many(session, OpLedger, rows, keys=("op_id",))

    if rows:
        event.listen(work.session, "after_commit", later, once=True)
"""

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "deferred stamp",
        "change rows get their number when they are written, from a plain sequence",
        (
            Patch(_STAMP, "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW", "FOR EACH ROW"),
            Patch(_STAMP, "PERFORM pg_advisory_xact_lock(7230002);", ""),
        ),
        (f"{_SYNC}/test_change_order.py::test_no_reader_misses_a_committed_row[services]",),
    ),
    Mutant(
        "one commit at a time",
        "numbers are given at COMMIT, but two commits may overlap",
        (Patch(_STAMP, "PERFORM pg_advisory_xact_lock(7230002);", ""),),
        (f"{_SYNC}/test_invariants.py::test_numbers_are_given_one_commit_at_a_time[services]",),
    ),
    Mutant(
        "snapshot isolation of pulls",
        "each statement of a pull sees what was committed meanwhile",
        (
            Patch(
                "curbstop/models/engine.py",
                '"isolation_level": "REPEATABLE READ"',
                '"isolation_level": "READ COMMITTED"',
            ),
        ),
        (f"{_SYNC}/test_invariants.py::test_what_is_committed_during_a_pull_is_not_in_it_but_in_the_next[services]",),
    ),
    Mutant(
        "map packs are held against their names",
        "a tablet draws from whatever bytes came",
        (
            Patch(
                "curbstop/tablet/map_packs.py",
                'if hashlib.sha256(read(store, sha256, 0, offer["size"] + 1)).hexdigest() != sha256:',
                "if False:",
            ),
        ),
        (
            "tests/tablet/test_map_packs.py"
            "::test_what_is_not_what_its_name_says_is_never_drawn_and_fetched_again[embedded]",
        ),
    ),
    Mutant(
        "ledger in the same transaction",
        "verdicts are written after the commit of their effects",
        (
            Patch(
                "curbstop/commands/op_ledger.py",
                '    update_many(work.session, OpLedger, rows, keys=("op_id",))\n',
                _LATER,
            ),
        ),
        (f"{_SYNC}/test_invariants.py::test_whichever_commit_never_happens_a_retry_finishes_the_work_once",),
    ),
    Mutant(
        "one verdict for ever",
        "a retry is carried out again",
        (Patch("sync/answering.py", "elif row.verdict is None or row.verdict == WAITING:", "elif True:"),),
        (f"{_SYNC}/test_push.py::test_a_retry_gets_the_same_verdict_and_has_one_effect",),
    ),
    Mutant(
        "raw ops first",
        "an op is stored only together with its verdict",
        (
            Patch("sync/push.py", "        op_ledger.keep(work, [kept(op) for op in dated])\n", ""),
            Patch(
                "sync/answering.py",
                "        get(self._work, Tablet, cast(UUID, self._work.actor.tablet_id))\n",
                "        get(self._work, Tablet, cast(UUID, self._work.actor.tablet_id))\n"
                "        op_ledger.keep(self._work, [kept(op) for op in received])\n",
            ),
        ),
        (f"{_SYNC}/test_invariants.py::test_an_op_is_stored_before_anybody_tries_to_carry_it_out",),
    ),
    Mutant(
        "payload hash",
        "other content under a known op id gets the first one's verdict",
        (Patch("sync/answering.py", "if row.sha256 != op.sha256 or ", "if "),),
        (f"{_SYNC}/test_push.py::test_the_same_id_with_other_content_changes_nothing",),
    ),
    Mutant(
        "per-aggregate order",
        "ops are carried out as they come, whatever they follow",
        (
            Patch(
                "sync/answering.py",
                "return one.op is None or one.op.follows is None or one.op.follows in self._final",
                "return True",
            ),
        ),
        (f"{_SYNC}/test_invariants.py::test_a_chain_is_carried_out_in_its_own_order_however_it_arrives",),
    ),
    Mutant(
        "savepoint for each op",
        "what a refused op wrote before it was refused stays",
        (
            Patch(
                "sync/answering.py",
                "            with work.session.begin_nested():\n                result = carry_out(",
                "            with work.session.no_autoflush:\n                result = carry_out(",
            ),
        ),
        (f"{_SYNC}/test_invariants.py::test_what_is_parked_leaves_nothing_half_done",),
    ),
    Mutant(
        "leave record",
        "nobody tells the bucket that a row has left it",
        (Patch("curbstop/commands/scope.py", "    journal.record(work, gone, was)\n", ""),),
        (f"{_SYNC}/test_replay.py::test_changes_applied_to_the_old_copy_give_the_new_one",),
    ),
    Mutant(
        "lease grace",
        "work on what was meanwhile given to somebody else is refused instead of parked",
        (
            Patch(
                "sync/answering.py",
                "if problem.status >= 500:",
                "if problem.status >= 500 or problem.code == 'forbidden':",
            ),
        ),
        (f"{_SYNC}/test_invariants.py::test_work_on_what_was_held_is_done_or_parked_and_never_refused",),
    ),
    Mutant(
        "digest update",
        "a row's new version is not noted in the buckets that hold it",
        (
            Patch(
                "curbstop/commands/journal.py",
                ", **check_columns(entity_type, entity_id, version))",
                ")",
            ),
        ),
        (f"{_SYNC}/test_invariants.py::test_the_digest_is_the_sum_of_what_the_tablet_holds",),
    ),
    Mutant(
        "office notice",
        "an order changes and no screen of the office hears of it",
        (
            Patch(
                "curbstop/commands/journal.py",
                '    if entity_type == "service_order":\n        changes += [(OFFICE',
                "    if False:\n        changes += [(OFFICE",
            ),
        ),
        ("tests/api/test_office_live.py::test_no_tablet_is_poked_or_sent_anything_because_the_office_listens",),
    ),
    Mutant(
        "change record",
        "an edit is written and no bucket hears of it",
        (
            Patch(
                "curbstop/commands/journal.py",
                "    record(work, changes, was_versions)\n",
                "",
            ),
        ),
        (f"{_SYNC}/test_replay.py::test_changes_applied_to_the_old_copy_give_the_new_one",),
    ),
    Mutant(
        "history id",
        "a cursor of another history is taken for one of this",
        (
            Patch(
                "sync/cursor.py",
                "if cursor.history_id != history_id or cursor.seq > newest:",
                "if cursor.seq > newest:",
            ),
        ),
        (f"{_SYNC}/test_pull.py::test_a_restored_backup_is_noticed",),
    ),
    Mutant(
        "horizon",
        "a cursor from before the horizon gets what is left of the changes",
        (Patch("sync/horizon.py", "return frozenset(session.scalars(behind))", "return frozenset()"),),
        (f"{_SYNC}/test_retention.py::test_a_cursor_from_before_the_horizon_gets_only_the_buckets_concerned_whole",),
    ),
    Mutant(
        "seal check",
        "any signature of the right shape will do",
        (
            Patch(
                "sync/seals.py",
                "    except InvalidSignature:\n        return False\n",
                "    except InvalidSignature:\n        return True\n",
            ),
        ),
        (f"{_SYNC}/test_seals.py::test_a_wrong_seal_is_told_and_does_not_take_the_id_from_the_right_op",),
    ),
    Mutant(
        "verdict before the outbox lets go",
        "the tablet drops an op that waits",
        (
            Patch(
                "curbstop/tablet/outbox.py",
                "UPDATE outbox SET state = 'waiting' WHERE op_id = ? AND state = 'pending'",
                "DELETE FROM outbox WHERE op_id = ? AND state = 'pending'",
            ),
        ),
        ("tests/tablet/test_outbox.py::test_waiting_is_not_an_answer",),
    ),
    Mutant(
        "whole pull or nothing",
        "the tablet takes over a stream that broke off",
        (
            Patch(
                "curbstop/tablet/transport.py",
                'raise Offline("the line broke in the middle of the answer\'s head")',
                "pass",
            ),
        ),
        ("tests/faults/test_cut_answers.py::test_an_answer_that_breaks_off_at_any_byte_is_offline",),
    ),
    Mutant(
        "the tablet's transactions end",
        "the store stays in the transaction that failed",
        (
            Patch(
                "curbstop/tablet/store.py",
                '                if self._db.in_transaction:\n                    self._db.execute("ROLLBACK")\n',
                "",
            ),
        ),
        ("tests/tablet/test_store.py::test_what_breaks_off_in_the_middle_leaves_neither_rows_nor_an_open_transaction",),
    ),
    Mutant(
        "legal start of a dig",
        "a locate ticket lets somebody dig before its legal start",
        (Patch("curbstop/domain/locate_tickets.py", "    if at < ticket.legal_start_at:\n", "    if False:\n"),),
        (
            "tests/domain/test_locate_tickets.py::test_nobody_digs_without_a_ticket_before_its_start_or_after_its_end",
            "tests/commands/test_locate_tickets.py::test_nobody_begins_to_dig_before_the_legal_start",
        ),
    ),
    Mutant(
        "gates of a tap request",
        "orders are made before their tap request has come that far",
        (Patch("curbstop/domain/taps.py", "    if wanted is None or is_past(stage, wanted):\n", "    if True:\n"),),
        (
            "tests/domain/test_taps.py::test_an_order_that_comes_too_early_is_refused_with_what_is_missing",
            "tests/commands/test_taps.py::test_the_water_is_turned_on_after_the_inspection_alone",
        ),
    ),
    Mutant(
        "gates of a cut-off",
        "the table lets a cut-off go on whatever its gates said",
        (
            Patch(
                "curbstop/domain/service_orders.py",
                '            raise Problem("gates_not_asked")\n        known.gates.require()\n',
                '            raise Problem("gates_not_asked")\n',
            ),
        ),
        ("tests/api/test_no_blocked_cut.py::test_no_path_gives_out_what_a_gate_blocks",),
    ),
    Mutant(
        "letters are frozen",
        "what was set once is set again",
        (
            Patch(
                "curbstop/commands/letter_batches.py",
                "[one.letter_id for one in found]), Letter.pdf_sha256.is_(None))",
                "[one.letter_id for one in found]))",
            ),
            Patch(
                "curbstop/commands/letter_batches.py",
                "waiting = select(Letter).where(among(session, Letter.id, letter_ids), Letter.pdf_sha256.is_(None))",
                "waiting = select(Letter).where(among(session, Letter.id, letter_ids))",
            ),
        ),
        ("tests/commands/test_letters.py::test_an_approved_letter_is_frozen_whatever_changes_afterwards",),
    ),
    Mutant(
        "attributes of layers by role",
        "whoever sees only places is told who has the work",
        (Patch("curbstop/queries/layers.py", "if not (narrow and one.of_people)", "if narrow or True"),),
        ("tests/api/test_layers.py::test_no_layer_tells_anybody_of_a_customer",),
    ),
    Mutant(
        "keys for layers only",
        "a GIS tool's key opens everything",
        (Patch("api/core/signed_in.py", "if by_key and scheme", "if scheme"),),
        ("tests/api/test_layer_keys.py::test_a_tool_reads_layers_by_a_key_until_its_person_ends_it",),
    ),
)
