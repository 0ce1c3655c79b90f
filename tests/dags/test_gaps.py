"""Gaps: the days that unfit deliveries leave open, and what fills them."""

from __future__ import annotations

from datetime import date

import pytest

from checks.commitment import measures
from checks.feeds import ALL, Delivered, Feeds, Gap, gaps

CALLS, FORCE = "calls", "norfolk"


def day(number: int) -> date:
    return date(2026, 3, number)


def came(
    order: int,
    first: int | None = None,
    last: int | None = None,
    *,
    on: int,
    fit: bool = True,
    force: str = FORCE,
    dated: bool = True,
    source: str = CALLS,
) -> Delivered:
    """The delivery that run `order` took in on day `on`, with rows of the days `first` to `last`."""
    days = (first and day(first), last and day(last))
    return Delivered(source, CALLS, force, fit, order, day(on), *days, empty=first is None, dated=dated)


def unfit(order: int, first: int | None = None, last: int | None = None, *, on: int, force: str = FORCE) -> Delivered:
    return came(order, first, last, on=on, fit=False, force=force)


@pytest.mark.parametrize(
    ("deliveries", "open_days"),
    [
        pytest.param([came(1, 1, 3, on=4)], [], id="all is well"),
        pytest.param([came(1, 1, 3, on=4), unfit(2, 4, 4, on=5)], [(4, 4)], id="one day"),
        pytest.param([came(1, 1, 3, on=4), unfit(2, on=6)], [(4, 6)], id="unreadable: since the last fit one"),
        pytest.param([came(1, 1, 4, on=4), unfit(2, on=5)], [(4, 5)], id="the day of reception was not over"),
        pytest.param([unfit(1, 4, 4, on=5), came(2, 5, 5, on=6)], [(4, 4)], id="another day does not fill it"),
        pytest.param([unfit(1, 4, 4, on=5), came(2, 4, 5, on=6)], [], id="filled later"),
        pytest.param([unfit(1, 4, 6, on=7), came(2, 5, 7, on=8)], [(4, 4)], id="filled in part"),
        pytest.param([came(1, 1, 9, on=9), unfit(2, 4, 4, on=5)], [(4, 4)], id="an earlier run fills nothing"),
        pytest.param([unfit(1, 4, 4, on=5), came(1, 4, 4, on=5)], [(4, 4)], id="nor the same run"),
        pytest.param([unfit(1, 2, 6, on=7), came(2, 2, 3, on=7)], [], id="a quiet log: rows only of its first days"),
        pytest.param([unfit(1, 4, 4, on=5), came(2, on=6)], [(4, 4)], id="an empty delivery fills nothing"),
        pytest.param([unfit(1, 4, 4, on=5), came(2, 4, 4, on=6, source="other")], [(4, 4)], id="another source"),
        pytest.param([unfit(1, 4, 4, on=5, force=ALL)], [(4, 4)], id="unfit for all forces"),
        pytest.param([unfit(1, 4, 4, on=5, force=ALL), came(2, 4, 4, on=6)], [], id="filled for this force"),
        pytest.param([unfit(1, 4, 4, on=5), came(2, 4, 4, on=6, force=ALL)], [], id="filled for all forces"),
        pytest.param([unfit(1, 4, 4, on=5, force="suffolk")], [], id="another force"),
        pytest.param([unfit(1, 3, 28, on=5)], [(3, 5)], id="no gap beyond the reception"),
        pytest.param([came(1, on=3, dated=False), unfit(2, on=5)], [(3, 5)], id="an undated log"),
    ],
)
def test_gaps(deliveries: list[Delivered], open_days: list[tuple[int, int]]) -> None:
    found = [(gap.first_day, gap.last_day) for gap in gaps(deliveries, FORCE)]
    assert found == [(day(first), day(last)) for first, last in open_days]


def test_a_first_delivery_that_cannot_be_read_leaves_everything_before_it_open() -> None:
    assert gaps([unfit(1, on=5)], FORCE) == [Gap(CALLS, date.min, day(5))]
    assert len(Gap(CALLS, date.min, day(5)).days(400)) == 400


def feeds() -> Feeds:
    return Feeds(
        held={"norfolk": {"calls"}, "suffolk": {"calls", "incidents"}},
        never={"suffolk": {"incidents.eta_given"}},
        gaps={"norfolk": [Gap(CALLS, day(4), day(4))]},
        days={"norfolk": {day(3), day(4)}, "suffolk": {day(4), date(2026, 4, 1)}},
    )


def test_what_is_absent() -> None:
    answer, attend, eta = (measures()[name] for name in ("answer_999", "attend_emergency", "eta_emergency"))
    told = {(m.name, force): feeds().absent(m, force) for m in (answer, attend, eta) for force in feeds().held}
    assert told == {
        ("answer_999", "norfolk"): False,
        ("answer_999", "suffolk"): False,
        ("attend_emergency", "norfolk"): True,
        ("attend_emergency", "suffolk"): False,
        ("eta_emergency", "norfolk"): True,
        ("eta_emergency", "suffolk"): True,
    }
    assert [feeds().absent(m, ALL) for m in (answer, attend, eta)] == [False, False, True]


def test_what_is_blocked() -> None:
    answer = measures()["answer_999"]
    assert feeds().blocked(answer, "norfolk", "day", day(4))
    assert not feeds().blocked(answer, "norfolk", "day", day(3))
    assert feeds().blocked(answer, "norfolk", "month", day(1)), "a month with a gap in it is not whole"
    assert not feeds().blocked(answer, "suffolk", "day", day(4))
    assert not feeds().blocked(answer, ALL, "day", day(4)), "the other force is there"
    assert not feeds().blocked(measures()["attend_emergency"], "norfolk", "day", day(4)), "it needs another log"


def test_the_periods_of_which_something_is_said() -> None:
    march, april, year = ("month", day(1)), ("month", date(2026, 4, 1)), ("year", date(2026, 1, 1))
    today = date(2026, 4, 2)
    assert feeds().periods("norfolk", None, None, today) == [("day", day(3)), ("day", day(4)), march, year]
    assert feeds().periods(ALL, None, None, today) == [
        ("day", day(3)), ("day", day(4)), ("day", date(2026, 4, 1)), march, april, year,
    ]  # fmt: skip
    assert feeds().periods("norfolk", day(4), None, today) == [("day", day(4))], "half a month is not that month"
    assert feeds().periods("norfolk", day(1), day(31), today) == [("day", day(3)), ("day", day(4)), march]
    assert feeds().periods("suffolk", date(2026, 4, 1), None, today) == [("day", date(2026, 4, 1)), april]
    assert feeds().periods("essex", None, None, today) == []
