"""How judged cases are counted: levels, local days and months, windows, quantiles."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.commitment import measures
from checks.judging import AppliedRule, Window
from checks.logs import LOGS
from checks.standard import Limit
from tests.checks.oracle import counting
from tests.checks.oracle.delivered_rows import NIGHTS, Circumstances, rows
from tests.checks.oracle.product import Product
from tests.spec import rule

LONDON = ZoneInfo("Europe/London")
ZONES = {"norfolk": "Europe/London", "suffolk": "Europe/London", "san_francisco": "America/Los_Angeles"}
LATER = datetime(2026, 12, 1, tzinfo=UTC)
COUNTS = ("cases", "met", "missed", "pending", "unknown", "excluded", "timed")
TEN_SECONDS = rule("answer_999", {"": Limit(10, "seconds")})
Figures = dict[tuple[str, str, str, str, str], dict[str, Any]]
Count = Callable[..., Figures]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Product:
    return Product(tmp_path_factory.mktemp("tally"), ZONES, Window(LATER))


@pytest.fixture
def count(product: Product) -> Count:
    """Rows of text in, figures out: force, area, neighbourhood, period and its first day -> the figure."""

    def counted(text: str, window: Window | datetime = LATER, log: str = "calls", asked: Any = TEN_SECONDS) -> Figures:
        told = _rows(text, log)
        applied = [AppliedRule(asked, force, asked.definition) for force in sorted({row["force"] for row in told})]
        window = window if isinstance(window, Window) else Window(window)
        product.judged(measures()[asked.measure], log, told, applied, window)
        return {
            (row["force"], row["area"], row["neighbourhood"], row["period"], str(row["period_start"])): row
            for row in product.figures()
        }

    return counted


def _rows(text: str, log: str) -> list[dict[str, Any]]:
    """Rows of a text table; times without an offset are London's."""
    head, *lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    usual = {
        "calls": {"line": "999", "kind": "public", "force": "norfolk"},
        "incidents": {"grade_first": "emergency", "setting_first": "urban", "origin": "public", "force": "norfolk"},
    }[log]
    told = []
    for number, cells in enumerate(lines):
        row: dict[str, Any] = {**dict.fromkeys(LOGS[log].by_name), **usual, LOGS[log].keys[0]: str(number), "lacks": ""}
        row |= {name: _value(name, cell) for name, cell in zip(head, cells, strict=True) if cell}
        told.append(row)
    return told


def _value(name: str, cell: str) -> str | datetime:
    if not name.endswith("_at"):
        return cell
    moment = datetime.fromisoformat(cell)
    return (moment if moment.tzinfo else moment.replace(tzinfo=LONDON)).astimezone(UTC)


def _cases(figures: Figures, period: str) -> dict[tuple[str, str, str, str], int]:
    return {(*level, start): row["cases"] for (*level, each, start), row in figures.items() if each == period}  # type: ignore[misc]


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
    for period, start in (("day", "2026-01-14"), ("month", "2026-01-01")):
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
    assert len(found) == 18


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


def test_days_and_months_begin_at_local_midnight(count: Count) -> None:
    found = count(
        """
        received_at
        2026-06-30T22:59:59.999999+00:00
        2026-06-30T23:00:00+00:00
        2026-12-31T23:59:59.999999+00:00
        2027-01-01T00:00:00+00:00
        """,
        datetime(2027, 2, 1, tzinfo=UTC),
    )
    assert _cases({key: row for key, row in found.items() if key[0] == "norfolk"}, "day") == {
        ("norfolk", "", "", day): 1 for day in ("2026-06-30", "2026-07-01", "2026-12-31", "2027-01-01")
    }
    assert _cases({key: row for key, row in found.items() if key[0] == "norfolk"}, "month") == {
        ("norfolk", "", "", month): 1 for month in ("2026-06-01", "2026-07-01", "2026-12-01", "2027-01-01")
    }


@pytest.mark.parametrize(
    ("day", "first", "after"),
    [
        ("2025-10-26", datetime(2025, 10, 25, 23, tzinfo=UTC), datetime(2025, 10, 27, 0, tzinfo=UTC)),
        ("2026-03-29", datetime(2026, 3, 29, 0, tzinfo=UTC), datetime(2026, 3, 29, 23, tzinfo=UTC)),
    ],
)
def test_the_day_of_a_clock_change_has_25_or_23_hours(count: Count, day: str, first: datetime, after: datetime) -> None:
    hours = [first - timedelta(seconds=1), after]
    hours += [first + timedelta(hours=n) for n in range(int((after - first) / timedelta(hours=1)))]
    found = count("received_at\n" + "\n".join(moment.isoformat() for moment in hours))
    assert found["norfolk", "", "", "day", day]["cases"] == len(hours) - 2
    assert found["norfolk", "", "", "month", f"{day[:7]}-01"]["cases"] == len(hours)
    assert len({key for key in found if key[0] == "norfolk" and key[3] == "day"}) == 3


