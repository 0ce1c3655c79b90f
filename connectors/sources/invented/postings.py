"""The log `postings`: who belongs to which neighbourhood team from when to when, and who leaves."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from connectors.sources.invented.drawing import draw_kinds, keys
from connectors.sources.invented.months import PART_MONTH, days_of, month_at, month_names, months_between
from connectors.sources.invented.places import Places
from connectors.sources.invented.planted import EXCLUDED, PENDING, TIMED, UNKNOWN
from connectors.sources.invented.truth import cases_of
from connectors.sources.invented.window import Window, to_utc

TEAM = 6
_DAY = np.timedelta64(1, "D")
# The personnel system took over everybody's posting on this day of the month, so many months before the last.
_TAKEN_OVER_DAY, _MONTHS_BEFORE, _A_YEAR = 15, 13, 12
_STAYS_ON = "stays_on"
# What becomes of a place in a team over those months. Whoever is renewed, or posted twice at a time, does not leave.
_COURSES = {
    "replaced": 0.12,
    "vacant": 0.06,
    "renewed": 0.08,
    "posted_twice": 0.05,
    "returned": 0.04,
    "will_leave": 0.05,
}
_VACANT_DAYS, _AWAY_DAYS, _NOTICE_DAYS, _TWICE_DAYS = 30, 7, 60, 20
# Nobody was ever posted to one team; of another one posting ends before it begins.
WITHOUT_A_TEAM, _REVERSED = "E09", "C04"
# So many days after the log began is inside every twelve months that are judged.
_IN_EVERY_YEAR = 200


def team_places(places: Places, window: Window, rng: np.random.Generator) -> pd.DataFrame:
    """Who holds each place in each team, one row per posting, with its course.

    Columns: place (a number that is the same for those who follow one another in it), officer_id, neighbourhood,
    started, ended (its last day; NaT = not foreseen), stay (the postings with one number are one stay in a team),
    reversed (the row says that it ended before it began).
    """
    begins = _log_begins(window)
    teams = places.neighbourhoods[places.neighbourhoods["neighbourhood"] != WITHOUT_A_TEAM]
    first = teams.loc[teams.index.repeat(TEAM)].reset_index(drop=True)
    course = draw_kinds(len(first), _COURSES, _STAYS_ON, rng)
    # A team that comes or goes keeps its officers as long as it is there.
    lasting = (first["active_to"].isna() & (first["active_from"] < np.datetime64(begins))).to_numpy()
    course[~lasting] = _STAYS_ON
    span = (window.last_day - begins).days
    turn = np.datetime64(begins) + rng.integers(40, span - 40, len(first)) * _DAY
    started = np.maximum(days_of(first["active_from"]), np.datetime64(begins))
    ended = days_of(first["active_to"]) - _DAY
    plan = pd.DataFrame({"place": first.index, "neighbourhood": first["neighbourhood"], "course": course})
    plan = plan.assign(started=started, ended=ended, turn=turn, holder=0)
    plan = pd.concat([_first_holders(plan, window), _second_holders(plan)], ignore_index=True)
    plan = plan.sort_values(["place", "started"], kind="stable", ignore_index=True)
    same_officer = plan["course"].isin(["renewed", "posted_twice", "returned"])
    plan["officer"] = plan["place"] * 2 + np.where(same_officer, 0, plan["holder"])
    plan["stay"] = plan["place"] * 2 + np.where(plan["course"] == "returned", plan["holder"], plan["officer"] % 2)
    numbers = pd.factorize(plan["officer"])[0]
    plan["officer_id"] = keys(places.force, "O", int(numbers.max()) + 1)[numbers]
    # One posting is written the wrong way round; it lies in the twelve months of every case.
    plan["reversed"] = (quiet := (plan["neighbourhood"] == _REVERSED) & (plan["course"] == _STAYS_ON)) & (
        quiet.cumsum() == 1
    )
    plan["started"] = plan["started"].mask(plan["reversed"], np.datetime64(begins) + _IN_EVERY_YEAR * _DAY)
    return plan


def _log_begins(window: Window) -> date:
    month = np.datetime64(window.last_day, "M") - _MONTHS_BEFORE
    return month.astype("datetime64[D]").item().replace(day=_TAKEN_OVER_DAY)


def _first_holders(plan: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Those who were there when the log began; at the turn some leave, others get a new posting to the same team."""
    course, turn = plan["course"], plan["turn"]
    ended = plan["ended"].mask(course.isin(["replaced", "vacant", "renewed", "returned"]), turn - _DAY)
    ended = ended.mask(course == "posted_twice", turn + _TWICE_DAYS * _DAY)
    leaves = np.datetime64(window.last_day + timedelta(days=_NOTICE_DAYS))
    return plan.assign(ended=ended.mask(course == "will_leave", leaves))


