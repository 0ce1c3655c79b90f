"""The budget of a promise, worked out by hand: 999 calls answered in 10 seconds, 90 % of them."""

from __future__ import annotations

import pytest

from tests.journey.logs import Row, call, write
from tests.journey.pledge import Pledge, one

# The third of March, 06:00 in London: two whole days are over.
AS_AT = "2026-03-03T06:00:00Z"


def day(date: str, met: int, missed: int, hour: str = "10", **more: str) -> list[Row]:
    waits = [5] * met + [20] * missed
    return [call(f"{date}{hour}{n}", f"{date} {hour}:{n:02}:00", wait, **more) for n, wait in enumerate(waits)]


def budget(pledge: Pledge, *options: str, area: str = "", force: str = "norfolk") -> Row:
    rows = pledge.rows("budget", "--measure", "answer_999", "--force", force, *options)
    return one(row for row in rows if row["area"] == area)


@pytest.fixture(scope="module")
def third_of_march(tmp_path_factory: pytest.TempPathFactory) -> Pledge:
    """Norfolk in two areas, suffolk with more misses, kent with one call and three neighbourhoods."""
    pledge = Pledge(tmp_path_factory.mktemp("third_of_march"))
    calls = day("2026-03-01", 19, 1) + day("2026-03-02", 18, 2, area="south") + day("2026-03-03", 4, 1, "04")
    calls += day("2026-02-20", 5, 50)
    calls += day("2026-03-01", 17, 3, force="suffolk") + day("2026-03-02", 17, 3, force="suffolk")
    calls += day("2026-03-01", 1, 0, force="kent")
    write(pledge.input, "calls", calls)
    areas = [{"neighbourhood": f"N{n}", "force": "kent", "area": "x", "active_from": "2025-01-01"} for n in range(3)]
    held = {"meeting_id": "m1", "force": "kent", "neighbourhood": "N0", "kind": "meeting", "held": "true"}
    write(pledge.input, "neighbourhoods", areas)
    write(pledge.input, "meetings", [held | {"starts_at": "2026-03-02 19:00:00"}])
    assert pledge.run(AS_AT).code == 0
    return pledge


def test_by_hand(third_of_march: Pledge) -> None:
    pledge = third_of_march
    # 40 calls on two whole days: 620 in 31 of them; a tenth of those, 62, may be missed and 4 were.
    found = budget(pledge)
    assert (found["period_start"], found["target"]) == ("2026-03-01", 0.9)
    assert (found["met"], found["missed"], found["pending"]) == (41, 4, 0)
    assert (found["days_elapsed"], found["days_in_month"], found["expected_cases"]) == (2, 31, 620)
    assert (found["misses_allowed"], found["misses_left"], found["already_broken"]) == (62, 58, False)
    # Three misses on two days are 46.5 in 31: they last.
    assert found["runs_out_on"] is None
    assert found["sentence"] == "58 more misses are left this month, at 620 expected cases; at this pace they last."
    # The south alone: 20 calls on two days, 310 in the month, 31 may be missed; one a day reaches 31 on its last day.
    south = budget(pledge, "--area", "south", area="south")
    assert (south["expected_cases"], south["misses_allowed"], south["misses_left"]) == (310, 31, 29)
    assert south["runs_out_on"] is None
    assert pledge.rows("budget", "--commitment", "1", "--measure", "answer_999") == []
    assert {row["force"] for row in pledge.rows("budget")} == {"norfolk", "suffolk", "kent"}
    assert {row["force"] for row in pledge.rows("budget", "--force", "all")} == {"all"}


def test_when_it_runs_out(third_of_march: Pledge) -> None:
    # 62 allowed, 3 a day: after 20 days 60, after the 21st 63.
    found = budget(third_of_march, force="suffolk")
    assert (found["misses_left"], found["runs_out_on"]) == (56, "2026-03-21")
    assert found["sentence"].endswith("at this pace they run out on 2026-03-21.")


