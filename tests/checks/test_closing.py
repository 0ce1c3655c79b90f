"""Which nights of a month are missing, what a signature is for, and who may give it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from checks.closing import Brought, figures_hash, missing_nights, refuse_signer, registrars
from checks.errors import UsageError
from checks.feeds import Delivered

MARCH = date(2026, 3, 1)


def night(first: str, last: str, rows: int = 100, **more: Any) -> Brought:
    """A delivery of 100 calls of norfolk with rows from one March day to another."""
    said = {"source": "calls", "log": "calls", "force": "norfolk", "fit": True, "order": 1} | more
    spans = [date.fromisoformat(f"2026-{each}") for each in (first, last)]
    return Brought(
        Delivered(**said, received_on=spans[1] + timedelta(days=1), first_day=spans[0], last_day=spans[1]), rows
    )


def told(*brought: Brought) -> list[str]:
    return [str(each) for each in missing_nights(brought, MARCH)]


def test_a_whole_month_in_one_delivery_or_in_many() -> None:
    assert told(night("02-20", "04-02")) == []
    every = [MARCH + timedelta(days=n) for n in range(31)]
    assert told(*(night(f"{day:%m-%d}", f"{day:%m-%d}") for day in every)) == []


def test_a_night_that_never_came_is_named_one_made_good_is_not() -> None:
    before = night("03-01", "03-13")
    assert told(before, night("03-15", "03-31", rows=130)) == ["norfolk calls 2026-03-14"]
    assert told(before, night("03-14", "03-31", rows=130)) == []


def test_the_edges_of_the_month() -> None:
    assert told(night("03-03", "03-29")) == [
        "norfolk calls 2026-03-01 to 2026-03-02",
        "norfolk calls 2026-03-30 to 2026-03-31",
    ]
    assert told(night("01-01", "02-28")) == ["norfolk calls 2026-03-01 to 2026-03-31"]
    assert told(night("04-01", "04-30")) == ["norfolk calls 2026-03-01 to 2026-03-31"]


def test_of_a_log_of_few_rows_nothing_is_said_so_soon() -> None:
    """Seven rows a month: two quiet weeks are nothing, seven rows a day: one quiet day is."""
    assert told(night("02-01", "03-17", rows=10)) == []
    assert told(night("02-01", "03-30", rows=58 * 7)) == ["norfolk calls 2026-03-31"]
    assert told(night("02-01", "03-30", rows=58 * 7 - 1)) == []


def test_what_came_unfit_is_missing_until_it_is_made_good() -> None:
    bad = night("03-10", "03-11", fit=False, order=2)
    assert told(night("03-01", "03-31"), bad) == ["norfolk calls 2026-03-10 to 2026-03-11"]
    assert told(night("03-01", "03-31"), bad, night("03-10", "03-31", order=3)) == []


def test_each_log_and_force_for_itself_and_files_of_several_forces() -> None:
    whole = [night("02-20", "04-02", log="incidents", source="incidents"), night("02-20", "04-02", force="suffolk")]
    assert told(*whole, night("03-02", "04-02", rows=300, force="all")) == ["all forces calls 2026-03-01"]


def test_a_log_without_dates_and_a_delivery_without_rows_say_nothing() -> None:
    undated = Brought(Delivered("n", "neighbourhoods", "norfolk", True, 1, MARCH, dated=False), 50)
    empty = Brought(Delivered("c", "calls", "norfolk", True, 1, MARCH, empty=True), 0)
    assert told(undated, empty) == [] and told() == []


def figure(**more: Any) -> dict[str, Any]:
    names = "standard measure force area neighbourhood period verdict".split()
    counts = "met missed pending unknown excluded timed numerator denominator".split()
    row: dict[str, Any] = dict.fromkeys(names, "") | dict.fromkeys(counts, 0)
    return row | {"period_start": MARCH, "target": 0.9, "run_id": "r1"} | more


def test_the_hash_is_of_the_figures_in_whatever_order() -> None:
    one, other = figure(measure="a", met=1), figure(measure="b")
    assert figures_hash([one, other], []) == figures_hash([other, one], [])
    assert figures_hash([one], []) != figures_hash([figure(measure="a", met=2)], [])
    assert figures_hash([one], []) == figures_hash([one | {"run_id": "r2"}], [])


def test_who_may_sign() -> None:
    allowed = registrars(" A. Registrar, ,b.clerk")
    assert allowed == ["A. Registrar", "b.clerk"] and registrars("") == []
    refuse_signer(" a. registrar ", allowed, ["Sgt 1"])
    for name, who, answered, why in (
        ("A. Registrar", [], [], "nobody is named"),
        ("Sgt 1", allowed, [], "not that of a registrar"),
        ("", allowed, [], "not that of a registrar"),
        ("A. Registrar", allowed, ["a. Registrar "], "acknowledged or explained"),
    ):
        with pytest.raises(UsageError, match=why):
            refuse_signer(name, who, answered)