def _second_holders(plan: pd.DataFrame) -> pd.DataFrame:
    """Those who follow, and the second posting of those who stay or come back."""
    second = plan[plan["course"].isin(["replaced", "vacant", "renewed", "posted_twice", "returned"])]
    gap = second["course"].map({"vacant": _VACANT_DAYS, "returned": _AWAY_DAYS}).fillna(0)
    return second.assign(started=second["turn"] + pd.to_timedelta(gap, unit="D"), holder=1)


def posting_rows(plan: pd.DataFrame, force: str) -> pd.DataFrame:
    """The rows of the log as text, with one posting that ends before it begins."""
    ended = plan["ended"].mask(plan["reversed"], plan["started"] - _DAY)
    rows = {
        "officer_id": plan["officer_id"],
        "force": force,
        "neighbourhood": plan["neighbourhood"],
        "started_on": plan["started"].dt.strftime("%Y-%m-%d"),
        "ended_on": ended.dt.strftime("%Y-%m-%d").fillna(""),
    }
    return pd.DataFrame(rows)


def turnover_cases(plan: pd.DataFrame, places: Places, window: Window) -> pd.DataFrame:
    """The cases of `turnover`: the twelve months to each month, from the first that the log covers whole.

    Beside the state: part = leavers × days of the twelve months, whole = days of all officers in them, so that
    part ÷ whole is leavers ÷ average strength.
    """
    last = month_at(window.as_at)
    each = _twelve_months(places, window)
    part = (each["active_from"] > each["begins"]) | (each["active_to"] < each["after"])
    wrong = each["neighbourhood"].isin(plan.loc[plan["reversed"], "neighbourhood"])
    running = each["month"] >= np.datetime64(last)
    leavers, officer_days = _counted(plan, each)
    # Contradictory times are unknown whatever is still to come.
    conditions = [one.to_numpy() for one in (part, wrong, running, officer_days > 0)]
    state = np.select(conditions, [EXCLUDED, UNKNOWN, PENDING, TIMED], UNKNOWN).astype(object)
    dated = to_utc(days_of(each["month"]).astype("datetime64[ms]"))
    cases = cases_of("turnover", places.force, month_names(each), dated, state, PART_MONTH)
    days = (each["after"] - each["begins"]).dt.days
    timed = state == TIMED
    return cases.assign(part=(leavers * days).where(timed), whole=officer_days.where(timed))


def _twelve_months(places: Places, window: Window) -> pd.DataFrame:
    """Every neighbourhood with each month that ends twelve whole ones of the log: month, begins, after (local days)."""
    ends = months_between(_log_begins(window), month_at(window.as_at))[_A_YEAR - 1 :]
    month = np.array(ends, dtype="datetime64[M]")
    begins, after = ((month + shift).astype("datetime64[D]") for shift in (1 - _A_YEAR, 1))
    months = pd.DataFrame({"month": month.astype("datetime64[D]"), "begins": begins, "after": after})
    each = places.neighbourhoods.merge(months, how="cross")
    there = (each["active_from"] < each["after"]) & ~(each["active_to"] <= each["month"])
    return each[there].reset_index(drop=True)


def _counted(plan: pd.DataFrame, each: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Leavers and officer days of every row of `each`, stay by stay: a stay ends with the last of its postings."""
    known_end = plan.assign(ended=plan["ended"].fillna(pd.Timestamp("2200-01-01")))
    stays = known_end.groupby(["neighbourhood", "stay"]).agg(started=("started", "min"), ended=("ended", "max"))
    pairs = each.reset_index().merge(stays.reset_index(), on="neighbourhood")
    leaves = (pairs["ended"] >= pairs["begins"]) & (pairs["ended"] < pairs["after"])
    begins = pairs["started"].clip(lower=pairs["begins"])
    days = ((pairs["ended"] + _DAY).clip(upper=pairs["after"]) - begins).dt.days.clip(lower=0)
    counted = pd.DataFrame({"leaves": leaves, "days": days}).groupby(pairs["index"]).sum()
    counted = counted.reindex(each.index, fill_value=0)
    return counted["leaves"], counted["days"]
