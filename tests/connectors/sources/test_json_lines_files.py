"""JSON Lines: what is no object costs its line; every value ends as the text the typing door reads."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from checks.errors import NotFitError
from connectors.sources.csv_lines import MALFORMED, TRUNCATED
from tests.connectors.sources.reading import Read, read

CALL = {"call_id": "c1", "force": "norfolk", "line": "999", "kind": "public", "received_at": "2026-03-01T10:00:00Z"}


def lines(folder: Path, *records: object, name: str = "calls.jsonl", end: str = "\n") -> Read:
    path = folder / name
    texts = [each if isinstance(each, str) else json.dumps(each) for each in records]
    content = ("\n".join(texts) + end).encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return read(path)


@pytest.mark.parametrize("name", ["calls.jsonl", "calls.ndjson", "calls.jsonl.gz", "CALLS.JSONL"])
def test_one_object_a_line(tmp_path: Path, name: str) -> None:
    found = lines(tmp_path, CALL, {**CALL, "call_id": "c2"}, name=name)
    assert (found.keys, found.numbers) == (["c1", "c2"], [1, 2])


def test_a_key_that_is_missing_is_empty_and_one_that_comes_late_is_a_column(tmp_path: Path) -> None:
    found = lines(tmp_path, CALL, {**CALL, "call_id": "c2", "answered_at": "2026-03-01T10:00:05Z"})
    assert "answered_at" in found.columns
    assert [row.get("answered_at") for row in found.rows] == [None, "2026-03-01T10:00:05Z"]


def test_values_become_text(tmp_path: Path) -> None:
    values = [12345678901234567890123, 7.0, 7.25, True, False, None, "007", {"a": [1, None]}, "", "é"]
    found = lines(tmp_path, *({**CALL, "call_id": f"c{n}", "area": value} for n, value in enumerate(values)))
    written = ["12345678901234567890123", "7", "7.25", "true", "false", None, "007", '{"a": ["1", null]}', None, "é"]
    told = [row.get("area") for row in found.rows]
    assert told[:7] + told[8:] == written[:7] + written[8:]
    assert json.loads(told[7]) in ({"a": [1, None]}, {"a": ["1", None]})


@pytest.mark.parametrize(
    "bad",
    [
        "[1, 2]",
        '"text"',
        "17",
        "null",
        "{",
        "{'call_id': 'c9'}",
        '{"call_id": "c9", }',
        '{"call_id": "\\ud800"}',
        '{"call_id": "a\\u0000b", "force": "norfolk"}',
        '{"call_id": "c8", "call_id": "c9"}',
        '{"call_id": "c8", "CALL_ID": "c9"}',
        '{"call_id": "c9", "area": NaN}',
        "[" * 100_000,
        '{"area": ' + "9" * 5_000 + "e",
    ],
)
def test_what_is_no_plain_object_costs_its_line(tmp_path: Path, bad: str) -> None:
    found = lines(tmp_path, CALL, bad, {**CALL, "call_id": "c3"})
    assert (found.keys, found.numbers, found.refused) == (["c1", "c3"], [1, 3], [(2, MALFORMED)])


def test_names_in_other_case_from_line_to_line_are_one_column(tmp_path: Path) -> None:
    found = lines(tmp_path, CALL, {**{k.upper(): v for k, v in CALL.items()}, "CALL_ID": "c2"})
    assert found.keys == ["c1", "c2"]


def test_a_last_line_cut_short_is_refused(tmp_path: Path) -> None:
    found = lines(tmp_path, CALL, json.dumps({**CALL, "call_id": "c2"})[:-8], end="")
    assert (found.keys, found.refused) == (["c1"], [(2, TRUNCATED)])
    assert lines(tmp_path, CALL, {**CALL, "call_id": "c2"}, end="").keys == ["c1", "c2"]


@pytest.mark.parametrize("content", ["", "\n\n", "call_id,force\nc1,norfolk\n", '[\n["call_id", "c1"]\n]\n'])
def test_a_file_without_any_object_is_one_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text(content)
    with pytest.raises(NotFitError):
        read(path)
