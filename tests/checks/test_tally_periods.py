"""The periods judged cases are counted in: local days, months and years, and what a window leaves of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from checks.judging import Window
from tests.checks.oracle.product import Product
from tests.checks.oracle.tallied import LATER, ZONES, Count, cases, count_on


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Product:
    return Product(tmp_path_factory.mktemp("tally"), ZONES, Window(LATER))


@pytest.fixture
def count(product: Product) -> Count:
    return count_on(product)


def test_days_months_and_years_begin_at_local_midnight(count: Count) -> None:
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
    days = ("2026-06-30", "2026-07-01", "2026-12-31", "2027-01-01")
    assert cases(found, "norfolk", "day") == dict.fromkeys(days, 1)
    months = ("2026-06-01", "2026-07-01", "2026-12-01", "2027-01-01")
    assert cases(found, "norfolk", "month") == dict.fromkeys(months, 1)
    assert cases(found, "norfolk", "year") == {"2026-01-01": 3, "2027-01-01": 1}


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
    assert cases(figures, "norfolk", "month") == months
    days = cases(figures, "norfolk", "day")
    assert set(days.values()) == {1}
    assert all((first or date.min) <= date.fromisoformat(day) <= (last or date.max) for day in days)


@pytest.mark.parametrize(
    ("first", "last", "cases"),
    [
        (None, None, 6),
        (date(2026, 1, 1), None, 6),
        (date(2026, 1, 1), date(2026, 7, 10), 6),
        (date(2026, 1, 2), None, None),
        (date(2026, 1, 1), date(2026, 7, 9), None),
    ],
)
def test_part_of_a_year_is_not_published(
    count: Count, first: date | None, last: date | None, cases: int | None
) -> None:
    figure = count(WINDOWS, Window(SEEN_FROM, first, last)).get(("norfolk", "", "", "year", "2026-01-01"))
    assert (figure and (figure["cases"], figure["period_open"])) == (cases and (cases, True))


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


YEARS = """
received_at         | answered_at         | kind   | area
2025-01-31 12:00:00 | 2025-01-31 12:00:05 | public | A1
2025-06-01 12:00:00 | 2025-06-01 12:00:30 | public | A1
2025-12-31 23:59:59 | 2026-01-01 00:00:05 | public | A2
2025-12-31 23:59:59 | 2026-01-01 00:00:05 | test   | A2
2026-01-01 00:00:00 |                     | test   | A2
2026-01-01 00:00:00 |                     | silent | A2
2026-02-10 12:00:00 | 2026-02-10 12:00:05 | public | A1
"""


def test_twelve_months_in_a_row_count_from_the_month_of_the_first_case(count: Count) -> None:
    found = count(YEARS, datetime(2026, 2, 20, tzinfo=UTC))
    assert cases(found, "norfolk", "rolling_12_months") == {"2025-01-01": 3, "2025-02-01": 3, "2025-03-01": 4}
    assert cases(found, "all", "rolling_12_months") == cases(found, "norfolk", "rolling_12_months")
    last = found["norfolk", "", "", "rolling_12_months", "2025-02-01"]
    assert (last["met"], last["missed"], last["excluded"]) == (1, 2, 2)
    assert (last["excluded_by_reason"], last["period_open"]) == ('{"test":2}', False)
    assert found["norfolk", "", "", "rolling_12_months", "2025-03-01"]["period_open"]
    areas = {key[1]: row["cases"] for key, row in found.items() if key[3:] == ("rolling_12_months", "2025-01-01")}
    assert areas == {"": 3, "A1": 2, "A2": 1}


def test_eleven_months_are_not_twelve(count: Count) -> None:
    found = count("received_at\n2025-03-01 12:00:00\n2026-01-31 12:00:00", datetime(2026, 2, 20, tzinfo=UTC))
    assert cases(found, "norfolk", "rolling_12_months") == {}


def test_twelve_months_of_which_the_window_leaves_out_a_day_are_no_figure(count: Count) -> None:
    as_at = datetime(2026, 2, 20, tzinfo=UTC)
    with_february = YEARS + "2025-02-28 12:00:00 | 2025-02-28 12:00:05 | public | A1\n"
    found = count(with_february, Window(as_at, first_day=date(2025, 2, 1)))
    assert cases(found, "norfolk", "rolling_12_months") == {"2025-02-01": 4, "2025-03-01": 4}
    found = count(with_february, Window(as_at, first_day=date(2025, 2, 2)))
    assert cases(found, "norfolk", "rolling_12_months") == {"2025-03-01": 4}
    found = count(YEARS, Window(as_at, last_day=date(2026, 1, 31)))
    assert cases(found, "norfolk", "rolling_12_months") == {"2025-01-01": 3, "2025-02-01": 3}


def test_twelve_months_of_forces_together_are_those_of_the_forces(count: Count) -> None:
    found = count(
        """
        received_at         | force
        2025-01-10 12:00:00 | norfolk
        2025-12-10 12:00:00 | norfolk
        2025-06-10 12:00:00 | suffolk
        """,
        datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert cases(found, "all", "rolling_12_months") == {"2025-01-01": 2}
    assert cases(found, "suffolk", "rolling_12_months") == {}
