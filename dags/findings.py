"""What a run finds beside its figures: integrity signals, and where the delay is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from operator import itemgetter
from typing import Any

import duckdb
from sqlalchemy import Connection

from checks.database import UNREADABLE, connect
from checks.feeds import ALL
from checks.integrity import run as look_for
from checks.integrity import signals, strongest
from checks.judging import Window, prepare
from checks.logs import LOGS
from checks.stages import stages as attendance_stages
from checks.standard import Standard, same_title
from connectors.lake.cases import read_cases
from connectors.lake.listing import months_from, names_of
from connectors.lake.tables import Lake
from connectors.settings import Settings
from connectors.store.findings import changed, none_stands, record_delays, record_signals
from connectors.store.tables import delays, integrity_signals
from dags.kept_out import frozen_before
from dags.look_back import files_back_to, first_day
from dags.plan import Plan, zones
from dags.sealing import sealed_manifest

Row = dict[str, Any]


@dataclass(frozen=True)
class Erasure:
    """The newest erasure: its run's number, and the Delta versions of the logs (and `cases`) it left."""

    run_number: int
    versions: Mapping[str, int]


@dataclass(frozen=True)
class SinceErasure:
    """The keys under which something else is found than right after the newest erasure. What is not among them was
    changed by the erasure alone, and what the store said of it before stands."""

    run_number: int
    signals: frozenset[tuple[Any, ...]]
    delays: frozenset[tuple[Any, ...]]

    def signal_stands(self, key: tuple[Any, ...], row: Mapping[str, Any]) -> bool:
        return key not in self.signals and row["run_number"] < self.run_number

    def delay_stands(self, key: tuple[Any, ...], row: Mapping[str, Any]) -> bool:
        return key not in self.delays and row["run_number"] < self.run_number


@dataclass(frozen=True)
class Findings:
    """Rows of `integrity_signals` and `delays`, the forces one of whose files could not be read, what of the records
    was erased, what changed since (None = nothing was erased), and the first month of the delays (None = the run's)."""

    signals: Sequence[Row] = field(default_factory=list)
    delays: Sequence[Row] = field(default_factory=list)
    unread: frozenset[str] = frozenset()
    erased: Sequence[Row] = ()
    since: SinceErasure | None = None
    stages_from: date | None = None


@dataclass(frozen=True)
class _Days:
    """The days of a run, and the first ones of its signals and of its stages, None = as the window has them."""

    window: Window
    signals_from: date | None
    stages_from: date | None


def newest_erasure(conn: Connection, erased: Sequence[Row], runs: Mapping[str, Row]) -> Erasure | None:
    """The newest of the records of erasures, with what its run left of the lake; None where nothing was erased."""
    last = max((runs[row["run_id"]] for row in erased), key=itemgetter("run_number"), default=None)
    if last is None:
        return None
    left = sealed_manifest(conn, last)["lake"]
    return Erasure(last["run_number"], {name: one["version"] for name, one in left.items()})


def look(
    plan: Plan,
    settings: Settings,
    lake: Lake,
    versions: dict[str, int],
    cases: int | None,
    standards: Sequence[Standard],
    erased: Sequence[Row] = (),
    erasure: Erasure | None = None,
    *,
    everything: bool = True,
) -> Findings:
    """Look into the logs of all forces at these versions, and their cases under the run's first standard.

    Signals are of the look-back, stages too unless the run states `everything`. A force one of whose files cannot be
    read is left out; what the store says of it stands.
    """
    is_window = bool(plan.first_day or plan.last_day)
    back = None if is_window else first_day(plan.moment)
    days = _Days(plan.window, back, None if everything else back)
    named = [each.name for each in standards if same_title(each.title) == same_title(standards[0].title)]
    every = sorted(lake.forces(versions))
    found = _look_at_readable(days, settings, lake, versions, cases, named, every)
    since = _since(erasure, found, days, settings, lake, {**versions, "cases": cases}, named)
    return replace(found, erased=erased, since=since, stages_from=days.stages_from)


