"""How judged cases are counted, in plain Python: one figure for each level and period they fall into."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import product
from typing import Any

Case = Mapping[str, Any]
# definition, force, area, neighbourhood, period, its first day; '' where a level does not apply.
Key = tuple[str, str, str, str, str, date]

_COUNTED = ("met", "missed", "pending", "unknown")


def figures(cases: Iterable[Case]) -> dict[Key, dict[str, Any]]:
    """Every figure of these cases, without regard to any window."""
    groups: dict[Key, list[Case]] = defaultdict(list)
    for case in cases:
        day = case["local_day"]
        periods = {"day": day, "month": day.replace(day=1), "year": day.replace(month=1, day=1)}
        for level, (period, start) in product(_levels(case), periods.items()):
            groups[(case["definition_id"], *level, period, start)].append(case)
    named: dict[Key, dict[str, Any]] = {}
    for (definition, force, area, neighbourhood, period, start), members in groups.items():
        areas = {case["area"] for case in members if case["area"]}
        if neighbourhood and len(areas) == 1:
            area = areas.pop()
        named[(definition, force, area, neighbourhood, period, start)] = _figure(members)
    return named


def _levels(case: Case) -> list[tuple[str, str, str]]:
    levels = [("all", "", ""), (case["force"], "", "")]
    if case["area"]:
        levels.append((case["force"], case["area"], ""))
    if case["neighbourhood"]:
        levels.append((case["force"], "", case["neighbourhood"]))
    return levels


def _figure(members: list[Case]) -> dict[str, Any]:
    states = Counter(case["state"] for case in members)
    lengths = sorted(case["elapsed_seconds"] for case in members if case["elapsed_seconds"] is not None)
    return {
        "cases": sum(states[state] for state in _COUNTED),
        **{state: states[state] for state in (*_COUNTED, "excluded", "timed")},
        "excluded_by_reason": dict(Counter(case["reason"] for case in members if case["state"] == "excluded")),
        "p50_seconds": _quantile(lengths, 0.5),
        "p90_seconds": _quantile(lengths, 0.9),
        "unjudgeable": any(case["unjudgeable"] for case in members),
        "outside_force_dates": any(case["outside_force_dates"] for case in members),
    }


def _quantile(lengths: list[float], share: float) -> float | None:
    """Between the two nearest values in proportion; None of nothing."""
    if not lengths:
        return None
    place = share * (len(lengths) - 1)
    below = int(place)
    above = min(below + 1, len(lengths) - 1)
    return lengths[below] + (lengths[above] - lengths[below]) * (place - below)
