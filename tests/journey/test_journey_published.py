"""Figures as they leave the house."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from connectors.settings import Settings
from dags import steps
from dags.plan import Plan
from tests.journey.logs import call, write
from tests.journey.pledge import Pledge


def test_small_numbers_are_suppressed_only_where_published(judged: Pledge) -> None:
    inside = judged.rows("verdicts", "--measure", "answer_999", "--period", "month")
    assert any(0 < row["cases"] < 5 for row in inside)
    outside = judged.rows("verdicts", "--measure", "answer_999", "--period", "month", "--published")
    assert len(outside) == len(inside)
    assert all(row["cases"] == "suppressed" for row in outside if row["suppressed"])
    assert not any(isinstance(row[name], int) and 0 < row[name] < 5 for row in outside for name in ("cases", "missed"))
    small = [row for row in outside if row["force"] == "suffolk"]
    assert small
    assert all(row["suppressed"] and row["rate"] == "suppressed" for row in small)


def test_a_filter_tells_nothing_more(judged: Pledge) -> None:
    every = judged.rows("verdicts", "--published")
    one = judged.rows("verdicts", "--published", "--force", "norfolk", "--measure", "answer_999")
    assert one == [row for row in every if row["force"] == "norfolk" and row["measure"] == "answer_999"]
    assert {row["period"] for row in one} == {"month", "year"} | {row["period"] for row in one} - {"day"}


def test_parquet_keeps_its_numbers(judged: Pledge) -> None:
    said = judged("verdicts", "--published", "--measure", "answer_999", "--format", "parquet")
    frame = pd.read_parquet(io.BytesIO(said.out))
    assert frame.loc[frame["suppressed"], "cases"].isna().all()
    assert not frame["cases"].between(1, 4).any()


def written(pledge: Pledge, name: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for path in sorted((pledge.folder / "published").glob(f"{name}-*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows += csv.DictReader(file)
    return rows


def files(pledge: Pledge) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((pledge.folder / "published").iterdir())}


def test_the_nightly_files_say_what_may_leave_the_house_and_no_more(judged: Pledge) -> None:
    commanded = csv.DictReader(io.StringIO(judged("verdicts", "--published", "--format", "csv").out.decode()))
    assert sorted(map(str, written(judged, "verdicts"))) == sorted(map(str, commanded))
    of_persons = [row for row in written(judged, "verdicts") if row["measure"] == "answer_999"]
    assert any(row["cases"] == "suppressed" for row in of_persons)
    assert not {row["cases"] for row in of_persons} & {"1", "2", "3", "4"}
    assert "day" not in {row["period"] for row in of_persons}
    inside = judged.rows("commitments")
    assert "day" in {row["period"] for row in inside}
    assert "day" not in {row["period"] for row in written(judged, "commitments") if row["commitment"] == "5"}


@pytest.mark.parametrize("kept", [None, "", "[1]", '{"a": "b"}', '{"a": {"b": [-1]}}', "cut short {"])
def test_what_was_solved_before_is_solved_no_more_and_changes_nothing(judged: Pledge, kept: str | None) -> None:
    """The file may be lost or damaged: then all is solved anew."""
    solved = judged.folder / "suppression-solved.json"
    before, figures = json.loads(solved.read_text("utf-8")), files(judged)
    assert before
    if kept is not None:
        solved.write_text(kept, "utf-8")
    publish(judged)
    assert json.loads(solved.read_text("utf-8")) == before
    assert files(judged) == figures
    assert {name.partition("-")[0] for name in figures} == {"commitments", "verdicts"}


def publish(pledge: Pledge) -> None:
    run = pledge.rows("runs")[-1]
    plan = Plan(run_id=run["run_id"], as_at=run["as_at"], lake=str(pledge.lake), store=pledge.store, started_at="")
    written = steps.publish(plan, Settings(lake=str(pledge.lake), store=pledge.store))
    assert written
    assert all(Path(path).exists() for path in written)


CALLS = [
    call(
        f"{month}-{number}", f"{month}-0{1 + number % 9} 10:00:00", 5 + number % 9, area=("north", "south")[number % 2]
    )
    for month in ("2024-11", "2024-12", "2025-02", "2025-11", "2026-01", "2026-02")
    for number in range(3 + int(month[-2:]))
]
NIGHTS = {
    "2026-03-02T06:00:00Z": CALLS,
    "2026-03-03T06:00:00Z": [call("new", "2026-03-02 10:00:00")],
    "2026-03-04T06:00:00Z": [
        call("late", "2026-02-03 11:00:00", 50),
        call("later", "2025-12-03 11:00:00", area="south"),
    ],
    "2026-03-05T06:00:00Z": [call("2026-01-0", "2026-01-01 10:00:00", 60)],
}


def test_what_changed_night_by_night_is_what_a_full_publication_says(tmp_path: Path) -> None:
    pledge, times = Pledge(tmp_path), dict[str, int]()
    for night, rows in NIGHTS.items():
        write(pledge.input, "calls", rows)
        assert pledge.run(night).code == 0
        now = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "published").iterdir()}
        untouched = {name for name, time in times.items() if now[name] == time}
        assert {"verdicts-2024.csv", "commitments-2024.csv"} <= untouched or not times
        assert "verdicts-2026.csv" not in untouched
        times = now
        night_by_night = files(pledge)
        for name in ("published-left.json", "suppression-solved.json"):
            (tmp_path / name).unlink()
        publish(pledge)
        assert files(pledge) == night_by_night
        times = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "published").iterdir()}


def test_files_that_are_not_as_they_were_left_are_written_again(judged: Pledge) -> None:
    folder = judged.folder / "published"
    before = files(judged)
    changed, lost, *_ = sorted(folder.iterdir())
    changed.write_text("overwritten", "utf-8")
    lost.unlink()
    (folder / "verdicts.csv").write_text("of an earlier version: one file for all years", "utf-8")
    publish(judged)
    assert files(judged) == before


@pytest.mark.parametrize(
    "left", ["", "[1]", '{"code": 1}', '{"code": "", "run": [1, "x"], "hidden": {"x": 1}, "files": {}}']
)
def test_without_a_note_of_what_was_left_everything_is_written(judged: Pledge, left: str) -> None:
    before = files(judged)
    (judged.folder / "published-left.json").write_text(left, "utf-8")
    publish(judged)
    assert files(judged) == before


def test_a_figure_in_progress_stays_in_the_house(judged: Pledge) -> None:
    """Two nights' counts of an open month are one apart: the day in between is not published either."""
    outside = judged.rows("verdicts", "--published", "--measure", "answer_999")
    open_ = [row for row in outside if row["verdict"] == "in_progress"]
    assert open_
    assert all(row["suppressed"] and row["cases"] == "suppressed" for row in open_)


def test_a_measure_that_nobody_knows_is_published_as_one_about_persons(judged: Pledge, tmp_path: Path) -> None:
    """A later version judges it no more, or its name in the store is damaged."""
    pledge = Pledge(Path(shutil.copytree(judged.folder, tmp_path / "pledge")))
    with closing(sqlite3.connect(pledge.folder / "pledge.sqlite")) as conn, conn:
        for (trigger,) in conn.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            conn.execute(f"drop trigger {trigger}")
        conn.execute("update verdicts set measure = 'answer_9X9' where measure = 'answer_999'")
    outside = [row for row in pledge.rows("verdicts", "--published") if row["measure"] == "answer_9X9"]
    assert any(row["suppressed"] for row in outside) and "day" not in {row["period"] for row in outside}
    said = pledge("trace", "--measure", "answer_9X9", "--force", "norfolk", "--period", "2026-03-03")
    assert said.code == 2 and "Traceback" not in said.err and "nobody foresaw" not in said.err
