"""How judged cases are counted: levels, states, reasons, quantiles, flags (periods: `test_tally_periods`)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from checks.commitment import measures
from checks.judging import AppliedRule, Window
from checks.logs import LOGS
from checks.standard import Limit
from tests.checks.oracle import counting
from tests.checks.oracle.delivered_rows import NIGHTS, Circumstances, rows
from tests.checks.oracle.product import Product
from tests.checks.oracle.tallied import LATER, TEN_SECONDS, ZONES, Count, count_on
from tests.spec import rule

COUNTS = ("cases", "met", "missed", "pending", "unknown", "excluded", "timed")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Product:
    return Product(tmp_path_factory.mktemp("tally"), ZONES, Window(LATER))


@pytest.fixture
def count(product: Product) -> Count:
    return count_on(product)


def test_levels(count: Count) -> None:
    found = count(
        """
        force   | area | neighbourhood | received_at      | arrived_at
        norfolk | A1   | N1            | 2026-01-14 12:00 | 2026-01-14 12:10
        norfolk | A1   | N1            | 2026-01-14 12:00 | 2026-01-14 12:30
        norfolk | A1   | N2            | 2026-01-14 12:00 | 2026-01-14 12:10
        norfolk | A2   |               | 2026-01-14 12:00 | 2026-01-14 12:10
        norfolk |      |               | 2026-01-14 12:00 | 2026-01-14 12:10
        suffolk | A1   | N1            | 2026-01-14 12:00 | 2026-01-14 12:10
        """,
        log="incidents",
        asked=rule("attend_emergency", {"urban": Limit(15, "minutes"), "rural": Limit(20, "minutes")}),
    )
    for period, start in (("day", "2026-01-14"), ("month", "2026-01-01"), ("year", "2026-01-01")):
        assert {
            key[:3]: (row["cases"], row["met"], row["missed"])
            for key, row in found.items()
            if key[3:] == (period, start)
        } == {
            ("all", "", ""): (6, 5, 1),
            ("norfolk", "", ""): (5, 4, 1),
            ("norfolk", "A1", ""): (3, 2, 1),
            ("norfolk", "A2", ""): (1, 1, 0),
            ("norfolk", "A1", "N1"): (2, 1, 1),
            ("norfolk", "A1", "N2"): (1, 1, 0),
            ("suffolk", "", ""): (1, 1, 0),
            ("suffolk", "A1", ""): (1, 1, 0),
            ("suffolk", "A1", "N1"): (1, 1, 0),
        }
    assert len(found) == 27


def test_a_neighbourhood_names_its_area_only_where_it_lies_in_one(count: Count) -> None:
    found = count(
        """
        area | neighbourhood | received_at      | arrived_at
        A1   | split         | 2026-01-14 12:00 | 2026-01-14 12:10
        A2   | split         | 2026-01-14 12:00 | 2026-01-14 12:10
             | loose         | 2026-01-14 12:00 | 2026-01-14 12:10
        A1   | partly_named  | 2026-01-14 12:00 | 2026-01-14 12:10
             | partly_named  | 2026-01-14 12:00 | 2026-01-14 12:10
        """,
        log="incidents",
        asked=rule("attend_emergency", {"": Limit(15, "minutes")}),
    )
    assert {key[1:3]: row["cases"] for key, row in found.items() if key[3] == "day" and key[2]} == {
        ("", "split"): 2,
        ("", "loose"): 1,
        ("A1", "partly_named"): 2,
    }


def test_states_and_reasons(count: Count) -> None:
    found = count(
        """
        kind    | received_at         | answered_at         | abandoned_at        | ended_at
        public  | 2026-01-14 12:00:00 | 2026-01-14 12:00:05 |                     |
        silent  | 2026-01-14 12:00:00 | 2026-01-14 12:00:10 |                     |
        public  | 2026-01-14 12:00:00 | 2026-01-14 12:00:11 |                     |
        public  | 2026-01-14 12:00:00 |                     | 2026-01-14 12:00:30 |
        public  | 2026-01-14 12:00:00 |                     | 2026-01-14 12:00:03 |
        public  | 2026-01-14 12:00:00 |                     | 2026-01-14 12:00:04 |
        public  | 2026-01-14 12:00:00 |                     |                     | 2026-01-14 12:00:31
        test    | 2026-01-14 12:00:00 | 2026-01-14 12:00:01 |                     |
        dropped | 2026-01-14 12:00:00 |                     |                     |
        public  | 2026-01-14 12:00:31 |                     |                     |
        """,
        datetime(2026, 1, 14, 12, 0, 35, tzinfo=UTC),
    )
    figure = found["norfolk", "", "", "day", "2026-01-14"]
    assert {name: figure[name] for name in COUNTS} == {
        "cases": 6,
        "met": 2,
        "missed": 2,
        "pending": 1,
        "unknown": 1,
        "excluded": 4,
        "timed": 0,
    }
    assert json.loads(figure["excluded_by_reason"]) == {"short_abandoned": 2, "test": 1, "dropped": 1}


def test_a_day_of_excluded_calls_has_a_figure_of_no_cases(count: Count) -> None:
    found = count("kind | received_at      | answered_at\n test | 2026-01-14 12:00 | 2026-01-14 12:01")
    figure = found["norfolk", "", "", "day", "2026-01-14"]
    assert (figure["cases"], figure["excluded"], figure["p50_seconds"], figure["p90_seconds"]) == (0, 1, None, None)


def test_no_rows_no_figures(count: Count) -> None:
    assert count("line | received_at\n 101 | 2026-01-14 12:00") == {}


def test_timed_cases_stand_beside(count: Count) -> None:
    found = count(
        """
        received_at         | dispatched_at       | closed_at
        2026-01-14 12:00:00 | 2026-01-14 12:00:30 |
        2026-01-14 12:00:00 | 2026-01-14 12:01:30 |
        2026-01-14 12:00:00 |                     | 2026-01-14 12:01:30
        """,
        log="incidents",
        asked=rule("deploy_emergency", None, None),
    )
    figure = found["norfolk", "", "", "day", "2026-01-14"]
    assert {name: figure[name] for name in COUNTS if figure[name]} == {"cases": 1, "unknown": 1, "timed": 2}
    assert figure["p50_seconds"] == 60.0


def test_quantiles_are_of_the_time_it_took_where_the_clock_stopped(count: Count) -> None:
    found = count(
        """
        received_at         | answered_at         | abandoned_at        | ended_at
        2026-01-14 12:00:00 | 2026-01-14 12:00:04 |                     |
        2026-01-14 12:00:00 | 2026-01-14 12:00:01 |                     |
        2026-01-14 12:00:00 | 2026-01-14 12:00:20 |                     |
        2026-01-14 12:00:00 | 2026-01-14 12:00:02 |                     |
        2026-01-14 12:00:00 |                     | 2026-01-14 12:59:00 |
        2026-01-14 12:00:00 |                     |                     | 2026-01-14 12:59:00
        """
    )
    figure = found["norfolk", "", "", "day", "2026-01-14"]
    assert figure["p50_seconds"] == pytest.approx(3.0)
    assert figure["p90_seconds"] == pytest.approx(4 + 0.7 * 16)


def test_cases_outside_a_standards_dates_are_flagged_not_dropped(count: Count) -> None:
    dated = replace(TEN_SECONDS, in_force_from=date(2026, 1, 14), in_force_to=date(2026, 1, 15))
    found = count(
        "received_at\n" + "\n".join(f"2026-01-{day} 12:00" for day in (13, 14, 15, 16)),
        asked=dated,
    )
    assert {
        key[4]: row["outside_force_dates"] for key, row in found.items() if (key[0], key[3]) == ("norfolk", "day")
    } == {"2026-01-13": True, "2026-01-14": False, "2026-01-15": False, "2026-01-16": True}
    assert found["norfolk", "", "", "month", "2026-01-01"]["outside_force_dates"] is True


def test_a_figure_with_a_case_that_wants_a_column_is_flagged(count: Count) -> None:
    found = count(
        """
        area | received_at      | lacks
        A1   | 2026-01-14 12:00 | calls.answered_at
        A2   | 2026-01-14 12:00 | calls.dialled_at
        """
    )
    assert {key[:2]: row["unjudgeable"] for key, row in found.items() if key[3] == "day"} == {
        ("all", ""): True,
        ("norfolk", ""): True,
        ("norfolk", "A1"): True,
        ("norfolk", "A2"): False,
    }


@settings(max_examples=25, deadline=None, database=None, phases=[Phase.generate])
@given(st.integers(0, 2**48), st.sampled_from(sorted(NIGHTS)), st.sampled_from([2, 30, 24 * 9]), st.booleans())
def test_counting_agrees_with_plain_python(product: Product, seed: int, night: str, hours: int, lacks: bool) -> None:
    """Two forces, two definitions and every level and period at once."""
    begins = NIGHTS[night]
    as_at = begins + timedelta(hours=hours)
    limits = [timedelta(minutes=15), timedelta(minutes=20)]
    lacking = ["setting_final"] if lacks else []
    told: list[Any] = []
    for place, force in enumerate(("norfolk", "san_francisco")):
        around = Circumstances(seed + place, begins, as_at, limits, lacking, {"grade_first": "emergency"})
        told += rows(LOGS["incidents"], force, around)
    given_limits = {"urban": Limit(15, "minutes"), "rural": Limit(20, "minutes")}
    asked = [rule("attend_emergency", given_limits), rule("attend_emergency", given_limits, setting="final")]
    applied = [
        AppliedRule(one, force, one.definition, one.definition["setting"])
        for one in asked
        for force in ("norfolk", "san_francisco")
    ]
    cases = product.judged(measures()["attend_emergency"], "incidents", told, applied, Window(as_at))
    assert _comparable(product.figures()) == counting.figures(cases)


def _comparable(figures: Sequence[dict[str, Any]]) -> dict[counting.Key, dict[str, Any]]:
    names = ("definition_id", "force", "area", "neighbourhood", "period", "period_start")
    found = {}
    for row in figures:
        figure = {name: row[name] for name in (*COUNTS, "unjudgeable", "outside_force_dates")}
        figure["excluded_by_reason"] = json.loads(row["excluded_by_reason"])
        figure |= {name: row[name] and pytest.approx(row[name]) for name in ("p50_seconds", "p90_seconds")}
        found[tuple(row[name] for name in names)] = figure
    assert len(found) == len(figures), "a figure was published twice"
    return found
