"""What a run finds beside its figures: integrity signals, and where the delay is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from checks.database import connect
from checks.feeds import ALL
from checks.integrity import run as look_for
from checks.integrity import signals, strongest
from checks.judging import Window, prepare
from checks.logs import LOGS
from checks.stages import stages
from checks.standard import Standard, same_title
from connectors.lake.cases import read_cases
from connectors.lake.tables import Lake
from connectors.settings import Settings
from connectors.store.findings import record_delays, record_signals
from dags.feeds import UNREADABLE
from dags.plan import Plan, zones

Row = dict[str, Any]


@dataclass(frozen=True)
class Findings:
    """Rows of `integrity_signals` and `delays`, and the forces one of whose files could not be read."""

    signals: Sequence[Row] = field(default_factory=list)
    delays: Sequence[Row] = field(default_factory=list)
    unread: frozenset[str] = frozenset()


def look(
    plan: Plan,
    settings: Settings,
    lake: Lake,
    versions: dict[str, int],
    cases: int | None,
    standards: Sequence[Standard],
) -> Findings:
    """Look into the logs of all forces at these versions, and their cases under the run's first standard.

    A force one of whose files cannot be read is left out; what the store says of it stands.
    """
    named = [each.name for each in standards if same_title(each.title) == same_title(standards[0].title)]
    every = sorted(lake.forces(versions))
    try:
        return _look(plan, settings, lake, versions, cases, named, every)
    except UNREADABLE:
        readable: list[str] = []
        for force in every:
            with suppress(*UNREADABLE):
                _look(plan, settings, lake, versions, cases, named, [force])
                readable.append(force)
        found = _look(plan, settings, lake, versions, cases, named, readable)
        return replace(found, unread=frozenset(every) - frozenset(readable))


def _look(
    plan: Plan,
    settings: Settings,
    lake: Lake,
    versions: dict[str, int],
    cases: int | None,
    standards: Sequence[str],
    forces: Sequence[str],
) -> Findings:
    if not forces:
        return Findings()
    files = {log: lake.files(log, version, force=forces) for log, version in versions.items() if log in LOGS}
    con = connect()
    try:
        prepare(con, plan.window, zones(settings, forces), files)
        read_cases(con, lake.files("cases", cases, standard=standards, force=forces), "kept_cases")
        found = [row for name in signals() for row in look_for(con, name)]
        return Findings(strongest(found), stages(con))
    finally:
        con.close()


def record(conn: Connection, plan: Plan, found: Findings, forces: Sequence[str]) -> None:
    """Write what differs from what the store says of the forces a run records.

    A signal is of everything admitted and a stage of a whole month: a run limited to some days says nothing of the
    first, and of the second only what lies inside its days.
    """
    told = set(forces) - found.unread - {ALL}
    window = plan.window
    if window.first_day is None and window.last_day is None:
        record_signals(conn, plan.run_id, [row for row in found.signals if row["force"] in told], told)
    delays = [{**row, "period_start": row["month"]} for row in found.delays if row["force"] in told]
    record_delays(conn, plan.run_id, delays, told, lambda month: is_whole(month, window))


def is_whole(month: date, window: Window) -> bool:
    """Whether all of a month (its first day), as far as it has come by `as_at`, lies inside the run's days."""
    last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    begins = window.first_day is None or window.first_day <= month
    return begins and (window.last_day is None or window.last_day >= min(last, window.as_at.date()))
