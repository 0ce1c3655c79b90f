"""The logs `duties`, `agreed_hours` and `postings`: who is in a team, what they do hour by hour, and when it is wanted.

Everything begins and ends at a whole hour of the wall clock, so that hours can be counted one by one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from connectors.sources.invented.agreed_hours import agreed_rows, agreements, hours_agreed
from connectors.sources.invented.drawing import draw_kinds, keys
from connectors.sources.invented.elapsed import elapsed_hours
from connectors.sources.invented.load import Load
from connectors.sources.invented.months import days_of, first_days, month_cases, neighbourhood_months
from connectors.sources.invented.places import Places
from connectors.sources.invented.planted import BIG_EVENT, MET, MISSED, TIMED, UNKNOWN
from connectors.sources.invented.postings import TEAM, posting_rows, team_places, turnover_cases
from connectors.sources.invented.window import HOUR, Array, Window, moments_of, to_utc
from connectors.sources.invented.writing import wall_text

SHIFT = 8
_EARLY, _LATE, _NIGHT = 7, 14, 22
_FRIDAY, _SATURDAY = 4, 5
_VISIBLE, _OTHER, _ABSTRACTED, _TRAINING = "visible", "neighbourhood_other", "abstracted", "training"


class _Course(NamedTuple):
    """How a shift went: hour by hour (visible, other business, abstracted, x = away) and as it is written down.

    `written` are activity, first and last hour; no boundary lies three hours in, which at night is 01:00.
    """

    share: float
    hours: str
    written: tuple[tuple[str, int, int], ...]


def _all_day(share: float, letter: str, activity: str) -> _Course:
    return _Course(share, letter * SHIFT, ((activity, 0, SHIFT),))


_PATROL = "patrol"
_COURSES = {
    _PATROL: _all_day(0, "v", _VISIBLE),
    "desk_at_the_end": _Course(0.12, "vvvvvvvo", ((_VISIBLE, 0, 7), (_OTHER, 7, 8))),
    "desk_within_patrol": _Course(0.06, "oovvvvvv", ((_VISIBLE, 0, 8), (_OTHER, 0, 2))),
    "desk": _all_day(0.025, "o", _OTHER),
    "called_away": _Course(0.04, "vvaavvvv", ((_VISIBLE, 0, 8), (_ABSTRACTED, 2, 4))),
    "called_away_noted_twice": _Course(0.01, "vaaaaavv", ((_VISIBLE, 0, 8), (_ABSTRACTED, 1, 5), (_ABSTRACTED, 2, 6))),
    "taken_off": _all_day(0.01, "a", _ABSTRACTED),
    "course_within_patrol": _Course(0.02, "vvvvxxvv", ((_VISIBLE, 0, 8), (_TRAINING, 4, 6))),
    "entered_twice": _Course(0.02, "vvvvvvvv", ((_VISIBLE, 0, 6), (_VISIBLE, 2, 8))),
    "everything_at_once": _Course(
        0.01, "oxxxaaav", ((_VISIBLE, 0, 8), (_OTHER, 0, 2), (_TRAINING, 1, 5), (_ABSTRACTED, 4, 7))
    ),
    "half_desk": _Course(0, "vvvvoooo", ((_VISIBLE, 0, 4), (_OTHER, 4, 8))),
    "half_abstracted": _Course(0, "vvvvaaaa", ((_VISIBLE, 0, 4), (_ABSTRACTED, 4, 8))),
    "training": _all_day(0.04, "x", _TRAINING),
    "leave": _all_day(0.09, "x", "leave"),
    "sick": _all_day(0.03, "x", "sick"),
}
# One team sits at its desks; another is visible exactly 80 % of its hours and abstracted exactly 10 %.
_DESK_BOUND, _DESK_SHARE = "E07", 0.35
_ON_THE_EDGE, _FIVE_SHIFTS = "W12", (_PATROL, _PATROL, _PATROL, "half_desk", "half_abstracted")
# One duty of this team is written the wrong way round, in the first month.
_REVERSED = "E08"
# The big event takes most from the teams of this area.
_EVENT_AREA, _EVENT_AREA_STAYS = "Central", 0.1


def duties(
    places: Places, window: Window, load: Load, size: float, rng: np.random.Generator
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The rows of the three logs, and the cases of the third promise: time visible, when needed, taken away, turnover.

    The cases of `visible_when_needed` and `turnover`, which have no limit, say their part and whole, too.
    """
    team = team_places(places, window, rng)
    shifts = _shifts(team, window)
    shifts["course"] = _courses(shifts, places, window, rng)
    shifts["reversed"] = _wrong_way_round(shifts)
    agreed = agreements(places, window)
    cases = [*_share_cases(shifts, agreed, places, window), turnover_cases(team, places, window)]
    rows = {
        "duties": _rows(shifts, places),
        "agreed_hours": agreed_rows(agreed, places.force),
        "postings": posting_rows(team, places.force),
    }
    return rows, pd.concat(cases, ignore_index=True)


