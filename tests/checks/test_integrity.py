"""Each integrity signal over planted rows: what was planted is found, what is ordinary is not."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from scipy.stats import binomtest, fisher_exact

from checks.commitment import measures
from checks.database import connect
from checks.errors import UsageError
from checks.integrity import read_signal, run, signals, strongest
from checks.judging import AppliedRule, Window, judge, prepare
from checks.standard import Limit
from tests.spec import DEFAULTS, ZONE, delivered, rule

AS_AT = datetime(2026, 3, 1, tzinfo=UTC)
WHOLE = Window(AS_AT)
START = datetime(2026, 1, 5, 0, 0, 7, tzinfo=UTC)
FORCES = ("norfolk", "suffolk", "kent")
Rows = list[dict[str, str]]


def said(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")


def laid_out(
    folder: Path, logs: Mapping[str, Rows], window: Window = WHOLE, lacks: Sequence[str] = ()
) -> duckdb.DuckDBPyConnection:
    files: dict[str, list[str]] = {}
    for log, rows in logs.items():
        for force in {row["force"] for row in rows}:
            own = [{**DEFAULTS.get(log, {}), **row} for row in rows if row["force"] == force]
            path = Path(delivered(folder / force, log, own, lacks))
            # The harness files everything under one force; the partition has to say whose rows these are.
            theirs = path.parents[1].with_name(f"force={force}") / path.parent.name / f"{force}.parquet"
            theirs.parent.mkdir(parents=True, exist_ok=True)
            files.setdefault(log, []).append(str(path.rename(theirs)))
    con = connect(threads=1)
    prepare(con, window, dict.fromkeys(FORCES, ZONE), files)
    return con


def judged(con: duckdb.DuckDBPyConnection, measure: str, **limits: Limit) -> None:
    own = rule(measure, {key if key != "plain" else "": limit for key, limit in limits.items()})
    judge(con, measures()[measure], [AppliedRule(own, force, own.definition) for force in FORCES])
    con.execute("create or replace table judged_before as select * exclude (definition_id) from facts")
    con.execute("create or replace view kept_cases as select * from judged_before")


def one(rows: list[dict[str, Any]], force: str, area: str = "") -> dict[str, Any]:
    found = [row for row in rows if (row["force"], row["area"]) == (force, area)]
    assert len(found) == 1, rows
    return found[0]


def incident(force: str, number: int, minutes: float | None, area: str = "A", **more: str) -> dict[str, str]:
    received = START + timedelta(minutes=37 * number)
    row = {"force": force, "area": area, "incident_id": f"{force}{number:04}", "received_at": said(received)}
    if minutes is not None:
        row |= {
            "dispatched_at": said(received + timedelta(seconds=61)),
            "closed_at": said(received + timedelta(days=1)),
        }
        row["arrived_at"] = said(received + timedelta(minutes=minutes))
    return row | more


def test_what_is_downgraded_after_the_limit_is_compared_with_what_was_reached_in_time(tmp_path: Path) -> None:
    rows = [incident("norfolk", n, 10, grade_final="priority" if n % 20 == 0 else "emergency") for n in range(100)]
    rows += [incident("norfolk", 100 + n, 25, grade_final="scheduled" if n < 12 else "") for n in range(40)]
    # Never reached and closed: judged unknown, and certainly regraded before an arrival.
    closed = {"closed_at": said(START + timedelta(days=40)), "grade_final": "priority"}
    rows += [incident("norfolk", 140 + n, None, **closed) for n in range(8)]
    # The same share on both sides of the limit is an ordinary habit.
    rows += [incident("kent", n, 10 if n % 2 else 25, grade_final="priority" if n % 5 == 0 else "") for n in range(200)]
    con = laid_out(tmp_path, {"incidents": rows})
    judged(con, "attend_emergency", plain=Limit(15, "minutes"))
    found = run(con, "downgraded_before_arrival")
    planted = one(found, "norfolk")
    assert (planted["count"], planted["of"], planted["base_count"], planted["base_of"]) == (20, 48, 5, 100)
    expected = fisher_exact([[20, 28], [5, 95]], alternative="greater").pvalue
    assert planted["p_value"] == pytest.approx(expected, rel=1e-9)
    assert planted["cases"] == [f"norfolk0{n}" for n in range(100, 105)]
    assert planted["notable"]
    assert planted["sentence"] == (
        "20 of 48 emergencies not reached in time were graded lower afterwards (41.7%); "
        "against 5.0% of those inside the limit. Look here."
    )
    assert not one(found, "kent")["notable"]
    assert one(found, "kent")["count"] == 20


def test_closing_without_arrival_is_compared_with_the_other_forces_and_areas(tmp_path: Path) -> None:
    later = said(START + timedelta(days=40))
    rows = []
    for force in FORCES:
        for n in range(200):
            gone = n % 25 == 0 or (force == "suffolk" and n % 2 == 0 and n >= 100)
            rows.append(incident(force, n, None if gone else 9, "A" if n < 100 else "B", closed_at=later))
    rows += [incident("suffolk", 300 + n, None, closed_at=later, cancelled_at=later) for n in range(50)]
    rows += [incident("suffolk", 400 + n, None, closed_at=later, origin="test") for n in range(50)]
    found = run(laid_out(tmp_path, {"incidents": rows}), "closed_without_arrival")
    assert [(r["force"], r["area"], r["count"], r["of"]) for r in found if r["force"] == "suffolk"] == [
        ("suffolk", "", 56, 200),
        ("suffolk", "A", 4, 100),
        ("suffolk", "B", 52, 100),
    ]
    assert (one(found, "suffolk")["base_count"], one(found, "suffolk")["base_of"]) == (16, 400)
    assert (one(found, "suffolk", "B")["base_count"], one(found, "suffolk", "B")["base_of"]) == (4, 100)
    assert {(r["force"], r["area"]) for r in found if r["notable"]} == {("suffolk", ""), ("suffolk", "B")}


def test_a_source_that_delivers_no_arrivals_is_not_pointed_at(tmp_path: Path) -> None:
    rows = [incident("kent", n, None, closed_at=said(START + timedelta(days=40))) for n in range(50)]
    rows += []
    con = laid_out(tmp_path, {"incidents": rows}, lacks=["incidents.arrived_at"])
    assert run(con, "closed_without_arrival") == []


def test_one_force_alone_has_nothing_to_be_compared_with(tmp_path: Path) -> None:
    rows = [incident("kent", n, None, closed_at=said(START + timedelta(days=40))) for n in range(50)]
    found = one(run(laid_out(tmp_path, {"incidents": rows}), "closed_without_arrival"), "kent")
    assert (found["count"], found["p_value"], found["notable"]) == (50, None, False)
    assert found["sentence"].endswith("there is nothing to compare this with.")


def test_arrival_equal_to_dispatch(tmp_path: Path) -> None:
    rows = []
    for force in FORCES:
        for n in range(150):
            row = incident(force, n, 9)
            same = n % 30 == 0 or (force == "kent" and n % 3 == 0)
            rows.append(row | ({"dispatched_at": row["arrived_at"]} if same else {}))
    found = run(laid_out(tmp_path, {"incidents": rows}), "arrival_equal_to_dispatch")
    assert {(r["force"], r["count"]) for r in found if r["notable"] and r["area"] == ""} == {("kent", 50)}
    assert one(found, "norfolk")["count"] == 5


def calls(force: str, seconds: Sequence[float]) -> Rows:
    moments = [START + timedelta(seconds=97 * n) for n in range(len(seconds))]
    return [
        {
            "force": force,
            "call_id": f"c{n:05}",
            "received_at": said(received),
            "answered_at": said(received + timedelta(seconds=wait)),
        }
        for n, (received, wait) in enumerate(zip(moments, seconds, strict=True))
    ]


def test_piling_up_is_told_from_a_smooth_spread(tmp_path: Path) -> None:
    chance = random.Random(7)
    smooth = [chance.expovariate(1 / 6) for _ in range(900)]
    pulled = [9.5 if 10 < wait < 13 else wait for wait in smooth]
    con = laid_out(tmp_path, {"calls": calls("kent", pulled) + calls("norfolk", smooth)})
    judged(con, "answer_999", plain=Limit(10, "seconds"))
    found = run(con, "piling_up_under_limit")
    planted, ordinary = one(found, "kent"), one(found, "norfolk")
    inside = sum(9 < wait <= 10 for wait in pulled)
    close = sum(8 < wait <= 11 for wait in pulled)
    assert (planted["count"], planted["of"]) == (inside, close)
    expected = binomtest(inside, close, 1 / 3, alternative="greater").pvalue
    assert planted["p_value"] == pytest.approx(expected, rel=1e-9)
    assert planted["notable"]
    assert not ordinary["notable"]
    assert ordinary["of"] > 40


def test_the_second_at_the_limit_counts_as_inside_it(tmp_path: Path) -> None:
    con = laid_out(tmp_path, {"calls": calls("kent", [8, 8.1, 9, 9.1, 10, 10.1, 11, 11.1])})
    judged(con, "answer_999", plain=Limit(10, "seconds"))
    found = one(run(con, "piling_up_under_limit"), "kent")
    assert (found["count"], found["of"]) == (2, 6)


def test_what_is_noted_as_the_record_closes_is_no_piling_up(tmp_path: Path) -> None:
    """Where closing ends the time, advice is often given just before it."""
    rows = []
    for n in range(60):
        received = START + timedelta(minutes=37 * n)
        given, closed = received + timedelta(seconds=600 + n), received + timedelta(seconds=630 + n)
        more = {"grade_first": "resolution_without_deployment", "advice_given_at": said(given)}
        rows.append(incident("kent", n, None, **more, closed_at=said(closed)))
    con = laid_out(tmp_path, {"incidents": rows})
    judged(con, "advice_given")
    assert con.sql("select count(*) from kept_cases where state = 'met'").fetchall() == [(60,)]
    assert run(con, "piling_up_under_limit") == []


def test_round_times_are_told_from_the_clock(tmp_path: Path) -> None:
    chance = random.Random(3)
    rows = []
    for force in FORCES:
        for n in range(300):
            row = incident(force, n, chance.uniform(3, 14))
            arrived = datetime.fromisoformat(row["arrived_at"])
            if force == "norfolk" and n % 2:
                arrived = arrived.replace(minute=arrived.minute // 5 * 5, second=0)
            rows.append(row | {"arrived_at": said(arrived.replace(tzinfo=UTC)), "received_at": row["received_at"]})
    con = laid_out(tmp_path, {"incidents": rows})
    judged(con, "attend_emergency", plain=Limit(15, "minutes"))
    found = run(con, "round_clock_times")
    assert {r["force"] for r in found if r["notable"]} == {"norfolk"}
    assert all(abs(one(found, force)["count"] / 300 - 0.2) < 0.07 for force in ("kent", "suffolk"))


def test_appointment_opened_as_the_incident_closes(tmp_path: Path) -> None:
    chance = random.Random(5)
    rows = []
    for force in FORCES[:2]:
        for n in range(80):
            due = START + timedelta(days=1, minutes=37 * n)
            gap = chance.choice([0, 30, -45]) if force == "suffolk" and n < 40 else chance.uniform(-600, 600)
            more = {"appointment_at": said(due), "closed_at": said(due + timedelta(seconds=gap))}
            rows.append(incident(force, n, None, grade_first="scheduled", **more))
    found = run(laid_out(tmp_path, {"incidents": rows}), "appointment_opened_as_incident_closes")
    assert {r["force"] for r in found if r["notable"]} == {"suffolk"}
    assert one(found, "suffolk")["count"] >= 40
    assert one(found, "suffolk")["of"] == 80


def messages(force: str, responded: Sequence[datetime]) -> Rows:
    return [
        {"force": force, "message_id": f"m{n:04}", "received_at": said(START), "responded_at": said(moment)}
        for n, moment in enumerate(responded)
    ]


def test_responses_recorded_in_bulk(tmp_path: Path) -> None:
    busy = [START + timedelta(hours=9, seconds=11 * n) for n in range(300)]
    bulk = [START + timedelta(hours=17)] * 30
    four = [START + timedelta(hours=18)] * 4
    rows = messages("kent", busy + bulk + four) + messages("norfolk", busy)
    found = run(laid_out(tmp_path, {"messages": rows}), "responses_recorded_in_bulk")
    assert [(r["force"], r["count"], r["of"], r["notable"]) for r in found] == [
        ("kent", 30, 334, True),
        ("norfolk", 0, 300, False),
    ]


def test_whole_minutes_are_not_taken_for_bulk(tmp_path: Path) -> None:
    """A busy hour of a source without seconds: five in one minute are then no wonder."""
    chance = random.Random(11)
    start = START.replace(second=0) + timedelta(hours=9)
    rows = messages("kent", [start + timedelta(minutes=chance.randrange(60)) for _ in range(240)])
    found = one(run(laid_out(tmp_path, {"messages": rows}), "responses_recorded_in_bulk"), "kent")
    assert found["count"] > 50
    assert not found["notable"]


def test_edits_after_the_fact_by_area(tmp_path: Path) -> None:
    contacts, cases = [], []
    for n in range(200):
        area = "A" if n % 2 else "B"
        cases.append({"force": "kent", "area": area, "crime_id": f"v{n}", "opened_at": said(START)})
        days = 8 if (area == "A" and n % 3 == 0) else 0.5
        moment = START + timedelta(days=3)
        row = {"force": "kent", "contact_id": f"k{n:03}", "crime_id": f"v{n}", "contacted_at": said(moment)}
        contacts.append(row | {"recorded_at": said(moment + timedelta(days=days))})
    con = laid_out(tmp_path, {"victim_contacts": contacts, "victim_cases": cases})
    found = run(con, "edits_after_the_fact")
    assert (one(found, "kent", "A")["count"], one(found, "kent", "B")["count"]) == (33, 0)
    assert [(r["area"], r["notable"]) for r in found] == [("", False), ("A", True), ("B", False)]


def test_the_window_bounds_what_is_looked_at(tmp_path: Path) -> None:
    rows = [
        incident(force, n, None, closed_at=said(START + timedelta(days=40))) for force in FORCES for n in range(100)
    ]
    first = START.date()
    found = run(laid_out(tmp_path, {"incidents": rows}, Window(AS_AT, first, first)), "closed_without_arrival")
    # 37 minutes apart from seven seconds past midnight: 39 of them lie on the first day.
    assert one(found, "kent")["of"] == 39


def test_the_least_likely_measure_stands_for_its_force() -> None:
    row = {"signal": "s", "force": "kent", "area": "", "notable": False}
    rows = [
        row | {"measure": "a", "p_value": None},
        row | {"measure": "b", "p_value": 0.2},
        row | {"measure": "c", "p_value": 0.9, "notable": True},
        row | {"measure": "d", "p_value": 0.1, "area": "A"},
    ]
    assert [r["measure"] for r in strongest(rows)] == ["c", "d"]


def test_without_judged_cases_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="kept_cases"):
        run(laid_out(tmp_path, {"calls": calls("kent", [1])}), "piling_up_under_limit")


def test_an_unknown_signal_is_refused() -> None:
    with pytest.raises(UsageError, match="closed_without_arrival"):
        run(connect(), "nothing")


def test_an_incomplete_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "odd.sql"
    path.write_text("-- odd: a title\n-- Looks for:   things\nselect 1")
    with pytest.raises(UsageError, match="Base rate, Test, Sentence, Needs, Cases, Source"):
        read_signal(path)


def test_every_signal_of_the_specification_has_its_file_and_a_test() -> None:
    named = {
        "downgraded_before_arrival",
        "closed_without_arrival",
        "arrival_equal_to_dispatch",
        "piling_up_under_limit",
        "appointment_opened_as_incident_closes",
        "responses_recorded_in_bulk",
    }
    assert named <= set(signals())
    text = Path(__file__).read_text()
    assert [name for name in signals() if f'"{name}")' not in text] == []


@pytest.mark.parametrize("name", list(signals()))
def test_sentences_are_neutral(name: str) -> None:
    signal = signals()[name]
    words = f"{signal.title} {signal.looks_for} {signal.sentence}".lower()
    assert [w for w in "gam cheat fraud manipul falsif fake suspici wrong hide fiddl".split() if w in words] == []
    assert signal.sentence.format(count=1, of=2, share="50.0%") != signal.sentence


LONDON = Path(__file__).parents[3] / "shared" / "data" / "lfb_incidents_2017_jan_apr.csv"


@pytest.mark.skipif(not LONDON.exists(), reason="the London Fire Brigade file is not here")
@pytest.mark.parametrize("minutes", [6, 8, 10, 15])
def test_nothing_is_unusual_in_thirty_thousand_real_attendances(minutes: int) -> None:
    """Machine-recorded times: neither limit, least of all the brigade's own six minutes, draws a look."""
    con = connect(threads=1)
    prepare(con, Window(AS_AT), {"lfb": ZONE}, {})
    con.execute(
        f"create table attended as select incident_number as case_id, borough_name as area, "
        f"timestamp_of_call::timestamp as called_at, first_pump_arriving_attendance_time::integer as seconds "
        f"from read_csv('{LONDON}', all_varchar = true) where first_pump_arriving_attendance_time is not null"
    )
    con.execute(
        f"create view kept_cases as select 'lfb' as force, area, 'attend_emergency' as measure, case_id, "
        f"if(seconds <= {minutes * 60}, 'met', 'missed') as state, {minutes * 60} as limit_seconds, "
        "seconds as elapsed_seconds, called_at::date as local_day, "
        "make_timestamptz(epoch_us(called_at + to_seconds(seconds))) as clock_stopped_at from attended"
    )
    for name in ("piling_up_under_limit", "round_clock_times"):
        rows = run(con, name)
        assert [row["sentence"] for row in rows if row["notable"]] == []
        assert len(rows) > 30
    assert one(rows, "lfb")["of"] > 30_000
