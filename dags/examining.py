"""Examining: a delivery as its fitness suite sees it, before anything is stored.

The readers (`connectors`) and the fitness suites (`expectations`) do not know each other; they meet here. The same
reading serves `pledge run`, the nightly DAG and the dry run `pledge check`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from checks.errors import NotFitError
from checks.logs import DELETED, LOGS, Column, Kind, Log
from checks.printable import clipped
from connectors.lake.pseudonyms import Pseudonyms
from connectors.lake.staging import Staged, stage
from connectors.sources.delivery import Delivery, Source
from connectors.sources.file import open_delivery
from dags.delivered import FIT, UNFIT
from expectations.quality import RuleResult, delivery_fitness, fitness, merged

SEVERAL = "all"


@dataclass(frozen=True)
class Quarantined:
    """One row refused by one rule; `kept_values` are the contract columns as delivered."""

    row_number: int
    key: str
    rule: str
    sentence: str
    kept_values: dict[str, str]


@dataclass
class Examined:
    """A delivery as the fitness suite saw it, before anything is stored; `rows_deleted` are marked as deleted."""

    fitness: str
    reason: str = ""
    force: str = SEVERAL
    forces: frozenset[str] = frozenset()
    rows_read: int = 0
    rows_deleted: int = 0
    columns: tuple[str, ...] = ()
    quarantined: list[Quarantined] = field(default_factory=list)
    results: list[RuleResult] = field(default_factory=list)
    covers_from: datetime | None = None
    covers_to: datetime | None = None
    sha256: str = ""

    @property
    def refused_rows(self) -> set[int]:
        return {row.row_number for row in self.quarantined}


@dataclass(frozen=True)
class Earlier:
    """Earlier deliveries of this source and log: how many rows the fit ones had (oldest first), and the ids of all."""

    row_counts: tuple[int, ...] = ()
    ids: tuple[str, ...] = ()


def examine(
    source: Source,
    path: Path,
    folder: Path,
    as_at: datetime,
    earlier: Earlier,
    scheduled: bool,
    pseudonyms: Pseudonyms | None = None,
) -> tuple[Examined, Staged | None]:
    """Read one delivery into `folder` and judge its fitness; stores nothing.

    Args:
        scheduled: whether age and row count are judged too (a file handed in by name is never unfit for those).
    """
    log = LOGS[source.log]
    try:
        delivery = open_delivery(source, path)
        staged = stage(delivery, log, folder, pseudonyms)
    except NotFitError as error:
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        return Examined(UNFIT, str(error), source.force or SEVERAL, sha256=digest), None
    seen = _examine_rows(delivery, log, staged, as_at)
    seen.results += delivery_fitness(
        log,
        staged.columns,
        staged.rows_read,
        len(seen.refused_rows),
        earlier.row_counts if scheduled else (),
        source.expected if scheduled else None,
        _age_hours(path, as_at) if scheduled else None,
    )
    broken = [
        result
        for result in seen.results
        if not result.success and result.column == "" and result.severity == "critical"
    ]
    if broken:
        seen.fitness, seen.reason = UNFIT, "; ".join(result.detail for result in broken)
    return seen, staged


def _age_hours(path: Path, as_at: datetime) -> float:
    return (as_at.timestamp() - path.stat().st_mtime) / 3600


def overdue(source: Source, path: Path, as_at: datetime) -> str:
    """Why a delivery that brought nothing new should have; '' where the source's description does not say when."""
    oldest = (source.expected or {}).get("max_age_hours")
    if not isinstance(oldest, int | float):
        return ""
    if not path.is_file():
        return f"There is no file; expected one at most {oldest:g} hours old."
    age = _age_hours(path, as_at)
    return f"The delivery is {age:.1f} hours old; expected at most {oldest:g}." if age > oldest else ""


