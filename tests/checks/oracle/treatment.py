"""How people are treated: satisfied, whoever they are, and counters open when they are said to be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from math import sqrt
from statistics import NormalDist

from tests.checks.oracle.neighbourhoods import AskedOf, Case, Logs
from tests.checks.oracle.states import Row, lacking

ENOUGH = 30


def treatment_satisfaction(logs: Logs, asked: AskedOf) -> dict[str, Case]:
    """Whoever does not say that they were satisfied was not."""
    return {
        row["response_id"]: Case(
            "unknown" if lacking(row, "treatment_satisfied") else "met" if row["treatment_satisfied"] else "missed",
            row["answered_on"],
        )
        for row in _answered(logs, asked)
    }


def open_as_advertised(logs: Logs, asked: AskedOf) -> dict[str, Case]:
    """Every visit during advertised hours."""
    cases = {}
    for row in logs["counter_visits"]:
        untold = lacking(row, "advertised_open", "found_open")
        if row["visited_at"] <= asked.as_at and (row["advertised_open"] or lacking(row, "advertised_open")):
            state = "unknown" if untold else "met" if row["found_open"] else "missed"
            cases[row["visit_id"]] = Case(state, asked.local(row["visited_at"]).date())
    return cases


def treatment_gap(logs: Logs, asked: AskedOf) -> dict[str, Case]:
    """Each year from the first response on: is the difference between the groups larger than chance?"""
    years: dict[int, list[Row]] = defaultdict(list)
    for row in _answered(logs, asked):
        years[row["answered_on"].year].append(row)
    force = logs["surveys"][0]["force"]
    present = asked.local(asked.as_at).year
    return {f"{force}/{year}": _gap(years[year], year, asked) for year in range(min(years, default=9999), present + 1)}


def _answered(logs: Logs, asked: AskedOf) -> list[Row]:
    return [row for row in logs["surveys"] if row["answered_on"] <= asked.local(asked.as_at).date()]


def _gap(answered: Sequence[Row], year: int, asked: AskedOf) -> Case:
    white, minority = (
        [row["treatment_satisfied"] for row in answered if row["ethnic_group"] == group]
        for group in ("white", "minority")
    )
    white, minority = ([said for said in group if said is not None] for group in (white, minority))
    part = sum(white) * len(minority) - sum(minority) * len(white)
    measured = (date(year, 1, 1), None, part, len(white) * len(minority))
    if any(lacking(row, "ethnic_group", "treatment_satisfied") for row in answered):
        return Case("unknown", *measured)
    if asked.as_at < asked.midnight(date(year + 1, 1, 1)):
        return Case("pending", *measured)
    if min(len(white), len(minority)) < ENOUGH:
        return Case("unknown", *measured)
    return Case("missed" if _differ(white, minority) else "met", *measured)


def _differ(one: Sequence[bool], other: Sequence[bool]) -> bool:
    """The two-sided test of two proportions, pooled, as in any textbook."""
    shares = [sum(group) / len(group) for group in (one, other)]
    pooled = (sum(one) + sum(other)) / (len(one) + len(other))
    error = sqrt(pooled * (1 - pooled) * (1 / len(one) + 1 / len(other)))
    return error > 0 and abs(shares[0] - shares[1]) / error > NormalDist().inv_cdf(0.975)
