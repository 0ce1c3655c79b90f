"""The log `surveys`: how people felt treated, from the beginning of the year before the window."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from checks.logs import LOGS
from connectors.sources.invented.drawing import keys
from connectors.sources.invented.load import Load
from connectors.sources.invented.places import Places
from connectors.sources.invented.planted import DEFAULT_FORCE, MET, MISSED, PENDING
from connectors.sources.invented.truth import cases_of
from connectors.sources.invented.window import Array, Moments, Window, to_utc

# People are asked once a month.
WAVE_DAY, ANSWERS_PER_WAVE = 15, 80
GROUPS, GROUP_SHARES = ("white", "minority", "not_stated", ""), (0.72, 0.2, 0.06, 0.02)
SATISFIED, NOT_SAID, ANSWERED_ALIKE = 0.82, 0.02, 0.8
# Satisfied among white and minority ethnic users of a year that is over: no larger a gap than chance, or a larger one.
FAIR, UNFAIR = (0.82, 0.80), (0.85, 0.65)
_GROUP_SIZES = (600, 200)


def surveys(
    places: Places, window: Window, _load: Load, size: float, rng: np.random.Generator
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """`surveys` by log, and the cases of `treatment_satisfaction` and `treatment_gap`."""
    years = _years(window)
    parts = [_year(year, places.force, rng) for year in years[:-1]]
    parts.append(_so_far(years[-1], window.last_day, size, rng))
    plan = pd.concat(parts).sort_values("answered_on", kind="stable", ignore_index=True)
    plan["response_id"] = keys(places.force, "S", len(plan))
    return {"surveys": _rows(plan, places, rng)}, _cases(plan, places.force, window)


def _years(window: Window) -> list[int]:
    """From the year before the window to the one the night's run is in, which alone is not over."""
    return list(range(window.first_day.year - 1, (window.last_day + timedelta(days=1)).year + 1))


def _year(year: int, force: str, rng: np.random.Generator) -> pd.DataFrame:
    """A whole year with exactly the gap that is planted."""
    parts = []
    for group, share, count in zip(GROUPS[:2], UNFAIR if force == DEFAULT_FORCE else FAIR, _GROUP_SIZES, strict=True):
        satisfied = np.arange(count) < round(share * count)
        parts.append(pd.DataFrame({"group": group, "said": np.where(satisfied, "true", "false").astype(object)}))
    answers = pd.concat(parts, ignore_index=True)
    answers["answered_on"] = rng.choice(_waves(year, date(year, 12, 31)), len(answers))
    return answers


def _waves(year: int, last: date) -> Array:
    """The days of a year, up to `last`, on which people are asked."""
    days = (date(year, month, WAVE_DAY) for month in range(1, 13))
    return np.array([day for day in days if day <= last], dtype="datetime64[D]")


def _so_far(year: int, last: date, size: float, rng: np.random.Generator) -> pd.DataFrame:
    waves = _waves(year, last)
    answered_on = np.repeat(waves, rng.poisson(ANSWERS_PER_WAVE * size, len(waves)))
    count = len(answered_on)
    said = rng.choice(np.array(["true", "false", ""], dtype=object), count, p=_shares(SATISFIED, NOT_SAID))
    group = rng.choice(np.array(GROUPS, dtype=object), count, p=GROUP_SHARES)
    return pd.DataFrame({"group": group, "said": said, "answered_on": answered_on})


def _shares(satisfied: float, not_said: float) -> tuple[float, float, float]:
    return satisfied, 1 - satisfied - not_said, not_said


def _cases(plan: pd.DataFrame, force: str, window: Window) -> pd.DataFrame:
    state = np.where(plan["said"] == "true", MET, MISSED).astype(object)
    none = np.full(len(plan), "", dtype=object)
    began = _midnight(plan["answered_on"].to_numpy())
    satisfied = cases_of("treatment_satisfaction", force, plan["response_id"].to_numpy(object), began, state, none)
    gaps = _gaps(force, window)
    return pd.concat([satisfied, gaps], ignore_index=True)


def _gaps(force: str, window: Window) -> pd.DataFrame:
    """A year is judged when it is over."""
    years = _years(window)
    past = MISSED if force == DEFAULT_FORCE else MET
    names = np.array([f"{force}/{year}" for year in years], dtype=object)
    state = np.array([past] * (len(years) - 1) + [PENDING], dtype=object)
    began = _midnight(np.array([np.datetime64(date(year, 1, 1)) for year in years]))
    return cases_of("treatment_gap", force, names, began, state, np.full(len(years), "", dtype=object))


def _midnight(days: Array) -> Moments:
    return to_utc(days.astype("datetime64[ms]"))


def _rows(plan: pd.DataFrame, places: Places, rng: np.random.Generator) -> pd.DataFrame:
    count = len(plan)
    alike = rng.random(count) < ANSWERED_ALIKE
    other = np.where(rng.random(count) < SATISFIED, "true", "false")
    services = np.array(LOGS["surveys"].by_name["service"].values, dtype=object)
    rows = {
        "response_id": plan["response_id"],
        "force": places.force,
        "area": places.area[places.draw(count, rng)],
        "answered_on": np.datetime_as_string(plan["answered_on"].to_numpy().astype("datetime64[D]")),
        "service": rng.choice(services, count),
        "ethnic_group": plan["group"],
        "treatment_satisfied": plan["said"],
        "overall_satisfied": np.where(alike, plan["said"], other),
    }
    return pd.DataFrame(rows)[[column.name for column in LOGS["surveys"].columns]]