def _examine_rows(delivery: Delivery, log: Log, staged: Staged, as_at: datetime) -> Examined:
    local_date = as_at.astimezone(ZoneInfo(delivery.source.zone)).date()
    seen = Examined(FIT, rows_read=staged.rows_read, columns=staged.columns, sha256=delivery.sha256)
    seen.quarantined = [
        Quarantined(r.row_number, "", r.rule, r.sentence, _kept(r.kept_values)) for r in staged.refusals
    ]
    results: list[RuleResult] = []
    forces: set[str] = set()
    for deleted, frame in _judged_alike(staged):
        # Of a record that is marked as deleted nothing but its key matters.
        chunk_results, failures = fitness(log, log.keys if deleted else staged.columns, frame, as_at, local_date)
        results += chunk_results
        forces.update(frame["force"].dropna().unique())
        if deleted:
            seen.rows_deleted += len(frame)
        else:
            _widen(seen, log, frame, [f.position for f in failures if f.rule in _IMPOSSIBLE[log.name]])
        if failures:
            values = _delivered_values(log, staged.columns, frame, sorted({f.position for f in failures}))
            for failure in failures:
                kept = _kept(values[failure.position])
                row_number = int(frame["row_number"].iloc[failure.position])
                key = "/".join(kept.get(name, "") for name in log.keys if name != "force")
                seen.quarantined.append(Quarantined(row_number, key, failure.rule, failure.sentence, kept))
    seen.results = merged(results)
    seen.forces = frozenset(forces)
    seen.force = forces.pop() if len(forces) == 1 else SEVERAL
    return seen


def _kept(values: Mapping[str, str]) -> dict[str, str]:
    """Enough of each value to find it at its source: a cell may hold megabytes."""
    return {name: clipped(value) for name, value in values.items()}


def _judged_alike(staged: Staged) -> Iterator[tuple[bool, pd.DataFrame]]:
    """The delivered rows, those marked as deleted apart from the others."""
    for frame in staged.chunks():
        if not staged.marks:
            yield False, frame
            continue
        marked = frame[DELETED].fillna(False).astype(bool)
        for deleted, rows in ((False, frame[~marked]), (True, frame[marked])):
            if len(rows):
                yield deleted, rows


# A row of such a date says nothing of the days a delivery is about.
_IMPOSSIBLE = {log.name: (f"future:{log.dated_by}", f"before_1990:{log.dated_by}") for log in LOGS.values()}


def _widen(seen: Examined, log: Log, frame: pd.DataFrame, impossible: list[int]) -> None:
    """Widen the span of the delivery by the rows of a frame."""
    if log.dated_by not in frame:
        return
    dates = pd.to_datetime(frame[log.dated_by].drop(frame.index[impossible]).dropna(), utc=True)
    if len(dates):
        first, last = dates.min().to_pydatetime(), dates.max().to_pydatetime()
        seen.covers_from = min(first, seen.covers_from or first)
        seen.covers_to = max(last, seen.covers_to or last)


def _delivered_values(
    log: Log, columns: tuple[str, ...], frame: pd.DataFrame, positions: list[int]
) -> dict[int, dict[str, str]]:
    """The contract values of some rows as text: as delivered where one could not be read, else as understood."""
    kept: dict[int, dict[str, str]] = {}
    for position in positions:
        row = frame.iloc[position]
        if isinstance(row["delivered"], str):
            kept[position] = json.loads(row["delivered"])
        else:
            kept[position] = {
                name: _as_text(log.by_name[name], row[name]) for name in columns if not pd.isna(row[name])
            }
    return kept


def _as_text(column: Column, value: object) -> str:
    if column.kind is Kind.MOMENT and isinstance(value, pd.Timestamp):
        return value.isoformat()
    if column.kind is Kind.DATE and isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return str(value).lower() if column.kind is Kind.FLAG else str(value)


def troubles(seen: Examined) -> Iterator[dict[str, object]]:
    """What `pledge check` prints, row by row."""
    for row in sorted(seen.quarantined, key=lambda row: (row.row_number, row.rule)):
        yield {"row_number": row.row_number, "key": row.key, "rule": row.rule, "sentence": row.sentence}
