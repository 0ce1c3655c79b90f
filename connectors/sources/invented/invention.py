"""Invent the logs of a number of forces over a number of days, and write them with their truth into a folder."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from checks.errors import UsageError
from checks.logs import LOGS
from connectors.sources.invented.calls import call_cases, call_rows, invent_calls
from connectors.sources.invented.counter_visits import counter_visits
from connectors.sources.invented.dissatisfactions import dissatisfactions
from connectors.sources.invented.duties import duties
from connectors.sources.invented.explained import owed_explanations
from connectors.sources.invented.incident_states import incident_cases
from connectors.sources.invented.incidents import incident_rows, invent_incidents
from connectors.sources.invented.load import Load
from connectors.sources.invented.meetings import meetings
from connectors.sources.invented.messages import messages
from connectors.sources.invented.places import Places
from connectors.sources.invented.planted import BIGGEST_FORCE, DEFAULT_FORCE, SMALLEST_FORCE
from connectors.sources.invented.spoilt import with_odd_rows
from connectors.sources.invented.surveys import surveys
from connectors.sources.invented.team_pages import team_pages
from connectors.sources.invented.truth import Truth
from connectors.sources.invented.updates import updates
from connectors.sources.invented.victims import victims
from connectors.sources.invented.window import Window
from connectors.sources.invented.writing import write

Inventor = Callable[[Places, Window, Load, float, np.random.Generator], tuple[dict[str, pd.DataFrame], pd.DataFrame]]
# What is invented beside calls and their incidents: each a function that gives the rows of its log (or logs) and
# their cases, drawn from a stream of its own, named after the function, so that another one changes nothing.
INVENTED: tuple[Inventor, ...] = (
    messages,
    duties,
    team_pages,
    meetings,
    updates,
    counter_visits,
    victims,
    dissatisfactions,
    surveys,
)


@dataclass(frozen=True)
class _Force:
    """One force's rows by log, and the states of its cases."""

    slug: str
    rows: dict[str, pd.DataFrame]
    cases: pd.DataFrame


def invent(folder: Path, forces: Sequence[str], days: int, seed: int, until: date, size: float | None = None) -> Truth:
    """Write a file per log (`calls.csv`, `victim_cases.csv` …) and `truth.json` into `folder`.

    Args:
        forces: police.uk slugs; all share each file. A force's rows depend on its slug and the seed only.
        days: how many local days (Europe/London), the last of them `until`. Judge them at the truth's `as_at`.
        seed: the same seed gives the same files, byte for byte.
        size: of every force, 1 = about 900 calls a day; None = each has its own.

    Returns:
        What was planted, as `truth.json` says it, and the state of every case.

    Raises:
        UsageError: no force, a force twice, fewer than one day, a seed below zero, or a folder that cannot be written.
    """
    _refuse(forces, seed)
    window = Window.ending(until, days)
    load = Load.over(window)
    invented = [_force(slug, window, load, seed, size) for slug in forces]
    files: dict[str, pd.DataFrame | str] = {}
    counts: dict[str, dict[str, Any]] = {}
    for log in (log for log in LOGS if log in invented[0].rows):
        files[f"{log}.csv"], counts[log] = _together(log, invented, window, seed)
    cases = pd.concat([force.cases for force in invented], ignore_index=True)
    cases = pd.concat([cases, owed_explanations(cases, window.as_at)], ignore_index=True)
    truth = Truth(tuple(forces), seed, window, counts, cases)
    write(folder, {**files, "truth.json": truth.to_json()})
    return truth


def _refuse(forces: Sequence[str], seed: int) -> None:
    if not forces or len(set(forces)) < len(forces):
        raise UsageError("invented logs", "no force, or one named twice", "different slugs", "Name each once.")
    if seed < 0:
        raise UsageError("invented logs", f"the seed {seed}", "a whole number from 0", "Choose another seed.")


def _force(slug: str, window: Window, load: Load, seed: int, size: float | None) -> _Force:
    rng = _generator(seed, slug)
    own_size = 1.0 if slug == DEFAULT_FORCE else float(rng.uniform(SMALLEST_FORCE, BIGGEST_FORCE))
    size = own_size if size is None else size
    places = Places.of(slug, window)
    calls = invent_calls(places, window, load, size, rng)
    incidents = invent_incidents(calls, places, window, load, size, rng)
    rows = {
        "calls": call_rows(calls, places, rng),
        "incidents": incident_rows(incidents, places, rng),
        "neighbourhoods": places.rows(),
    }
    cases = [call_cases(calls), incident_cases(incidents)]
    for invented in INVENTED:
        more_rows, more_cases = invented(places, window, load, size, _generator(seed, f"{slug}/{invented.__name__}"))
        rows |= more_rows
        cases.append(more_cases)
    return _Force(slug, rows, pd.concat(cases, ignore_index=True))


def _together(log: str, forces: list[_Force], window: Window, seed: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    """One file of all forces; only the first has spoilt rows, so that it stays fit."""
    first, *others = forces
    rows, counts = with_odd_rows(log, first.slug, first.rows[log], window, _generator(seed, log))
    rows = pd.concat([rows, *(force.rows[log] for force in others)], ignore_index=True)
    columns = [column.name for column in LOGS[log].columns]
    return rows[columns], {**counts, "written": len(rows)}


def _generator(seed: int, purpose: str) -> np.random.Generator:
    """A stream of its own for each purpose, so that adding a force or a log changes no other."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])
