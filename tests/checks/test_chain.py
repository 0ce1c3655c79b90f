"""A row is sealed as canonical JSON (RFC 8785), whatever its columns hold."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from checks.chain import Seal, canonical, row_seal, row_seals

VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
NAMES = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(NAMES, VALUES, min_size=1))
def test_a_row_is_hashed_as_rfc_8785_writes_it(row: dict[str, Any]) -> None:
    key = list(row)[::-1]
    seal = row_seal("verdicts", key, row)
    assert seal.sha256 == hashlib.sha256(rfc8785.dumps(row)).hexdigest()
    assert seal.key.encode() == rfc8785.dumps([row[name] for name in key])


@pytest.mark.parametrize(
    "value",
    [0.0, -0.0, 1.0, -2.5, 1e-5, 1.5e-7, 1e16, 1e21, 123456789012345680.0, 0.1 + 0.2, 5e-324, 2**53, -(2**53)],
)
def test_numbers_at_the_edges(value: float) -> None:
    assert row_seal("t", ["n"], {"n": value}).key.encode() == canonical([value])


def test_moments_days_and_structures_are_written_as_the_chain_says() -> None:
    row = {"at": datetime(2026, 3, 29, 1, tzinfo=UTC), "on": date(2026, 3, 29), "of": ["a", {"%s": 2**60}]}
    seal = row_seal("t", ["at", "on"], row)
    assert seal == Seal(
        "t",
        '["2026-03-29T01:00:00.000000Z","2026-03-29"]',
        hashlib.sha256(
            b'{"at":"2026-03-29T01:00:00.000000Z","of":["a",{"%s":"1152921504606846976"}],"on":"2026-03-29"}'
        ).hexdigest(),
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_what_json_cannot_say_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):
        row_seal("t", [], {"n": value})


def test_many_rows_have_the_seals_each_has_by_itself() -> None:
    names, rows = ["b", "a"], [(1, "x"), (None, "ü%")]
    each = [row_seal("t", ["a"], dict(zip(names, row, strict=True))) for row in rows]
    assert list(row_seals("t", ["a"], names, rows)) == each
