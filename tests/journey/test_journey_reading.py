"""What was judged, read back: every command, every form, every filter."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.journey.pledge import Pledge, run_there

# The column names of the specification's tables.
COLUMNS = {
    "runs": "run_id as_at window_from window_to standards code_version started_at finished_at status figures_hash "
    "previous_hash hash",
    "quarantine": "delivery_id row_number log key rule sentence kept_values",
    "verdicts": "run_id standard commitment measure force area neighbourhood period period_start cases met missed "
    "pending unknown excluded timed numerator denominator target verdict depends_on_unknown outside_force_dates "
    "p50_seconds p90_seconds signal restated rate rate_low rate_high rate_if_unknown_missed",
    "commitments": "run_id standard commitment force area period period_start verdict decided_by",
    "breaches": "breach_id standard measure force area neighbourhood case_id due_at elapsed_seconds severity status "
    "opened_run closed_run",
    "cases": "standard measure force case_id area neighbourhood state reason clock_started_at limit_seconds due_at "
    "clock_stopped_at elapsed_seconds first_run last_changed_run",
}
# What the product adds to them; each is written down where the table is made.
EXTRAS = {
    "runs": {"run_number", "input_key", "manifest", "signature", "public_key"},
    "verdicts": {
        "run_number", "excluded_by_reason", "minimum_n", "restated_why", "signal_rules", "signal_why", "assurance",
        "trial", "provisional",
    },
    "commitments": {"run_number"},
    "breaches": {"local_day"},
    "cases": {"part", "whole", "covers", "local_day", "outside_force_dates"},
}  # fmt: skip
COMMANDS = {name: (name, "--measure", "answer_999") if name == "cases" else (name,) for name in COLUMNS}


@pytest.mark.parametrize("name", COLUMNS)
def test_json_has_the_columns_of_the_specification(judged: Pledge, name: str) -> None:
    rows = judged.rows(*COMMANDS[name])
    assert rows
    named = set(COLUMNS[name].split())
    assert all(set(row) == named | EXTRAS.get(name, set()) for row in rows)


@pytest.mark.parametrize("name", COLUMNS)
def test_every_form_says_the_same(judged: Pledge, name: str) -> None:
    rows = judged.rows(*COMMANDS[name])
    parquet = pq.read_table(io.BytesIO(judged(*COMMANDS[name], "--format", "parquet").out))
    sheet = pd.read_excel(io.BytesIO(judged(*COMMANDS[name], "--format", "xlsx").out))
    lines = list(csv.DictReader(io.StringIO(judged(*COMMANDS[name], "--format", "csv").out.decode())))
    assert [list(each) for each in (lines[0], rows[0], sheet)] == [parquet.column_names] * 3
    assert [len(lines), parquet.num_rows, len(sheet)] == [len(rows)] * 3
    for column in ("measure", "force", "status", "rule", "verdict"):
        if column in rows[0]:
            told = [row[column] for row in rows]
            assert [line[column] for line in lines] == parquet[column].to_pylist() == list(sheet[column]) == told
    table = judged(*COMMANDS[name], "--format", "table").out.decode()
    assert rows[0].keys() >= set(table.splitlines()[0].split())


def test_data_goes_to_standard_output_and_progress_to_standard_error(judged: Pledge, tmp_path: Path) -> None:
    said = run_there(
        "run", "--input", str(judged.input), "--as-at", "2026-03-03T06:00:00Z", "--format", "json",
        "--lake", str(tmp_path / "lake"), "--store", f"sqlite:///{tmp_path}/store.sqlite",
    )  # fmt: skip
    assert said.code == 0, said.err
    assert all(row["run_id"] for row in json.loads(said.out))
    assert [line.split(":")[0] for line in said.err.splitlines()[:5]] == [
        "A signing key was made", str(judged.input / "calls.csv"), str(judged.input / "incidents.csv"), "norfolk",
        "suffolk",
    ]  # fmt: skip
    assert not any("Warning" in line or "Traceback" in line for line in said.err.splitlines())


@pytest.mark.parametrize(
    ("options", "column", "values"),
    [
        (("--force", "suffolk"), "force", {"suffolk"}),
        (("--force", "suffolk", "--force", "all"), "force", {"suffolk", "all"}),
        (("--area", "west"), "area", {"west"}),
        (("--commitment", "6"), "commitment", {6}),
        (("--measure", "answer_999"), "measure", {"answer_999"}),
        (("--standard", "force_level_examples"), "standard", {"force_level_examples"}),
        (("--period", "day", "--from", "2026-03-02"), "period_start", {"2026-03-02", "2026-03-03"}),
        (("--period", "day", "--to", "2026-02-28"), "period_start", {"2026-02-28"}),
    ],
)
def test_filters_of_verdicts(judged: Pledge, options: tuple[str, ...], column: str, values: set[Any]) -> None:
    assert {row[column] for row in judged.rows("verdicts", *options)} == values


def test_filters_of_the_other_tables(judged: Pledge) -> None:
    assert {row["area"] for row in judged.rows("cases", "--measure", "answer_999", "--area", "west")} == {"west"}
    assert {row["state"] for row in judged.rows("cases", "--measure", "answer_999", "--state", "excluded")} == {
        "excluded"
    }
    assert judged.rows("cases", "--measure", "answer_999", "--commitment", "6") == []
    days = judged.rows("cases", "--measure", "answer_999", "--from", "2026-03-01", "--to", "2026-03-01")
    assert {row["local_day"] for row in days} == {"2026-03-01"}
    assert {row["measure"] for row in judged.rows("breaches", "--commitment", "6")} == {"answer_non_emergency"}
    assert {row["force"] for row in judged.rows("breaches", "--force", "suffolk")} == {"suffolk"}
    assert {row["standard"] for row in judged.rows("commitments", "--standard", "force_level_examples")} == {
        "force_level_examples"
    }
    assert judged.rows("quarantine", "--force", "suffolk") == []
    run = judged.rows("runs")[0]["run_id"]
    for name in COLUMNS:
        assert judged.rows(*COMMANDS[name], "--run", run) == judged.rows(*COMMANDS[name])


def test_a_file_that_is_one_of_many_rows_has_no_limit_in_json(judged: Pledge) -> None:
    assert len(judged.rows("verdicts")) > 200
    table = judged("verdicts").out.decode()
    assert "more rows: --format csv or json gives all of them." in table


def test_settings_and_standards_are_listed(judged: Pledge) -> None:
    listed = {row["setting"]: row["value"] for row in judged.rows("settings")}
    assert listed["PLEDGE_LAKE"] == str(judged.lake)
    names = {row["name"] for row in judged.rows("standards", "list")}
    assert {"policing_pledge_2008", "victims_code_2021_right_6"} <= names
    told = judged("standards", "show", "policing_pledge_2008").out.decode()
    assert "answer" in told
    assert judged("standards", "validate").code == 0
    differs = judged("standards", "diff", "policing_pledge_2008", "national_response_standards_2026").out.decode()
    assert differs.strip()
