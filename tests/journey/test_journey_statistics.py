"""Sixteen months of two forces, one of them with a month gone wrong: what statistics say of them, night after night."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.journey.logs import call, write
from tests.journey.pledge import Pledge, one

AS_AT = "2026-05-02T05:00:00Z"
MONTHS = [f"{2025 + n // 12}-{n % 12 + 1:02}" for n in range(16)]
PLANTED = "2025-11"
# One measure: the others would judge, for each of five hundred days, that nothing was delivered for them.
STANDARD = """
name: one_measure
title: One measure
publisher: A test
source: A test
in_force: {from: 2020-01-01}
measures:
  - {measure: answer_999, limit: 10 seconds, target: 90 %, target_source: A test, source: A test}
"""
FORCES = """
forces:
  norfolk:
    name: Norfolk
    most_similar: {forces: [suffolk], source: a test, date: 2026-01-01}
  suffolk: {name: Suffolk}
"""


def a_month(month: str, force: str, calls: int, late: int) -> list[dict[str, str]]:
    """So many 999 calls, two a day, of which the first `late` are answered after a minute."""
    area = "north" if force == "norfolk" else "west"
    return [
        call(
            f"{force}-{month}-{n}", f"{month}-{n % 28 + 1:02} {9 + n // 28:02}:00:00", 60 if n < late else 5,
            force=force, area=area,
        ) for n in range(calls)
    ]  # fmt: skip


def logs(*more: dict[str, str]) -> list[dict[str, str]]:
    return [
        *more,
        *(
            row
            for n, month in enumerate(MONTHS)
            for row in a_month(month, "norfolk", 40 + n % 3, 20 if month == PLANTED else 2 + n % 2)
        ),
        *(row for month in MONTHS[-2:] for row in a_month(month, "suffolk", 50, 20)),
        *(row for row in a_month("2026-05", "norfolk", 1, 0)),
    ]


def set_up(folder: Path, environment: pytest.MonkeyPatch) -> Pledge:
    """Two forces whose logs, standard and reference data are set, and nothing run yet."""
    pledge = Pledge(folder)
    write(pledge.input, "calls", logs())
    (folder / "standards").mkdir()
    (folder / "standards" / "2020-01-01_test.yaml").write_text(STANDARD)
    (folder / "forces.yaml").write_text(FORCES)
    environment.setenv("PLEDGE_STANDARDS", str(folder / "standards"))
    environment.setenv("PLEDGE_DEFAULT_STANDARD", "one_measure")
    environment.setenv("PLEDGE_FORCES", str(folder / "forces.yaml"))
    return pledge


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Pledge:
    with pytest.MonkeyPatch.context() as environment:
        pledge = set_up(tmp_path_factory.mktemp("statistics"), environment)
        said = pledge.run(AS_AT)
        assert said.code == 0, said.err
    return pledge


def months(pledge: Pledge, **level: str) -> dict[str, dict[str, Any]]:
    rows = pledge.rows("verdicts", "--measure", "answer_999", "--period", "month")
    wanted = {"force": "norfolk", "area": "", "neighbourhood": "", **level}
    return {row["period_start"][:7]: row for row in rows if wanted.items() <= row.items()}


def test_only_the_planted_month_is_a_signal(nights: Pledge) -> None:
    for level in ({}, {"area": "north"}):
        found = months(nights, **level)
        assert set(found) == {*MONTHS, "2026-05"}
        said = {month: row["signal"] for month, row in found.items()}
        assert said.pop(PLANTED) == "special_cause_concerning"
        assert said.pop(MONTHS[0]) == "no_limits"
        assert said.pop("2026-05") == "", "a month that is not over has no signal"
        assert set(said.values()) == {"common_cause"}
    planted = months(nights)[PLANTED]
    assert (planted["signal_why"], planted["signal_rules"]) == ("below lower limit", "spc_7_point_v1")
    assert (planted["assurance"], planted["trial"]) == ("hit_or_miss", True)
    assert months(nights)["2025-12"]["trial"] is False


def test_recent_days_have_a_signal_and_neither_older_days_nor_years(nights: Pledge) -> None:
    rows = nights.rows("verdicts", "--measure", "answer_999", "--force", "norfolk")
    days = {row["period_start"]: row["signal"] for row in rows if row["period"] == "day" and not row["area"]}
    assert {day for day, signal in days.items() if signal} == {day for day in days if day >= "2026-03-28"}
    assert {row["signal"] for row in rows if row["period"] == "year"} == {""}


def test_the_series_is_the_chart_as_rows(nights: Pledge, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = nights.rows("series", "--measure", "answer_999", "--force", "norfolk")
    assert [row["period_start"][:7] for row in rows] == MONTHS
    planted = one(row for row in rows if row["period_start"].startswith(PLANTED))
    assert planted["value"] == 1 - 20 / planted["n"]
    assert planted["value"] < planted["lower"] < planted["centre"]
    assert planted["variation"] == "special_cause_concerning"
    assert {(row["rules"], row["chart"], row["assurance"], row["trial"]) for row in rows} == {
        ("spc_7_point_v1", "xmr", "hit_or_miss", False)
    }
    eight = nights.rows("series", "--measure", "answer_999", "--force", "norfolk", "--rules", "spc_8_point_v1")
    assert eight[0]["rules"] == "spc_8_point_v1"
    shown = nights.rows("series", "--measure", "answer_999", "--from", "2026-02-01", "--to", "2026-03-31")
    assert [(row["force"], row["period_start"][:7]) for row in shown if row["force"] == "norfolk"] == [
        ("norfolk", "2026-02"),
        ("norfolk", "2026-03"),
    ]
    area = nights.rows("series", "--measure", "answer_999", "--area", "north", "--period", "day")
    assert {row["area"] for row in area} == {"north"}
    assert len(area) == 91

    rebases = nights.folder / "rebases.yaml"
    entry = "force: norfolk, measure: answer_999, at: 2025-12-01, author: A. Registrar, reason: A new control room"
    rebases.write_text(f"rebases: [{{{entry}}}]")
    monkeypatch.setenv("PLEDGE_REBASES", str(rebases))
    rebased = nights.rows("series", "--measure", "answer_999", "--force", "norfolk")
    assert [row["phase"] for row in rebased] == [0] * 11 + [1] * 5
    assert [row["rebased"] for row in rebased if row["rebased"]] == ["2025-12-01, A. Registrar: A new control room"]
    assert rebased[-1]["trial"] is True
    rebases.write_text("rebases: [{force: norfolk}]")
    said = nights("series", "--measure", "answer_999")
    assert (said.code, "rebase 1" in said.sentence) == (2, True)
    refused = nights.run(AS_AT)
    assert (refused.code, "rebase 1" in refused.sentence) == (2, True)


def test_wrong_use_is_one_sentence(nights: Pledge) -> None:
    for arguments, found in (
        (("--measure", "answer_99"), "Did you mean answer_999"),
        (("--measure", "answer_999", "--rules", "spc_9"), "spc_7_point_v1"),
        (("--measure", "answer_999", "--period", "year"), "day or month"),
    ):
        said = nights("series", *arguments)
        assert (said.code, found in said.sentence) == (2, True), said.err


def test_each_month_against_last_year_and_the_similar_forces(nights: Pledge) -> None:
    rows = nights.rows("comparisons", "--measure", "answer_999", "--period", "month")
    found = {(row["force"], row["period_start"][:7], row["against"]): row for row in rows}
    assert len(found) == 2 * 18
    march = found["norfolk", "2026-03", "last_year"]
    assert (march["found"], march["grade"]) == ("not significantly different", "")
    assert march["other_denominator"] == 42
    assert march["low"] < 0 < march["high"]
    assert found["norfolk", "2025-03", "last_year"]["found"] == "cannot_judge"
    similar = found["norfolk", "2026-04", "similar_forces"]
    assert (similar["found"], similar["other_numerator"], similar["other_denominator"]) == (
        "significantly better", 30, 50,
    )  # fmt: skip
    assert "a test, 2026-01-01" in similar["why"]
    assert "suffolk" in found["norfolk", "2025-04", "similar_forces"]["why"]
    assert "names no most similar" in found["suffolk", "2026-04", "similar_forces"]["why"]
    years = nights.rows("comparisons", "--measure", "answer_999", "--period", "year")
    assert {row["period_start"] for row in years} == {"2025-01-01"}, "2026 is not over"
    only = nights.rows("comparisons", "--measure", "answer_999", "--against", "similar_forces")
    assert {row["against"] for row in only} == {"similar_forces"}


def test_both_forces_are_in_the_funnel_of_their_common_months(nights: Pledge) -> None:
    rows = nights.rows("funnels", "--measure", "answer_999")
    assert {(row["period_start"][:7], row["unit"]) for row in rows} == {
        (month, force) for month in MONTHS[-2:] for force in ("norfolk", "suffolk")
    }
    suffolk = nights.rows("funnels", "--measure", "answer_999", "--force", "suffolk", "--level", "force")
    assert {row["unit"] for row in suffolk} == {"suffolk"}
    assert {row["place"] for row in suffolk} == {"between the 95 % and 99.8 % limits, worse"}
    assert all(row["low_998"] < row["rate"] < row["low_95"] for row in suffolk)


def test_the_same_night_again_adds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a late call restates its month with a signal of its own; a window sees the whole series."""
    pledge = set_up(tmp_path, monkeypatch)
    assert pledge.run(AS_AT).code == 0
    before = pledge.tables()
    assert pledge.run(AS_AT).code == 0
    after = pledge.tables()
    assert len(after.pop("runs")) == len(before.pop("runs")) + 1
    assert after == before

    write(pledge.input, "calls", logs(call("late", "2026-04-20 08:00:00", 60)))
    assert pledge.run(AS_AT, "--from", "2026-04-01", "--to", "2026-04-30").code == 0
    corrected = pledge.tables()
    run = pledge.rows("runs")[-1]["run_id"]
    written = [row for row in corrected["verdicts"] if row["run_id"] == run and row["measure"] == "answer_999"]
    assert {(row["period"], row["force"], row["area"], row["signal"]) for row in written} >= {
        ("month", "norfolk", "", "common_cause"),
        ("month", "norfolk", "north", "common_cause"),
    }
    assert {row["trial"] for row in written if row["period"] == "month"} == {False}, "sixteen months are known"
    compared = [row for row in corrected["comparisons"] if row["run_id"] == run]
    assert {row["period_start"] for row in compared} == {"2026-04-01"}
    assert {row["unit"] for row in corrected["funnels"] if row["run_id"] == run} == {"norfolk", "suffolk"}
