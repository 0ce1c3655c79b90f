"""The truth: what state each planted case is in, by the generator's own plan, and how many there are of each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from connectors.sources.invented.planted import EXCLUDED, KNIFE_EDGES, MET, MISSED, PENDING, SPELLS, TIMED, UNKNOWN
from connectors.sources.invented.window import Array, Moments, Window, local_days, nothing

_COUNTED = (MET, MISSED, PENDING, UNKNOWN, EXCLUDED, TIMED)
STANDARD = "policing_pledge_2008"
# Another number for every change of what is planted, so that logs of an earlier version are not taken for these.
PLAN = 3
# Measures whose cases cover more than a day by themselves; they are counted in that period and in no shorter one.
COVERS = {
    "visible_time": "month",
    "visible_when_needed": "month",
    "abstraction": "month",
    "turnover": "rolling_12_months",
    "meeting_held": "month",
    "update_published": "month",
    "treatment_gap": "year",
}
_COUNTED_IN = {"day": ["day"], "month": ["day", "month"], "year": ["year"], "rolling_12_months": ["rolling_12_months"]}


@dataclass(frozen=True)
class Truth:
    """What was planted.

    `cases` has one row per standard, measure and case: standard, force, measure, case_id, local_day, state, reason,
    missed_at (UTC; when the promise was broken); timed shares have their `part` and `whole` beside them. Records that
    run for months begin before the window. `rows` says per log how many rows were written, repeated, and spoilt (by
    kind): spoilt rows are in no case.
    """

    forces: tuple[str, ...]
    seed: int
    window: Window
    rows: Mapping[str, Mapping[str, Any]]
    cases: pd.DataFrame

    @property
    def as_at(self) -> datetime:
        return self.window.as_at

    def counts(self) -> list[dict[str, Any]]:
        """One record per standard, force, measure and period, with the counts of `verdicts` and the reasons."""
        covers = self.cases["measure"].map(COVERS).fillna("day")
        month = self.cases["local_day"].dt.to_period("M")
        begins = {
            "day": self.cases["local_day"],
            "month": month.dt.to_timestamp(),
            "year": self.cases["local_day"].dt.to_period("Y").dt.to_timestamp(),
            "rolling_12_months": (month - 11).dt.to_timestamp(),
        }
        return [
            record
            for period, first_day in begins.items()
            for record in _counts(self.cases.assign(local_day=first_day)[covers.isin(_COUNTED_IN[period])], period)
        ]

    def to_json(self) -> str:
        head = {
            "plan": PLAN,
            "forces": self.forces,
            "seed": self.seed,
            "first_day": self.window.first_day.isoformat(),
            "last_day": self.window.last_day.isoformat(),
            "as_at": self.as_at.isoformat().replace("+00:00", "Z"),
            "standard": STANDARD,
            "clock_changes": {way: day.isoformat() for way, day in self.window.clock_changes.items()},
            "rows": self.rows,
            "planted": _planted(self.window),
            "counts": self.counts(),
        }
        return json.dumps(head, indent=1) + "\n"


def _counts(cases: pd.DataFrame, period: str) -> list[dict[str, Any]]:
    by = ["standard", "force", "measure", "local_day"]
    states = cases.groupby([*by, "state"]).size().unstack(fill_value=0).reindex(columns=list(_COUNTED), fill_value=0)
    reasons = _reasons(cases, by)
    records = []
    for key, row in zip(states.index.tolist(), states.to_numpy(), strict=True):
        counted = {state: int(count) for state, count in zip(_COUNTED, row, strict=True)}
        judged = sum(counted[state] for state in (MET, MISSED, PENDING, UNKNOWN))
        name = dict(zip(by, key[:-1], strict=False)) | {"period": period, "period_start": key[-1].date().isoformat()}
        records.append({**name, "cases": judged, **counted, "excluded_by_reason": reasons.get(key, {})})
    return records


def _reasons(cases: pd.DataFrame, by: list[str]) -> dict[tuple[Any, ...], dict[str, int]]:
    """How many cases are excluded for each reason, for each combination of the columns `by`."""
    found: dict[tuple[Any, ...], dict[str, int]] = {}
    sizes = cases[cases["state"] == EXCLUDED].groupby([*by, "reason"]).size()
    for key, count in zip(sizes.index.tolist(), sizes.to_numpy(), strict=True):
        found.setdefault(key[:-1], {})[key[-1]] = int(count)
    return found


def _planted(window: Window) -> list[dict[str, str]]:
    def said(name: str, measure: str, first: date, last: date, area: str, setting: str) -> dict[str, str]:
        where = {"area": area, "setting": setting}
        return {"name": name, "measure": measure, "from": first.isoformat(), "to": last.isoformat(), **where}

    spells = [
        said(spell.name, spell.measure, *span, spell.area, spell.setting)
        for spell in SPELLS
        if (span := spell.span(window))[0] <= span[1]
    ]
    edges = [said(e.name, e.measure, m := e.month_in(window), m, "", "") for e in KNIFE_EDGES]
    return spells + edges


def settled(state: Array, decided_at: Moments, due_at: Moments | None, as_at: np.datetime64) -> Array:
    """The state known at `as_at`: before a case is decided it is pending, or missed once its limit has passed.

    Args:
        state: what it is once decided; `decided_at` NaT = never.
        due_at: when its limit ends; NaT or None = no limit.
    """
    due = nothing(len(state)) if due_at is None else due_at
    undecided = np.isnat(decided_at) | (decided_at > as_at)
    running = np.where(due < as_at, MISSED, PENDING)
    return np.where(undecided, running, state).astype(object)


def cases_of(
    measure: str,
    force: str,
    case_id: Array,
    started_at: Moments,
    state: Array,
    reason: Array | str = "",
    *,
    standard: str = STANDARD,
    missed_at: Moments | None = None,
) -> pd.DataFrame:
    """Cases in the shape of `Truth.cases`; `missed_at` counts where the case is missed."""
    broken_at = nothing(len(state)) if missed_at is None else missed_at
    return pd.DataFrame(
        {
            "standard": standard,
            "force": force,
            "measure": measure,
            "case_id": case_id,
            "local_day": local_days(started_at).astype("datetime64[s]"),
            "state": state,
            "reason": np.where(state == EXCLUDED, reason, ""),
            "missed_at": np.where(state == MISSED, broken_at, nothing(len(state))),
        }
    )