def _since(
    erasure: Erasure | None,
    now: Findings,
    days: _Days,
    settings: Settings,
    lake: Lake,
    versions: Mapping[str, int | None],
    standards: Sequence[str],
) -> SinceErasure | None:
    if erasure is None:
        return None
    before = now
    if erasure.versions != versions:
        then = {name: version for name, version in erasure.versions.items() if name in versions}
        every = sorted(set(lake.forces({name: version for name, version in then.items() if name in LOGS})) - now.unread)
        before = _look_at_readable(days, settings, lake, then, then.get("cases"), standards, every)
    return SinceErasure(
        erasure.run_number,
        changed(integrity_signals, now.signals, before.signals),
        changed(delays, _by_period(now.delays), _by_period(before.delays)),
    )


def _by_period(rows: Sequence[Row]) -> list[Row]:
    return [{**row, "period_start": row["month"]} for row in rows]


def _look_at_readable(
    days: _Days,
    settings: Settings,
    lake: Lake,
    versions: Mapping[str, int],
    cases: int | None,
    standards: Sequence[str],
    every: Sequence[str],
) -> Findings:
    try:
        return _look(days, settings, lake, versions, cases, standards, every)
    except UNREADABLE:
        readable: list[str] = []
        for force in every:
            with suppress(*UNREADABLE):
                _look(days, settings, lake, versions, cases, standards, [force])
                readable.append(force)
        found = _look(days, settings, lake, versions, cases, standards, readable)
        return replace(found, unread=frozenset(every) - frozenset(readable))


def _look(
    days: _Days,
    settings: Settings,
    lake: Lake,
    versions: Mapping[str, int],
    cases: int | None,
    standards: Sequence[str],
    forces: Sequence[str],
) -> Findings:
    if not forces:
        return Findings()
    logs = {log: version for log, version in versions.items() if log in LOGS}
    con = connect()
    try:
        _lay_out(con, days.window, days.signals_from, settings, lake, logs, forces)
        actions = lake.actions("cases", cases, standard=standards, force=forces)
        read_cases(con, lake.at_hand("cases", names_of("cases", months_from(actions, days.signals_from))), "kept_cases")
        found = [row for name in signals() for row in look_for(con, name)]
        if days.stages_from != days.signals_from:
            _lay_out(con, days.window, days.stages_from, settings, lake, logs, forces)
        return Findings(strongest(found), attendance_stages(con))
    finally:
        con.close()


def _lay_out(
    con: duckdb.DuckDBPyConnection,
    window: Window,
    first: date | None,
    settings: Settings,
    lake: Lake,
    versions: Mapping[str, int],
    forces: Sequence[str],
) -> None:
    """Lay out what is looked at: the days of the window, or from `first` on where that is given."""
    files = (
        files_back_to(lake, first, versions, forces)
        if first
        else {log: lake.files(log, version, force=forces) for log, version in versions.items()}
    )
    prepare(con, replace(window, first_day=first or window.first_day), zones(settings, forces), files)


def record(conn: Connection, plan: Plan, found: Findings, forces: Sequence[str]) -> None:
    """Write what differs from what the store says of the forces a run records.

    A signal is of the whole look-back and a stage of a whole month: a run limited to some days says nothing of the
    first, and of the second only what lies inside its days. Months before the look-back are final.
    """
    told = set(forces) - found.unread - {ALL}
    window = plan.window
    if window.first_day is None and window.last_day is None:
        signals = [row for row in found.signals if row["force"] in told]
        record_signals(conn, plan.run_id, signals, told, found.since.signal_stands if found.since else none_stands)
    stages = [row for row in _by_period(found.delays) if row["force"] in told]
    least = found.stages_from or date.min
    erased = {force: frozen_before(found.erased, ("incidents", "calls"), force) or date.min for force in told}
    first = {force: max(day, least) for force, day in erased.items()}
    for day in sorted(set(first.values())):
        ours = {force for force in told if first[force] == day}
        rows = [row for row in stages if row["force"] in ours]
        stands = found.since.delay_stands if found.since else none_stands
        record_delays(conn, plan.run_id, rows, ours, partial(_is_judged, window, day), stands)


def _is_judged(window: Window, first: date, month: date) -> bool:
    """Whether a month was looked at as a whole: it lies in the window, and none of its records was erased by age."""
    return month >= first and is_whole(month, window)


def is_whole(month: date, window: Window) -> bool:
    """Whether all of a month (its first day), as far as it has come by `as_at`, lies inside the run's days."""
    last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    begins = window.first_day is None or window.first_day <= month
    return begins and (window.last_day is None or window.last_day >= min(last, window.as_at.date()))
