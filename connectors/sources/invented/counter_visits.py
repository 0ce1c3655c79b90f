"""The log `counter_visits`: someone goes to a public counter and sees whether it is open."""

from __future__ import annotations

import numpy as np
import pandas as pd

from connectors.sources.invented.drawing import draw_kinds, keys
from connectors.sources.invented.load import Load
from connectors.sources.invented.places import Places
from connectors.sources.invented.planted import MET, MISSED
from connectors.sources.invented.truth import cases_of
from connectors.sources.invented.window import Window, to_utc
from connectors.sources.invented.writing import local_text

# Station and area; one counter is often shut when it should be open.
_STATIONS = (
    ("Central front desk", "Central"),
    ("Harbour", "Eastern"),
    ("Coast", "Eastern"),
    ("Market Cross", "Western"),
)
_OFTEN_SHUT, _SHUT_SHARE = 2, 0.35
_PER_DAY = 1.6
_OPENS, _CLOSES = 9, 17
_IN_HOURS = "advertised"
_COURSES = {"shut": 0.04, "not_recorded": 0.02, "out_of_hours": 0.1, "hours_not_recorded": 0.03}
# What is written for `advertised_open` and `found_open`.
_WRITTEN = {
    _IN_HOURS: ("true", "true"),
    "shut": ("true", "false"),
    "not_recorded": ("true", ""),
    "out_of_hours": ("false", "false"),
    "hours_not_recorded": ("", "true"),
}
_NO_CASE = ("out_of_hours", "hours_not_recorded")


def counter_visits(
    places: Places, window: Window, load: Load, size: float, rng: np.random.Generator
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The rows of the log, and the cases of `open_as_advertised`: visits during advertised hours only."""
    visits = rng.poisson(_PER_DAY, len(window.days))
    visits[0] = max(visits[0], 1)
    days = np.repeat(np.array(window.days, dtype="datetime64[D]"), visits)
    count = len(days)
    minutes = rng.integers(_OPENS * 60, _CLOSES * 60, count).astype("timedelta64[m]")
    visited = np.sort(to_utc((days + minutes).astype("datetime64[ms]")))
    station = rng.integers(0, len(_STATIONS), count)
    course = draw_kinds(count, _COURSES, _IN_HOURS, rng)
    shut = (station == _OFTEN_SHUT) & (rng.random(count) < _SHUT_SHARE) & (course == _IN_HOURS)
    course[shut] = "shut"
    ids = keys(places.force, "S", count)
    written = [pd.Series(course).map({name: pair[one] for name, pair in _WRITTEN.items()}) for one in (0, 1)]
    rows = pd.DataFrame(
        {
            "visit_id": ids,
            "force": places.force,
            "area": np.array([area for _, area in _STATIONS], dtype=object)[station],
            "station": np.array([name for name, _ in _STATIONS], dtype=object)[station],
            "visited_at": local_text(visited),
            "advertised_open": written[0],
            "found_open": written[1],
        }
    )
    counted = ~np.isin(course, _NO_CASE)
    state = np.where(course == _IN_HOURS, MET, MISSED)[counted].astype(object)
    cases = cases_of("open_as_advertised", places.force, ids[counted], visited[counted], state)
    return {"counter_visits": rows}, cases
