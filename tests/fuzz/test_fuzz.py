"""The share of fuzzing that `make test` has: samples cut, doubled and changed by hypothesis, the same ones every time.

`make fuzz` goes on from here with a fuzzer that is guided by coverage. What it found is kept in FOUND, as small as it
could be made.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.sources.file import canonical
from dags.examining import Earlier, examine
from tests.fuzz.targets import TARGETS, Target

EXAMPLES = int(os.environ.get("PLEDGE_FUZZ_EXAMPLES", "25"))
AS_AT = datetime(2026, 3, 3, 6, tzinfo=UTC)
KINDS = {"calls.csv": "csv", "calls.jsonl": "jsonl", "calls.parquet": "parquet", "calls.xlsx": "workbook"}
# Bytes that mean something to one reader or another.
TOKENS = [
    b"\0", b'"', b"\n", b"\r\n", b",", b";", b"\t", b"\xff", b"\xef\xbb\xbf", b"&a ", b"*a", b"!!int ", b"[" * 99, b"{",
    b"}", b"\x1b[31m", b"\xe2\x80\xae", b"999999999999", b"0x", b"---*/", b"\xed\xa0\x80", b"PAR1", b"PK",
]  # fmt: skip

# The smallest bytes that broke a promise, by target.
FOUND = {
    "a control character in SQL that cannot be parsed": ("description", b"/*---\nlog: calls\n---*/\n\x01\0"),
    "a key's control character": ("description", b'/*---\n"\\e[31m": 1\n---*/\nselect 1'),
    "a date that is none": ("description", b"/*---\nlog: 2026-13-45\n---*/\nselect 1"),
    "a tag that does not fit": ("connection", b"http: !!int ''\n"),
    "a button's value nested without end": ("slack", b"[" * 20_000),
}


def changed(samples: list[bytes]) -> st.SearchStrategy[bytes]:
    """A sample with some stretches of it replaced, doubled, cut out or begun anew."""
    edits = st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 30), st.sampled_from(TOKENS) | st.binary(max_size=4), st.booleans()),
        max_size=4,
    )

    def edited(sample: bytes, told: list[tuple[float, int, bytes, bool]]) -> bytes:
        for place, length, token, doubled in told:
            at = int(place * len(sample))
            taken = sample[at : at + length]
            sample = sample[:at] + (taken * 2 if doubled else b"") + token + sample[at + length :]
        return sample

    return st.builds(edited, st.sampled_from(samples), edits)


@pytest.mark.parametrize("name", TARGETS)
def test_a_promise_holds_for_changed_samples(name: str, tmp_path: Path) -> None:
    target: Target = TARGETS[name]

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(changed(target.seeds()))
    def holds(data: bytes) -> None:
        target.holds(data, tmp_path)

    holds()


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_read_is_admitted_or_quarantined(kind: str, tmp_path: Path) -> None:
    """The whole way of a delivery up to the lake's door: what is said of rows adds up, or one sentence refuses all."""

    @settings(
        max_examples=max(5, EXAMPLES // 5),
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(changed(TARGETS[KINDS[kind]].seeds()))
    def adds_up(data: bytes) -> None:
        path = tmp_path / kind
        path.write_bytes(data)
        seen, staged = examine(canonical("calls"), path, tmp_path, AS_AT, Earlier(), scheduled=False)
        if staged is None:
            assert seen.fitness == "unfit" and seen.reason.isprintable()
            return
        numbers = [number for chunk in staged.chunks() for number in chunk["row_number"]]
        refused = {row.row_number for row in staged.refusals}
        assert sorted([*numbers, *refused]) == list(range(1, seen.rows_read + 1))
        assert seen.refused_rows <= {*numbers, *refused}
        staged.path.unlink(missing_ok=True)

    adds_up()


@pytest.mark.parametrize("case", FOUND)
def test_what_was_found_stays_mended(case: str, tmp_path: Path) -> None:
    name, data = FOUND[case]
    TARGETS[name].holds(data, tmp_path)


SAVED = Path(__file__).with_name("found")


@pytest.mark.parametrize("path", sorted(SAVED.iterdir()), ids=lambda path: path.name)
def test_a_file_that_was_found_stays_mended(path: Path, tmp_path: Path) -> None:
    TARGETS[path.name.partition("-")[0]].holds(path.read_bytes(), tmp_path)
