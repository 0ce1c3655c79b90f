"""The log `team_pages`: a look at every neighbourhood's page once a week, and what was on it."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from connectors.sources.invented.drawing import draw_kinds
from connectors.sources.invented.load import Load
from connectors.sources.invented.months import days_of
from connectors.sources.invented.places import Places
from connectors.sources.invented.planted import MET, MISSED, TIMED, UNKNOWN
from connectors.sources.invented.truth import cases_of
from connectors.sources.invented.window import Array, Moments, Window, moment, nothing, to_utc
from connectors.sources.invented.writing import utc_text

_EVERY_DAYS = 7
# 00:20 local time: in summer the day before in UTC.
_LOOKED_AT = np.timedelta64(20, "m")
_SECOND = np.timedelta64(1, "s")
_WHOLE = "whole"
# What a page lacks; an empty count or flag was not recorded, and counts as not there.
_LACKING = {
    "no_officer_named": ("officers_named", "0"),
    "contact_not_recorded": ("contact_methods", ""),
    "no_base": ("base_given", "false"),
    "nothing_on_working_together": ("how_to_work_given", "false"),
    "working_together_not_recorded": ("how_to_work_given", ""),
}
_ONE_LACKS = 0.004
# One team's page lacks its base from here on, until somebody notices.
_WITHOUT_BASE, _NOTICED_AFTER_DAYS = "W11", 30
# One team's page is not looked at in the last month.
_NOT_LOOKED_AT = "C05"
_CHANGE_COURSES = {"change_not_recorded": 0.02, "changed_after_the_check": 0.01}
_CHANGED = "changed"


def team_pages(
    places: Places, window: Window, load: Load, size: float, rng: np.random.Generator
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The rows of the log, and the cases of `team_published` and `team_page_current`."""
    plan = _checks(places, window)
    count = len(plan)
    wall = np.add(days_of(plan["day"]).astype("datetime64[ms]"), _LOOKED_AT)
    checked = to_utc(wall) + _SECOND * plan.groupby("day").cumcount().to_numpy()
    plan["lacks"] = draw_kinds(count, dict.fromkeys(_LACKING, _ONE_LACKS), _WHOLE, rng)
    noticed = np.datetime64(window.first_day + timedelta(days=_NOTICED_AFTER_DAYS))
    plan.loc[(plan["neighbourhood"] == _WITHOUT_BASE) & (plan["day"] < noticed), "lacks"] = "no_base"
    plan["change"] = draw_kinds(count, _CHANGE_COURSES, _CHANGED, rng)
    named = (
        (plan["neighbourhood"] + "/").to_numpy(object) + np.datetime_as_string(checked, unit="s").astype(object) + "Z"
    )
    published = np.where(plan["lacks"] == _WHOLE, MET, MISSED).astype(object)
    current = np.where(plan["change"] == _CHANGED, TIMED, UNKNOWN).astype(object)
    cases = [
        cases_of("team_published", places.force, named, checked, published),
        cases_of("team_page_current", places.force, named, checked, current),
    ]
    return {"team_pages": _rows(plan, places.force, checked, window, rng)}, pd.concat(cases, ignore_index=True)


def _checks(places: Places, window: Window) -> pd.DataFrame:
    """Every page on every day of checking: neighbourhood, day."""
    days = pd.DataFrame({"day": np.array(window.days[::_EVERY_DAYS], dtype="datetime64[D]")})
    each = days.merge(places.neighbourhoods, how="cross")
    there = (each["active_from"] <= each["day"]) & ~(each["active_to"] <= each["day"])
    last_month = each["day"] >= np.datetime64(window.last_day.replace(day=1))
    skipped = (each["neighbourhood"] == _NOT_LOOKED_AT) & last_month
    return each.loc[there & ~skipped, ["neighbourhood", "day"]].reset_index(drop=True)


def _rows(plan: pd.DataFrame, force: str, checked: Moments, window: Window, rng: np.random.Generator) -> pd.DataFrame:
    count = len(plan)
    rows = pd.DataFrame(
        {
            "neighbourhood": plan["neighbourhood"],
            "force": force,
            "checked_at": utc_text(checked),
            "officers_named": rng.integers(1, 8, count).astype(str).astype(object),
            "contact_methods": rng.integers(1, 5, count).astype(str).astype(object),
            "base_given": "true",
            "how_to_work_given": "true",
            "last_changed_at": utc_text(_last_changed(plan, checked, window, rng)),
        }
    )
    for kind, (column, value) in _LACKING.items():
        rows.loc[plan["lacks"] == kind, column] = value
    return rows


def _last_changed(plan: pd.DataFrame, checked: Moments, window: Window, rng: np.random.Generator) -> Array:
    """Each page is changed every few weeks, and some years ago for the last time."""
    age = {code: rng.choice([3, 20, 45, 900]) for code in plan["neighbourhood"].unique()}
    since = (plan["neighbourhood"].map(age).to_numpy() * rng.uniform(0.5, 1.5, len(plan)) * 86_400).astype(int)
    changed = checked - since.astype("timedelta64[s]")
    # The clock of the page ran ahead: changed after it was looked at.
    ahead = np.minimum(checked + np.timedelta64(5, "m"), moment(window.as_at))
    change = plan["change"].to_numpy()
    return np.select(
        [change == "change_not_recorded", change == "changed_after_the_check"], [nothing(len(plan)), ahead], changed
    )