def test_each_force_has_its_own_zone(count: Count) -> None:
    found = count(
        """
        force         | received_at
        norfolk       | 2026-02-01T03:00:00+00:00
        san_francisco | 2026-02-01T03:00:00+00:00
        san_francisco | 2026-02-01T07:59:59+00:00
        san_francisco | 2026-02-01T08:00:00+00:00
        """
    )
    assert {key[:1] + key[4:]: row["cases"] for key, row in found.items() if key[3] == "day"} == {
        ("norfolk", "2026-02-01"): 1,
        ("san_francisco", "2026-01-31"): 2,
        ("san_francisco", "2026-02-01"): 1,
        ("all", "2026-01-31"): 2,
        ("all", "2026-02-01"): 2,
    }


@pytest.mark.parametrize(
    ("received", "day_ends", "month_ends"),
    [
        ("2026-06-30 12:00", datetime(2026, 6, 30, 23, tzinfo=UTC), datetime(2026, 6, 30, 23, tzinfo=UTC)),
        ("2025-10-26 12:00", datetime(2025, 10, 27, 0, tzinfo=UTC), datetime(2025, 11, 1, 0, tzinfo=UTC)),
        ("2026-03-29 12:00", datetime(2026, 3, 29, 23, tzinfo=UTC), datetime(2026, 3, 31, 23, tzinfo=UTC)),
    ],
)
def test_a_period_is_open_until_its_last_local_midnight(
    count: Count, received: str, day_ends: datetime, month_ends: datetime
) -> None:
    for period, ends in (("day", day_ends), ("month", month_ends)):
        for as_at, still_open in ((ends - timedelta(microseconds=1), True), (ends, False)):
            figures = count(f"received_at\n{received}", as_at)
            assert [row["period_open"] for key, row in figures.items() if key[3] == period] == [still_open] * 2


WINDOWS = """
    received_at
    2026-05-31 12:00
    2026-06-01 12:00
    2026-06-15 12:00
    2026-06-30 12:00
    2026-07-01 12:00
    2026-07-10 12:00
    """
SEEN_FROM = datetime(2026, 7, 10, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        (None, None, {"2026-05-01": 1, "2026-06-01": 3, "2026-07-01": 2}),
        (date(2026, 5, 1), date(2026, 7, 31), {"2026-05-01": 1, "2026-06-01": 3, "2026-07-01": 2}),
        (date(2026, 5, 2), None, {"2026-06-01": 3, "2026-07-01": 2}),
        (date(2026, 6, 1), date(2026, 6, 30), {"2026-06-01": 3}),
        (date(2026, 6, 2), date(2026, 6, 30), {}),
        (date(2026, 6, 1), date(2026, 6, 29), {}),
        # The end of the window is not before the day judged from: nothing of the month is left out by it.
        (date(2026, 7, 1), date(2026, 7, 10), {"2026-07-01": 2}),
        (date(2026, 7, 1), date(2026, 7, 20), {"2026-07-01": 2}),
        (date(2026, 7, 1), date(2026, 7, 9), {}),
        (date(2026, 7, 2), date(2026, 7, 31), {}),
    ],
)
def test_half_a_month_is_not_published(
    count: Count, first: date | None, last: date | None, months: dict[str, int]
) -> None:
    figures = count(WINDOWS, Window(SEEN_FROM, first, last))
    assert {start: n for (force, *_, start), n in _cases(figures, "month").items() if force == "norfolk"} == months
    days = [date.fromisoformat(start) for force, *_, start in _cases(figures, "day") if force == "norfolk"]
    assert all((first or date.min) <= day <= (last or date.max) for day in days)
    assert sum(n for (force, *_), n in _cases(figures, "day").items() if force == "norfolk") == len(days)


def test_a_month_that_the_window_only_just_holds_is_open_when_judged_inside_it(count: Count) -> None:
    figures = count(WINDOWS, Window(SEEN_FROM, date(2026, 6, 1), date(2026, 7, 31)))
    assert figures["norfolk", "", "", "month", "2026-07-01"]["period_open"] is True
    assert figures["norfolk", "", "", "month", "2026-06-01"]["period_open"] is False


def test_the_last_local_evening_counts_as_the_day_judged_from(count: Count) -> None:
    """In summer 23:30 UTC is already tomorrow: a window that ends today leaves a half hour of the month out."""
    after_midnight = datetime(2026, 7, 9, 23, 30, tzinfo=UTC)
    spec = "received_at\n2026-07-01 12:00\n2026-07-10 00:10"
    assert ("norfolk", "", "", "month", "2026-07-01") in count(spec, Window(after_midnight, None, date(2026, 7, 10)))
    assert ("norfolk", "", "", "month", "2026-07-01") not in count(spec, Window(after_midnight, None, date(2026, 7, 9)))


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


@settings(max_examples=25, deadline=None, database=None)
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
    return found  # type: ignore[return-value]
