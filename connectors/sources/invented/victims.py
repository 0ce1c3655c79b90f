"""The logs `victim_cases` and `victim_contacts`, what the planned cases are, and the events in them."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from checks.logs import LOGS
from connectors.sources.invented.diary import (
    Decided,
    Decision,
    Wall,
    cases_of_walls,
    first_of_all,
    judged_from,
    known_at,
    known_text,
    moments,
)
from connectors.sources.invented.drawing import keys
from connectors.sources.invented.load import Load
from connectors.sources.invented.places import Places
from connectors.sources.invented.planted import EXCLUDED, MET, MISSED, UNKNOWN
from connectors.sources.invented.victim_events import plan_events
from connectors.sources.invented.victim_plan import AGREEMENT_DAYS, VictimCase, plan_victims
from connectors.sources.invented.window import Window
from connectors.sources.invented.writing import local_text

_METHODS = ("phone", "letter", "email", "visit")


def victims(
    places: Places, window: Window, _load: Load, size: float, rng: np.random.Generator
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """`victim_cases`, `victim_contacts` and `victim_events` by log, and their cases."""
    as_at, planned = judged_from(window), plan_victims(places, window, size, rng)
    events = plan_events(places.force, planned, window, rng)
    rows = {
        "victim_cases": _case_rows(planned, places, as_at),
        "victim_contacts": _contact_rows(planned, places, as_at, rng),
        "victim_events": events.rows(places.force, as_at),
    }
    agreed = [Decided(case.crime_id, case.opened, _agreement(case, as_at)) for case in planned]
    cases = [
        cases_of_walls("contact_agreed", places.force, agreed),
        cases_of_walls("victim_updated", places.force, _intervals(planned, as_at)),
        events.cases(places.force, as_at),
    ]
    return rows, pd.concat(cases, ignore_index=True)


def _agreement(case: VictimCase, as_at: Wall) -> Decision:
    if case.closed is not None and case.closed < case.opened:
        return Decision(UNKNOWN, "", None)
    if case.agreed is not None and case.agreed < case.opened:
        return Decision(UNKNOWN, "", None)
    return first_of_all(
        as_at,
        (case.agreed, MET, ""),
        (case.declined, EXCLUDED, "declined"),
        (case.closed, MISSED, ""),
        (case.opened + timedelta(days=AGREEMENT_DAYS), MISSED, ""),
    )


def _intervals(planned: list[VictimCase], as_at: Wall) -> list[Decided]:
    """The intervals that have begun, each by its case and its beginning in UTC."""
    begun = [(case, *each) for case in planned for each in case.intervals() if each[0] <= as_at]
    starts = np.datetime_as_string(moments([begin for _, begin, _ in begun]), unit="s")
    return [
        Decided(f"{case.crime_id}/{start}Z", begin, _interval(case, begin, stop, as_at))
        for start, (case, begin, stop) in zip(starts, begun, strict=True)
    ]


def _interval(case: VictimCase, begin: Wall, stop: Wall | None, as_at: Wall) -> Decision:
    # A case closed before it was opened: nothing can be said of it.
    if case.closed is not None and case.closed < case.opened:
        return Decision(UNKNOWN, "", None)
    return first_of_all(
        as_at,
        (stop, MET, ""),
        (case.declined, EXCLUDED, "declined"),
        (case.until, EXCLUDED, "closed"),
        (case.closed, EXCLUDED, "closed"),
        (case.due_after(begin), MISSED, ""),
    )


def _case_rows(planned: list[VictimCase], places: Places, as_at: Wall) -> pd.DataFrame:
    where = np.array([case.place for case in planned], dtype=int)
    agreed = [known_at(case.agreed, as_at) is not None for case in planned]
    said = {True: "true", False: "false", None: ""}
    rows = {
        "crime_id": [case.crime_id for case in planned],
        "force": places.force,
        "area": places.area[where],
        "neighbourhood": places.code[where],
        "opened_at": known_text([case.opened for case in planned], as_at),
        "agreed_at": known_text([case.agreed for case in planned], as_at),
        "update_every_days": [
            str(case.every_days or "") if known else "" for case, known in zip(planned, agreed, strict=True)
        ],
        # A planned time: it is in the record from the day it was agreed.
        "update_until": local_text(moments([case.until for case in planned])),
        "updates_declined_at": known_text([case.declined for case in planned], as_at),
        "enhanced_rights": [said[case.enhanced] for case in planned],
        "closed_at": known_text([case.closed for case in planned], as_at),
    }
    return pd.DataFrame(rows)[[column.name for column in LOGS["victim_cases"].columns]]


def _contact_rows(planned: list[VictimCase], places: Places, as_at: Wall, rng: np.random.Generator) -> pd.DataFrame:
    made = [(case.crime_id, wall) for case in planned for wall in (*case.stops, *case.stray) if wall <= as_at]
    contacted = [wall for _, wall in made]
    recorded = [wall + timedelta(hours=int(rng.integers(0, 4))) for wall in contacted]
    rows = {
        "contact_id": keys(places.force, "K", len(made)),
        "force": places.force,
        "crime_id": [crime_id for crime_id, _ in made],
        "contacted_at": known_text(contacted, as_at, utc=True),
        "recorded_at": known_text(recorded, as_at, utc=True),
        "method": rng.choice(np.array(_METHODS, dtype=object), len(made)),
    }
    return pd.DataFrame(rows)
