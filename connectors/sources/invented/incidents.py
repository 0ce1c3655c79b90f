"""The log `incidents`: what becomes of calls and of what officers and partners report."""

from __future__ import annotations

import numpy as np
import pandas as pd

from checks.logs import LOGS
from connectors.sources.invented.calls import Calls
from connectors.sources.invented.incident_plan import plan_incidents
from connectors.sources.invented.incident_states import Incidents
from connectors.sources.invented.incident_times import EVENTS, give_times
from connectors.sources.invented.load import Load
from connectors.sources.invented.places import Places
from connectors.sources.invented.planted import ETA_GIVEN, FINAL_EMPTY, GRADES, REGRADED, SETTING_CHANGED
from connectors.sources.invented.window import Array, Moments, Window, moment, moments_of, nothing
from connectors.sources.invented.writing import flag_text, local_text, wall_text

_NO_NEIGHBOURHOOD = 0.01


def invent_incidents(
    calls: Calls, places: Places, window: Window, load: Load, size: float, rng: np.random.Generator
) -> Incidents:
    """The incidents of one force over the window."""
    plan = plan_incidents(calls, places, window, load, size, rng)
    share = plan["promise"].map(ETA_GIVEN).fillna(ETA_GIVEN["other"]).to_numpy()
    # Nobody is sent for advice, and who is still waiting in an open record was told nothing yet.
    could_be_told = ((plan["promise"] != "advice") & (plan["course"] != "left_open")).to_numpy()
    plan["eta_given"] = (rng.random(len(plan)) < share) & could_be_told
    give_times(plan, rng)
    return Incidents(places.force, plan, moment(window.as_at))


def incident_rows(incidents: Incidents, places: Places, rng: np.random.Generator) -> pd.DataFrame:
    """The rows of the log as text, in local time; what happened after `as_at` is not yet in them."""
    plan = incidents.plan
    placed = rng.random(len(plan)) >= _NO_NEIGHBOURHOOD
    rows = {
        "incident_id": plan["incident_id"],
        "force": incidents.force,
        "area": places.area[plan["place"]],
        "neighbourhood": np.where(placed, places.code[plan["place"]], ""),
        "call_id": plan["call_id"],
        "origin": plan["origin"],
        "received_at": local_text(moments_of(plan, "received_at")),
        "grade_first": plan["grade"],
        "grade_final": _final(plan["grade"], GRADES, REGRADED, rng),
        "setting_first": plan["setting"],
        "setting_final": _final(plan["setting"], ("urban", "rural"), SETTING_CHANGED, rng),
        "vulnerable": _flag(plan["vulnerable"], rng),
        "neighbourhood_priority": _flag(plan["priority"], rng),
        "eta_given": _flag(plan["eta_given"], rng),
        "appointment_at": wall_text(moments_of(plan, "appointment_at")),
        "appointment_requested_later": flag_text(plan["course"] == "asked_later"),
        "duplicate_of": plan["duplicate_of"],
    }
    rows |= {name: local_text(_known(incidents, name)) for name in EVENTS}
    return pd.DataFrame(rows)[[column.name for column in LOGS["incidents"].columns]]


def _known(incidents: Incidents, event: str) -> Moments:
    moments = moments_of(incidents.plan, event)
    return np.where(moments > incidents.as_at, nothing(len(moments)), moments)


def _final(first: pd.Series, values: tuple[str, ...], changed: float, rng: np.random.Generator) -> Array:
    """What was set in the end: mostly the same, sometimes another, sometimes not recorded."""
    drawn = rng.random(len(first))
    other = rng.choice(np.array(values, dtype=object), len(first))
    return np.select([drawn < changed, drawn > 1 - FINAL_EMPTY], [other, ""], first).astype(object)


def _flag(values: pd.Series, rng: np.random.Generator) -> Array:
    """`true`, and for no either `false` or nothing."""
    written = flag_text(values)
    written[~values.to_numpy() & (rng.random(len(values)) < 0.3)] = ""
    return written
