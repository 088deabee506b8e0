from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import apsw
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.agent import canonical, previous
from leadline.agent.canonical import order
from leadline.agent.differential import Difference, difference, digest
from leadline.agent.spool import Spool
from leadline.agent.state import UPGRADES, State

ROWS = st.lists(st.sampled_from(["[1]", "[1.0]", '["1"]', '[""]', "[2]", '["é"]']), max_size=12)


def naive(old: list[str], new: list[str]) -> tuple[Counter[str], Counter[str]]:
    """The multiset differences, both ways."""
    return Counter(new) - Counter(old), Counter(old) - Counter(new)


def amounts(rows: list[str]) -> dict[bytes, int]:
    return dict(Counter(digest(row) for row in rows))


def first(rows: list[str]) -> Difference:
    """The change that a first result is."""
    return difference({}, rows)


@given(ROWS, ROWS)
def test_the_difference_is_that_of_multisets(old: list[str], new: list[str]) -> None:
    found = difference(amounts(old), new)
    added, removed = naive(old, new)
    assert Counter(found.added) == added
    assert found.removed == {digest(row): amount for row, amount in removed.items()}
    assert bool(found) == (Counter(old) != Counter(new))
    assert set(found.fresh) == {digest(row) for row in set(new) - set(old)}
    assert {**found.fresh, **found.more} == {digest(row): amount for row, amount in added.items()}


def stored(state: State) -> dict[bytes, int]:
    """The rows that are there."""
    return {key: amount for key, amount in previous.amounts(state, "q").items() if amount}


def scenario(results: list[list[str]], *, texts: bool) -> None:
    """Store one result after the other; what is reported and what is stored is as if everything were kept."""
    state = State(None)
    old: list[str] = []
    for number, new in enumerate(results):
        change = difference(previous.amounts(state, "q"), new)
        added, removed = naive(old, new)
        assert Counter(change.added) == added
        assert Counter(previous.removed_rows(state, "q", change.removed)) == (removed if texts else Counter())
        record = previous.Record(0, number, "select 1", number, ("a",), texts)
        previous.store(state, "q", record, change, anew=False)
        assert stored(state) == amounts(new)
        assert previous.record(state, "q") == record
        old = new
    state.close()


@settings(max_examples=60)
@given(st.lists(ROWS, min_size=1, max_size=6), st.booleans())
def test_a_sequence_of_stored_results_reports_each_change_once(results: list[list[str]], texts: bool) -> None:
    scenario(results, texts=texts)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1 << 30), st.booleans())
def test_results_of_many_blocks_are_kept_as_well(seed: int, texts: bool) -> None:
    random = Random(seed)
    results = []
    for _ in range(8):
        size = random.choice((0, 3, 200, 700, 2500))
        results.append([f'[{random.randrange(size * 2)},"{"x" * random.randrange(3)}"]' for _ in range(size)])
        kept = [row for row in results[-1] if random.random() < 0.97]
        results.append(kept + [f"[{random.randrange(9)}]"] * random.randrange(3))
    scenario(results, texts=texts)


def test_a_small_change_of_a_large_result_leaves_what_was_written(tmp_path: Path) -> None:
    state = State(str(tmp_path / "state"))
    rows = [f'[{number},"/usr/bin/program-{number}"]' for number in range(20_000)]
    previous.store(state, "q", previous.Record(0, 0, "", 0), first(rows), anew=True)
    contents = state.connection.execute("SELECT sum(length(rows) + length(digests)) FROM contents").fetchone()
    assert contents is not None
    assert int(contents[0]) < 20_000 * 26  # 16 of them are the digest
    ids = previous.blocks(state.connection, "q")
    rows[::100] = [f"[{number},0]" for number in range(200)]
    before = state.connection.total_changes()
    change = difference(previous.amounts(state, "q"), rows)
    previous.store(state, "q", previous.Record(0, 1, "", 1), change, anew=False)
    assert state.connection.total_changes() - before < 60  # rows of tables: amounts of 40 blocks, the last, a new one
    assert len(set(ids) & set(previous.blocks(state.connection, "q"))) >= len(ids) - 1
    state.close()


