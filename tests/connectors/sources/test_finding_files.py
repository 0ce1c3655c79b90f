"""Which files of a folder are logs, and what is said of a path that is none."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from checks.errors import NotFitError, UsageError
from checks.logs import LOGS
from connectors.sources.delivery import Source
from connectors.sources.file import canonical, find_logs, open_delivery
from tests.connectors.sources.reading import CALLS, FIRST, HEADER, read


def names(folder: Path) -> tuple[list[tuple[str, str]], list[str]]:
    logs, others = find_logs(folder)
    return [(log, path.name) for log, path in logs], [path.name for path in others]


def test_a_log_is_told_by_its_name_in_every_format_and_case(tmp_path: Path) -> None:
    good = ["calls.csv", "calls.csv.gz", "incidents.parquet", "messages.xlsx", "surveys.jsonl", "Duties.NDJSON"]
    for name in good:
        (tmp_path / name).touch()
    logs, others = names(tmp_path)
    assert sorted(name for _, name in logs) == sorted(good) and others == []
    assert ("duties", "Duties.NDJSON") in logs


def test_everything_else_is_left_alone_and_said(tmp_path: Path) -> None:
    strange = ["call.csv", "calls.csv.bak", "calls.old.csv", "calls.txt", "calls", "readme.md", "calls_2026.csv"]
    for name in [*strange, ".calls.csv", ".DS_Store", "~$calls.xlsx", "calls.csv"]:
        (tmp_path / name).touch()
    logs, others = names(tmp_path)
    assert logs == [("calls", "calls.csv")]
    assert sorted(set(others) - {"~$calls.xlsx"}) == sorted(strange)


@pytest.mark.parametrize("made", ["absent", "a file"])
def test_a_folder_that_cannot_be_read_is_wrong_usage(tmp_path: Path, made: str) -> None:
    path = tmp_path / "logs"
    if made == "a file":
        path.touch()
    with pytest.raises(UsageError, match="folder"):
        find_logs(path)


def test_a_path_that_is_no_file_is_wrong_usage(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "calls.csv"):
        with pytest.raises(UsageError):
            open_delivery(canonical("calls"), path)


def test_the_digest_is_of_the_bytes_as_they_lie_there(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_bytes(CALLS.encode("utf-16"))
    assert open_delivery(canonical("calls"), path).sha256 == hashlib.sha256(CALLS.encode("utf-16")).hexdigest()


def test_the_format_a_source_states_wins_over_the_name(tmp_path: Path) -> None:
    path = tmp_path / "export.2026-03-01"
    path.write_text(CALLS)
    assert read(path, Source("calls", "calls", format="csv")).keys == ["c1", "c2", "c3"]


@pytest.mark.parametrize("log", LOGS)
def test_a_file_of_any_log_brings_its_columns_and_lacks_none_required(tmp_path: Path, log: str) -> None:
    path = tmp_path / f"{log}.csv"
    every = [column.name for column in LOGS[log].columns]
    path.write_text(",".join(reversed(every)) + "\n")
    assert open_delivery(canonical(log), path).columns == tuple(every)
    path.write_text(",".join(LOGS[log].required) + "\n")
    assert open_delivery(canonical(log), path).columns == LOGS[log].required
    path.write_text(",".join(LOGS[log].required[1:]) + ",x\n")
    with pytest.raises(NotFitError, match=LOGS[log].required[0]):
        open_delivery(canonical(log), path)


def test_a_delivery_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(f"{HEADER}\n{FIRST}\nx\n")
    delivery = open_delivery(canonical("calls"), path)
    first, again = list(delivery.batches()), list(delivery.batches())
    assert [batch.rows.to_pylist() for batch in first] == [batch.rows.to_pylist() for batch in again]
    assert [batch.refusals for batch in first] == [batch.refusals for batch in again]