def _shifts(team: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Five shifts a week for each place in a team, worked by whoever holds it that day: officer, place, begins."""
    days = pd.DataFrame({"day": np.array(window.days, dtype="datetime64[D]")})
    days["number"] = days["day"].to_numpy().astype("datetime64[D]").astype(int)
    each = team.merge(days, how="cross")
    held = (each["started"] <= each["day"]) & ~(each["ended"] < each["day"])
    works = (each["number"] + each["place"]) % 7 < 5
    each = each[held & works].drop_duplicates(["place", "day"]).sort_values(["day", "place"], ignore_index=True)
    week_end = each["day"].dt.dayofweek.isin([_FRIDAY, _SATURDAY])
    # Over the weekend and over the turn of a month.
    nights = week_end | each["day"].dt.is_month_end
    at_night = nights & (each["place"] % TEAM < 2) & (each["neighbourhood"] != _ON_THE_EDGE)
    late = (each["number"] // 7 + each["place"]) % 2 == 1
    hour = np.select([at_night, late], [_NIGHT, _LATE], _EARLY)
    each["begins"] = days_of(each["day"]).astype("datetime64[ms]") + hour * HOUR
    return each[["neighbourhood", "officer_id", "place", "day", "begins"]]


def _courses(shifts: pd.DataFrame, places: Places, window: Window, rng: np.random.Generator) -> Array:
    course = draw_kinds(len(shifts), {n: c.share for n, c in _COURSES.items() if c.share}, _PATROL, rng)
    desk_bound = (shifts["neighbourhood"] == _DESK_BOUND) & (rng.random(len(shifts)) < _DESK_SHARE)
    course[desk_bound] = "desk"
    in_area = shifts["neighbourhood"].map(places.neighbourhoods.set_index("neighbourhood")["area"]) == _EVENT_AREA
    stays = np.where(in_area, _EVENT_AREA_STAYS, BIG_EVENT.in_time)
    at_event = BIG_EVENT.covers(to_utc(moments_of(shifts, "begins")), window) & (rng.random(len(shifts)) >= stays)
    course[at_event & ~np.isin(course, ("leave", "sick"))] = "taken_off"
    on_edge = shifts["neighbourhood"] == _ON_THE_EDGE
    for _, month in shifts[on_edge].groupby(first_days(days_of(shifts.loc[on_edge, "day"]))):
        whole = len(month) // len(_FIVE_SHIFTS)
        course[month.index] = "leave"
        course[month.index[: whole * len(_FIVE_SHIFTS)]] = _FIVE_SHIFTS * whole
    return course


def _wrong_way_round(shifts: pd.DataFrame) -> Array:
    own = (shifts["neighbourhood"] == _REVERSED) & (shifts["course"] == _PATROL) & (shifts["begins"].dt.hour < _NIGHT)
    return (own & (own.cumsum() == 1)).to_numpy()


def _rows(shifts: pd.DataFrame, places: Places) -> pd.DataFrame:
    """The rows of the log as text: local time without an offset."""
    written = [(number, *one) for number, course in enumerate(shifts["course"]) for one in _COURSES[course].written]
    number, activity, first, last = (np.array(column) for column in zip(*written, strict=True))
    of, begins = shifts.iloc[number].reset_index(drop=True), moments_of(shifts, "begins")[number]
    started, ended = (wall_text(to_utc(begins + hour * HOUR)) for hour in (first, last))
    wrong = of["reversed"].to_numpy()
    area = of["neighbourhood"].map(places.neighbourhoods.set_index("neighbourhood")["area"])
    return pd.DataFrame(
        {
            "duty_id": keys(places.force, "D", len(of)),
            "force": places.force,
            "area": area,
            "neighbourhood": of["neighbourhood"],
            "officer_id": of["officer_id"],
            "started_at": np.where(wrong, ended, started),
            "ended_at": np.where(wrong, started, ended),
            "activity": activity.astype(object),
        }
    )


def _share_cases(shifts: pd.DataFrame, agreed: pd.DataFrame, places: Places, window: Window) -> list[pd.DataFrame]:
    months = neighbourhood_months(places, window, days_of(shifts["day"]))
    wrong = shifts[shifts["reversed"]]
    contradictory = set(zip(wrong["neighbourhood"], first_days(days_of(wrong["day"])).tolist(), strict=True))
    own = list(zip(months["neighbourhood"], days_of(months["month"]).tolist(), strict=True))
    is_wrong = np.array([each in contradictory for each in own], dtype=bool)
    hours = _hours_worked(shifts)
    spent = hours.groupby(["neighbourhood", "month", "doing"]).size().unstack(fill_value=0)
    spent = spent.reindex(columns=list("voa"), fill_value=0).reindex(own, fill_value=0)
    visible, abstracted = spent["v"].to_numpy(), spent["a"].to_numpy()
    on_duty = spent.to_numpy().sum(axis=1)

    def share(measure: str, met: Array) -> pd.DataFrame:
        judged = np.select([is_wrong | (on_duty == 0), met], [UNKNOWN, MET], MISSED)
        return month_cases(measure, places.force, months, judged, early=is_wrong)

    wanted = hours_agreed(agreed, months)
    seen = hours.loc[hours["doing"] == "v", ["neighbourhood", "hour"]].drop_duplicates()
    part = wanted.merge(seen).groupby(["neighbourhood", "month"]).size().reindex(own, fill_value=0).to_numpy()
    whole = wanted.groupby(["neighbourhood", "month"]).size().reindex(own, fill_value=0).to_numpy()
    judged = np.where(is_wrong | (whole == 0), UNKNOWN, TIMED)
    needed = month_cases("visible_when_needed", places.force, months, judged, early=is_wrong)
    timed = needed["state"] == TIMED
    return [
        share("visible_time", 10 * visible >= 8 * on_duty),
        share("abstraction", 10 * abstracted <= on_duty),
        needed.assign(part=pd.Series(part).where(timed), whole=pd.Series(whole).where(timed)),
    ]


def _hours_worked(shifts: pd.DataFrame) -> pd.DataFrame:
    """One row per officer and elapsed hour on a shift: neighbourhood, hour (UTC), month (local), doing (a letter)."""
    wall = moments_of(shifts, "begins")[:, None] + np.arange(SHIFT) * HOUR
    worked = pd.DataFrame({"neighbourhood": np.repeat(shifts["neighbourhood"].to_numpy(), SHIFT), "wall": wall.ravel()})
    worked["doing"] = list("".join(_COURSES[course].hours for course in shifts["course"]))
    return worked.merge(elapsed_hours(wall.min(), wall.max()), on="wall")