def test_a_column_of_tiny_changes_does_not_become_a_column_of_tiny_blocks() -> None:
    state = State(None)
    rows: list[str] = []
    for number in range(300):
        rows.append(f"[{number}]")
        change = difference(previous.amounts(state, "q"), rows)
        previous.store(state, "q", previous.Record(0, number, "", number), change, anew=False)
    assert previous.amounts(state, "q") == amounts(rows)
    assert len(previous.blocks(state.connection, "q")) < 5
    state.close()


def test_an_integer_a_real_number_and_a_text_are_different_rows() -> None:
    assert list(difference(amounts(["[1]"]), ["[1.0]"]).added) == ["[1.0]"]
    assert list(difference(amounts(["[1]"]), ['["1"]']).added) == ['["1"]']


def test_removed_rows_come_in_the_order_of_typed_cells(tmp_path: Path) -> None:
    rows = ['["10"]', "[2.5]", "[10]", "[9]", '["9"]']
    assert sorted(rows, key=order) == ["[9]", "[10]", "[2.5]", '["10"]', '["9"]']
    state = State(str(tmp_path / "state"))
    previous.store(state, "q", previous.Record(0, 0, "", 0), first(rows), anew=True)
    assert list(previous.removed_rows(state, "q", amounts(rows))) == sorted(rows, key=order)
    state.close()


def test_rows_of_queries_that_left_the_schedule_are_forgotten_after_a_week() -> None:
    state = State(None)
    for name, ran in (("old", 0), ("kept", 0), ("recent", 100)):
        previous.store(state, name, previous.Record(0, 0, "", ran), first(["[]"]), anew=True)
    assert previous.purge(state, {"kept"}, previous.RETENTION + 50) == ["old"]
    assert previous.record(state, "old") is None
    assert previous.amounts(state, "old") == {}
    assert previous.amounts(state, "recent") == amounts(["[]"])
    assert state.connection.execute("SELECT count(*) FROM contents").fetchone() == (2,)
    state.close()


def test_results_of_the_versions_before_are_taken_on(tmp_path: Path) -> None:
    path = str(tmp_path / "agent.db")
    old = apsw.Connection(path)
    for upgrade in UPGRADES[:2]:
        assert isinstance(upgrade, str)
        old.execute(upgrade)
    old.execute("PRAGMA user_version = 2")
    rows = [(f'{{"a":{number},"b":"é\\\\x0A"}}', 1 + number % 2) for number in range(700)]
    old.execute("INSERT INTO queries VALUES ('q', 7, 3, 'select', 5), ('empty', 0, 0, 'select', 6)")
    old.executemany("INSERT INTO previous VALUES ('q', randomblob(16), ?, ?)", ((n, row) for row, n in rows))
    old.close()
    state = State(path)
    assert previous.record(state, "q") == previous.Record(7, 3, "select", 5, ("a", "b"))
    assert previous.record(state, "empty") == previous.Record(0, 0, "select", 6)
    encode = canonical.encoder(["b", "a"], "")
    again = [encode(("é\n", number)) for number in range(700) for _ in range(1 + number % 2)]
    assert not difference(previous.amounts(state, "q"), again)
    assert list(previous.removed_rows(state, "q", {digest(again[0]): 1})) == ['[0,"é\\\\x0A"]']
    state.close()


def test_many_rows_wait_in_little_memory() -> None:
    spool = Spool(f'["row {number}","{"x" * 80}"]' for number in range(50_000))
    assert len(spool) == 50_000
    assert sum(map(len, spool.packed)) + spool.size < spool.length / 3
    assert [text for number, text in enumerate(spool) if number in (0, 49_999)] == [
        f'["row {number}","{"x" * 80}"]' for number in (0, 49_999)
    ]
