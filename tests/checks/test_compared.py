"""Forces against last year and their most similar forces; units in funnels."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from checks.compared import Similar, comparisons, funnel_groups, funnel_rows

MARCH, LAST_MARCH = date(2026, 3, 1), date(2025, 3, 1)
GROUP = {"norfolk": Similar(("kent", "essex"), "HMICFRS", date(2026, 1, 1))}


def figure(force: str = "norfolk", met: int = 900, n: int = 1_000, **values: Any) -> dict[str, Any]:
    return {
        "standard": "s", "measure": "answer_999", "force": force, "area": "", "neighbourhood": "", "period": "month",
        "period_start": MARCH, "met": met, "missed": n - met, "unknown": 0, "timed": 0, "numerator": met,
        "denominator": n, "verdict": "kept",
    } | values  # fmt: skip


def hours(row: dict[str, Any]) -> dict[str, Any]:
    """The same numbers, measured instead of judged."""
    return row | {"met": 0, "missed": 0, "timed": 3}


def compared(against: str, *figures: dict[str, Any], **named: Any) -> dict[str, Any]:
    """The row of norfolk's March 2026."""
    [row] = [
        row
        for row in comparisons(figures, named.get("groups", GROUP))
        if (row["against"], row["force"], row["period_start"].year) == (against, "norfolk", 2026)
    ]
    return row


def past(met: int, n: int = 1_000, **values: Any) -> dict[str, Any]:
    return figure("norfolk", met, n, period_start=LAST_MARCH, **values)


@pytest.mark.parametrize(
    ("met", "found"),
    [(940, "significantly worse"), (850, "significantly better"), (905, "not significantly different")],
)
def test_against_last_year(met: int, found: str) -> None:
    row = compared("last_year", figure(), past(met))
    assert (row["found"], row["grade"]) == (found, "")
    assert (row["numerator"], row["denominator"], row["other_numerator"], row["other_denominator"]) == (
        900, 1_000, met, 1_000,
    )  # fmt: skip
    assert row["difference"] == pytest.approx((900 - met) / 1_000)
    assert row["low"] < row["difference"] < row["high"]
    assert (row["low"] > 0, row["high"] < 0) == (met == 850, met == 940)
    assert row["why"].startswith("z test, two-sided, p = ")


def test_few_cases_are_compared_exactly() -> None:
    assert compared("last_year", figure(met=9, n=10), past(3, 10))["why"].startswith("Fisher's exact test")


@pytest.mark.parametrize(
    ("now", "before", "why"),
    [
        (figure(), [], "no judged figure of the year before"),
        (figure(), [past(0, 0)], "no judged figure of the year before"),
        (figure(), [past(900, verdict="in_progress")], "no judged figure of the year before"),
        (figure(), [past(900, verdict="cannot_judge")], "no judged figure of the year before"),
        (figure(), [hours(past(900))], "The year before is a measured share"),
        (hours(figure()), [past(900)], "It is a measured share"),
        (figure(met=0, n=0), [past(900)], "no case that was judged"),
        (figure(verdict="cannot_judge"), [past(900)], "itself cannot be judged"),
    ],
)
def test_what_cannot_be_compared_with_last_year(now: Any, before: list[Any], why: str) -> None:
    row = compared("last_year", now, *before)
    assert (row["found"], row["grade"], row["difference"], row["low"], row["high"]) == ("cannot_judge", "", *[None] * 3)
    assert (row["other_numerator"], row["other_denominator"]) == (0, 0)
    assert why in row["why"]


def test_against_the_plain_average_of_the_similar_forces() -> None:
    others = [figure("kent", 9_500, 10_000), figure("essex", 80, 100), figure("surrey", 1, 1_000)]
    row = compared("similar_forces", figure(), *others)
    assert row["difference"] == pytest.approx(0.9 - (0.95 + 0.8) / 2)
    assert (row["found"], row["other_numerator"], row["other_denominator"]) == (
        "not significantly different", 9_580, 10_100,
    )  # fmt: skip
    assert "kent, essex (HMICFRS, 2026-01-01): 0.8750" in row["why"]
    better = compared("similar_forces", figure(met=990), *others)
    assert better["found"] == "significantly better"
    assert better["low"] > 0


