"""The sensitivity table over several nights: beside the verdicts, beside the command, and written once."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from connectors.sources.invented import invent
from tests.journey.logs import call, incident, write
from tests.journey.pledge import Pledge, Row, one

COUNTS = ("cases", "met", "missed", "pending", "unknown", "excluded", "timed", "numerator", "denominator")
FIGURE = ("standard", "measure", "force", "period", "period_start")
LAST_OF_MARCH, FIRST_OF_APRIL, SECOND, MAY = (f"2026-{day}T06:00:00Z" for day in ("03-31", "04-01", "04-02", "05-01"))


def recorded(pledge: Pledge, *options: str) -> list[Row]:
    return pledge.rows("sensitivity", "--recorded", *options)


def assert_own_rows_are_the_verdicts(pledge: Pledge) -> None:
    own = {tuple(row[name] for name in FIGURE): row for row in recorded(pledge) if not row["changed"]}
    figures = {
        tuple(row[name] for name in FIGURE): row
        for row in pledge.rows("verdicts")
        if row["force"] != "all" and not row["area"] and not row["neighbourhood"]
    }
    months = {key for key in figures if key[3] == "month"}
    assert months <= set(own) <= set(figures)
    for key, row in own.items():
        told = (*COUNTS, "target", "rate", "verdict")
        assert {name: row[name] for name in told} == {name: figures[key][name] for name in told}, key
        assert row["verdict_changes"] is False


def assert_the_command_says_the_same(pledge: Pledge, *measures: str) -> None:
    for measure in measures:
        live = pledge.rows("sensitivity", "--measure", measure, "--period", "month")
        told = {_key(row): row for row in recorded(pledge, "--measure", measure)}
        found = {_key(row): row for row in live}
        assert set(found) == set(told), measure
        for key, row in found.items():
            assert row.items() <= told[key].items(), key


def _key(row: Row) -> tuple[str, ...]:
    return (*(row[name] for name in FIGURE), json.dumps(row["definition"], sort_keys=True))


def calls_of(day: str, *, spoilt: int = 0) -> list[Row]:
    good = [call(f"{day}-{n}", f"2026-{day} 10:{n:02}:00", 10 if n % 3 else 5) for n in range(40)]
    return good + [call(f"{day}-bad{n}", f"2026-{day} 11:{n:02}:00", 5, answered_at="soon") for n in range(spoilt)]


def test_a_demonstration_and_its_table(tmp_path: Path) -> None:
    pledge = Pledge(tmp_path)
    invent(pledge.input, ["norfolk", "suffolk"], 6, 2008, date(2026, 4, 2))
    said = pledge.run(
        "2026-04-03T05:00:00Z", "--standard", "policing_pledge_2008", "--standard", "force_level_examples"
    )
    assert said.code in (0, 1), said.err
    assert_own_rows_are_the_verdicts(pledge)
    standard = ("--standard", "policing_pledge_2008")
    for measure in ("attend_emergency", "answer_999", "appointment_kept", "explained", "meeting_held"):
        live = {_key(r): r for r in pledge.rows("sensitivity", "--measure", measure, "--period", "month", *standard)}
        told = {_key(r): r for r in recorded(pledge, "--measure", measure, *standard)}
        assert set(live) == set(told)
        assert all(row.items() <= told[key].items() for key, row in live.items())
    switched = {row["changed"] for row in recorded(pledge, "--measure", "attend_emergency", "--force", "norfolk")}
    assert switched == {"", "clock_start", "grade", "setting", "limit", "unknown"}
    clocks = recorded(
        pledge, "--measure", "attend_emergency", "--force", "suffolk", "--standard", "force_level_examples"
    )
    own = next(row for row in clocks if not row["changed"])
    assert own["definition"]["clock_start"] == "dispatched", "the standard's own, not the measure's default"
    before = pledge.tables()
    pledge.run("2026-04-03T05:00:00Z", "--standard", "policing_pledge_2008", "--standard", "force_level_examples")
    after = pledge.tables()
    assert [name for name in before if after[name] != before[name]] == ["runs"]


def test_nights_with_a_gap_and_the_end_of_a_month(pledge: Pledge) -> None:
    measures = ("answer_999", "attend_emergency", "eta_emergency")
    write(pledge.input, "calls", calls_of("03-30"))
    write(pledge.input, "incidents", [incident(f"i{n}", f"2026-03-30 1{n % 10}:00:00", 15) for n in range(40)])
    assert pledge.run(LAST_OF_MARCH).code == 0
    under = one(row for row in recorded(pledge, "--measure", "answer_999") if row["definition"]["limit"] == "under")
    assert (under["met"], under["missed"], under["verdict"], under["verdict_changes"]) == (14, 26, "in_progress", False)
    assert_own_rows_are_the_verdicts(pledge)

    # Nothing new is delivered; the month is over.
    assert pledge.run(FIRST_OF_APRIL).code == 0
    rows = {(row["changed"], row["definition"]["limit"]): row for row in recorded(pledge, "--measure", "answer_999")}
    assert [rows["", "within"]["verdict"], rows["limit", "under"]["verdict"]] == ["kept", "missed"]
    assert rows["limit", "under"]["verdict_changes"]
    assert rows["clock_start", "within"]["verdict"] == "too_few" or rows["clock_start", "within"]["unknown"] == 40
    assert_own_rows_are_the_verdicts(pledge)
    assert_the_command_says_the_same(pledge, *measures)
    run = max(pledge.rows("runs"), key=lambda row: row["run_id"])["run_id"]

    # A delivery of March and April comes unfit: neither month can be judged from calls, though no case changed.
    write(pledge.input, "calls", [*calls_of("03-31", spoilt=21), *calls_of("04-01")])
    assert pledge.run(SECOND).code == 1
    told = {(row["period_start"], row["verdict"]) for row in recorded(pledge, "--measure", "answer_999")}
    assert told == {("2026-03-01", "cannot_judge"), ("2026-04-01", "cannot_judge")}
    assert {row["verdict"] for row in recorded(pledge, "--measure", "attend_emergency")} == {"kept", "missed"}
    assert_own_rows_are_the_verdicts(pledge)
    assert_the_command_says_the_same(pledge, *measures)
    whole = pledge.rows("sensitivity", "--measure", "answer_999")
    assert {row["verdict"] for row in whole} == {"cannot_judge"}, "the window has the gap in it"
    as_it_was = {row["verdict"] for row in recorded(pledge, "--measure", "answer_999", "--run", run)}
    assert {"kept", "missed"} <= as_it_was
    assert {row["verdict"] for row in pledge.rows("sensitivity", "--measure", "answer_999", "--run", run)} >= {"kept"}

    # Made good.
    write(pledge.input, "calls", [*calls_of("03-31"), *calls_of("04-01")])
    assert pledge.run(MAY).code == 0
    march_and_april = recorded(pledge, "--measure", "answer_999")
    of_limit = [row for row in march_and_april if row["changed"] in ("", "limit")]
    rows = {(row["period_start"], row["definition"]["limit"]): row for row in of_limit}
    assert [rows["2026-03-01", "within"]["cases"], rows["2026-03-01", "under"]["met"]] == [80, 28]
    assert_own_rows_are_the_verdicts(pledge)
    assert_the_command_says_the_same(pledge, *measures)


def test_a_run_killed_before_it_kept_its_counts(pledge: Pledge) -> None:
    write(pledge.input, "calls", calls_of("03-30"))
    assert pledge.run(FIRST_OF_APRIL).code == 0
    before = pledge.tables()
    assert before["definition_counts"]
    engine = create_engine(pledge.store)
    with engine.begin() as conn:
        conn.execute(text("DELETE FROM definition_counts WHERE measure = 'answer_999'"))
    engine.dispose()
    assert pledge.run(FIRST_OF_APRIL).code == 0
    after = pledge.tables()
    assert [name for name in before if after[name] != before[name]] == ["runs"]


def test_a_correction_that_changes_only_another_definition(pledge: Pledge) -> None:
    write(pledge.input, "incidents", [incident("i", "2026-03-30 10:00:00", 16, created_at="2026-03-30 10:00:30")])
    assert pledge.run(FIRST_OF_APRIL).code == 0
    missed = recorded(pledge, "--measure", "attend_emergency")
    assert one(row for row in missed if row["definition"]["clock_start"] == "created")["missed"] == 1
    write(pledge.input, "incidents", [incident("i", "2026-03-30 10:00:00", 16, created_at="2026-03-30 10:02:00")])
    assert pledge.run(SECOND).code == 0
    corrected = recorded(pledge, "--measure", "attend_emergency")
    assert one(row for row in corrected if row["definition"]["clock_start"] == "created")["met"] == 1
    assert one(row for row in corrected if not row["changed"])["missed"] == 1


def test_records_withdrawn_and_months_under_a_window(pledge: Pledge, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = pledge.folder / "sources"
    folder.mkdir()
    monkeypatch.setenv("PLEDGE_SOURCES", str(folder))
    columns = "row_number, call_id, line, kind, received_at, answered_at, abandoned_at, ended_at"
    (folder / "whole.sql").write_text(
        f"/*---\nlog: calls\nforce: norfolk\nformat: csv\ndelivers: snapshot\n---*/\nselect {columns} from raw\n"
    )
    file = write(pledge.folder, "calls", [*calls_of("02-10"), *calls_of("03-30")])
    run = ("run", "--source", f"whole={file}", "--format", "json", "--as-at")
    assert pledge(*run, FIRST_OF_APRIL).code == 0
    assert_own_rows_are_the_verdicts(pledge)
    write(pledge.folder, "calls", calls_of("03-30"))
    assert pledge(*run, SECOND).code == 0
    february = [row for row in recorded(pledge, "--measure", "answer_999") if row["period_start"] == "2026-02-01"]
    assert {(row["cases"], row["verdict"], row["verdict_changes"]) for row in february} == {(0, "too_few", False)}
    assert_own_rows_are_the_verdicts(pledge)
    write(pledge.folder, "calls", [*calls_of("03-30"), call("late", "2026-03-30 12:00:00", 10)])
    assert pledge(*run, MAY, "--from", "2026-03-15", "--to", "2026-03-31").code == 0
    assert len({row["run_id"] for row in recorded(pledge)}) == 2, "half a month is not a figure of that month"
    assert pledge(*run, MAY, "--from", "2026-03-01", "--to", "2026-03-31").code == 0
    march = [row for row in recorded(pledge, "--measure", "answer_999") if row["period_start"] == "2026-03-01"]
    assert one(row for row in march if row["definition"]["limit"] == "under")["missed"] == 27
    assert_own_rows_are_the_verdicts(pledge)
    before = pledge.tables()["sensitivity"]
    assert pledge(*run, MAY).code == 0
    assert pledge.tables()["sensitivity"] == before, "nothing in it is of a year"


@pytest.mark.parametrize("option", [("--full",), ("--as-at", "2026-03-03T06:00:00Z"), ("--area", "north")])
def test_what_was_not_recorded_is_not_asked_for(judged: Pledge, option: tuple[str, ...]) -> None:
    said = judged("sensitivity", "--recorded", *option)
    assert (said.code, option[0] in said.sentence) == (2, True)


def test_filters_of_the_recorded_table(judged: Pledge) -> None:
    rows = recorded(judged, "--commitment", "5", "--force", "suffolk", "--from", "2026-03-01")
    assert {row["force"] for row in rows} == {"suffolk"}
    assert {row["measure"] for row in rows} >= {"answer_999", "attend_emergency"}
    assert all(isinstance(row["definition"], dict) for row in rows)
    assert judged("sensitivity", "--measure", "answer_999", "--recorded").code == 0
    assert judged("sensitivity").code == 2