def test_already_broken(pledge: Pledge) -> None:
    last = [row | {"call_id": f"x{row['call_id']}"} for row in day("2026-02-27", 19, 1)]
    write(pledge.input, "calls", [*day("2026-02-01", 18, 2), *last, *day("2026-02-26", 2, 3)])
    assert pledge.run("2026-02-28T23:30:00Z").code == 0
    # 45 calls on 27 whole days: 46 in 28; 4 may be missed and 6 were.
    found = budget(pledge)
    assert (found["expected_cases"], found["misses_allowed"], found["misses_left"]) == (46, 4, 0)
    assert (found["already_broken"], found["runs_out_on"]) == (True, None)
    assert found["sentence"] == "Can no longer be kept: 6 missed, and 46 expected cases allow 4."


def test_the_month_is_the_local_one_and_its_first_day_looks_at_the_month_before(pledge: Pledge) -> None:
    """23:30 in UTC on 31 March is April in London, where the clocks have gone forward."""
    calls = [row for n in range(1, 32) for row in day(f"2026-03-{n:02}", 1, 0)]
    write(pledge.input, "calls", [*calls, call("new", "2026-04-01 00:10:00", 20)])
    assert pledge.run("2026-03-31T23:30:00Z").code == 0
    found = budget(pledge)
    assert (found["period_start"], found["days_elapsed"], found["days_in_month"]) == ("2026-04-01", 0, 30)
    # 31 calls in 31 days: 30 in April, of which 3 may be missed.
    assert (found["expected_cases"], found["misses_left"], found["runs_out_on"]) == (30, 2, None)


def test_the_first_day_of_all_foresees_nothing(pledge: Pledge) -> None:
    write(pledge.input, "calls", day("2026-03-01", 1, 1, "01"))
    assert pledge.run("2026-03-01T06:00:00Z").code == 0
    assert budget(pledge)["misses_left"] is None
    said = pledge("budget", "--measure", "answer_999")
    assert b"(no rows)" in said.out
    assert "--format json or csv says why" in said.err


def test_a_promise_of_every_case_has_no_miss_to_spare_and_few_cases_get_no_verdict(third_of_march: Pledge) -> None:
    # One case for each neighbourhood, there from the first of the month: not so many a day.
    meetings = one(third_of_march.rows("budget", "--measure", "meeting_held", "--force", "kent"))
    assert (meetings["met"], meetings["pending"], meetings["expected_cases"]) == (1, 2, 3)
    assert (meetings["misses_left"], meetings["already_broken"], meetings["too_few"]) == (0, False, False)
    assert meetings["sentence"] == "No miss is left at 3 expected cases: one more breaks the promise."
    # One call in two days makes 15 in the month, where 30 are needed.
    few = budget(third_of_march, force="kent")
    assert (few["expected_cases"], few["misses_left"], few["too_few"]) == (15, 1, True)
    assert few["sentence"].endswith("; so few cases get no verdict (30 are needed).")


def test_as_an_earlier_run_left_it_and_what_cannot_be_judged(pledge: Pledge) -> None:
    write(pledge.input, "calls", day("2026-03-01", 20, 0))
    assert pledge.run(AS_AT).code == 0
    first = pledge.rows("runs")[0]["run_id"]
    write(pledge.input, "calls", day("2026-03-01", 20, 0) + day("2026-03-03", 10, 10))
    assert pledge.run("2026-03-04T06:00:00Z").code == 0
    # Twenty calls in two days, then forty in three.
    assert budget(pledge, "--run", first)["expected_cases"] == 310
    assert budget(pledge)["expected_cases"] == 413
    unfit = one(pledge.rows("budget", "--measure", "message_answered"))
    assert (unfit["misses_left"], unfit["sentence"]) == (None, "Cannot be judged: nothing fit was delivered for it.")


@pytest.mark.parametrize("command", ["integrity", "delays", "exclusions", "budget"])
def test_what_is_misspelt_is_said(judged: Pledge, command: str) -> None:
    said = judged(command, "--measure", "answer_99")
    assert said.code == 2
    assert "answer_999" in said.sentence
    assert judged(command, "--run", "nothing").code == 2