def test_without_the_whole_group_nothing_is_said() -> None:
    assert "names no most similar" in compared("similar_forces", figure(), groups={})["why"]
    row = compared("similar_forces", figure(), figure("kent"), figure("essex", verdict="cannot_judge"))
    assert (row["found"], row["other_denominator"]) == ("cannot_judge", 0)
    assert "essex have no judged figure" in row["why"]
    assert "kent" not in row["why"]


def test_answers_of_people_asked_are_graded_as_hmic_did() -> None:
    survey = {"measure": "treatment_satisfaction", "verdict": "no_target"}
    now, peers = figure(met=850, **survey), [figure(force, 800, **survey) for force in ("kent", "essex")]
    assert compared("similar_forces", now, *peers)["grade"] == "exceeding the standard"
    assert compared("last_year", now, past(700, **survey))["grade"] == "exceeding the standard"
    declined = compared("similar_forces", now, *peers, past(950, **survey))
    assert (declined["found"], declined["grade"]) == ("significantly better", "meeting the standard")
    assert compared("last_year", now, past(950, **survey))["grade"] == "failing the standard"
    assert compared("last_year", now)["grade"] == "cannot_judge"
    gap = figure(met=1, n=1, measure="treatment_gap", period="year", period_start=date(2026, 1, 1))
    assert compared("last_year", gap)["grade"] == ""


def test_who_is_compared() -> None:
    figures = [
        figure("all"),
        figure("norfolk", verdict="in_progress"),
        figure("kent", period="year", period_start=date(2025, 1, 1)),
        figure("kent", period="year", period_start=date(2024, 1, 1)),
    ]
    found = {(row["force"], row["period_start"].year, row["against"], row["found"]) for row in comparisons(figures, {})}
    assert found == {
        ("kent", 2025, "last_year", "not significantly different"),
        ("kent", 2025, "similar_forces", "cannot_judge"),
        ("kent", 2024, "last_year", "cannot_judge"),
        ("kent", 2024, "similar_forces", "cannot_judge"),
    }


def test_forces_and_the_neighbourhoods_of_each_have_funnels_of_their_own() -> None:
    figures = [
        figure("all"), figure("norfolk"), figure("kent"), figure("norfolk", area="east"),
        figure("norfolk", area="east", neighbourhood="N1"), figure("norfolk", neighbourhood="N2"),
        figure("kent", neighbourhood="N1"),
    ]  # fmt: skip
    found = {group[4:]: rows for group, rows in funnel_groups(figures).items()}
    assert {key: len(rows) for key, rows in found.items()} == {
        ("force", "all"): 2, ("neighbourhood", "norfolk"): 2, ("neighbourhood", "kent"): 1,
    }  # fmt: skip


def drawn(*figures: dict[str, Any], stated: tuple[str, ...] = ()) -> dict[str, dict[str, Any]]:
    [(group, members)] = funnel_groups(figures).items()
    return {row["unit"]: row for row in funnel_rows(group, members, stated)}


def test_a_funnel_places_its_units() -> None:
    found = drawn(figure(), figure("kent", 700), figure("essex", 0, 0))
    assert set(found) == {"norfolk", "kent"}
    assert found["kent"]["place"] == "outside the 99.8 % limits, worse"
    assert (found["kent"]["pooled"], found["kent"]["phi"], found["kent"]["overdispersed"]) == (0.8, None, False)
    assert found["kent"]["low_998"] < found["kent"]["low_95"] < 0.8 < found["kent"]["high_95"]


def test_units_that_spread_more_than_chance_are_said_to() -> None:
    found = drawn(*(figure(f"f{i}", 700 + 25 * i) for i in range(10)))
    assert all(row["overdispersed"] and row["phi"] > 2 and "widened" in row["note"] for row in found.values())


def test_one_unit_is_no_funnel_nor_are_hours() -> None:
    assert drawn(figure(), figure("kent", 0, 0)) == {}
    assert drawn(hours(figure()), hours(figure("kent"))) == {}
    assert drawn(figure(verdict="in_progress"), figure("kent", verdict="in_progress")) == {}


def test_a_unit_that_left_its_funnel_is_said_to_have_left() -> None:
    found = drawn(figure(), figure("kent", 0, 0), stated=("norfolk", "kent"))
    assert {(row["denominator"], row["rate"], row["place"]) for row in found.values()} == {(0, None, "")}
    assert set(drawn(figure(), figure("kent"), figure("essex", 0, 0), stated=("essex",))) == {
        "norfolk",
        "kent",
        "essex",
    }
