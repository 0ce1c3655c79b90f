"""The lake: one Delta table per log, partitioned by force and month; every version is kept.

A row carries, beside its contract columns, where it came from (`delivery_id`, `row_number`) and which columns its
source does not deliver at all (`lacks`, qualified and comma separated), so that "not delivered" is never mistaken
for "not recorded".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from checks.errors import NotAnsweringError, UsageError
from checks.logs import LOGS, Kind, Log

UNDATED = "undated"
PROVENANCE = ("delivery_id", "row_number", "lacks", "month")

# Delta's own clean-up (30 days by default) would take old versions away; erasure is the only vacuum there is.
_KEEP_EVERYTHING = {
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
}
_TRIES = 8

_ARROW_TYPES = {
    Kind.MOMENT: pa.timestamp("us", "UTC"),
    Kind.DATE: pa.date32(),
    Kind.COUNT: pa.int32(),
    Kind.FLAG: pa.bool_(),
}

CASES = pa.schema(
    [
        ("standard", pa.string()),
        ("measure", pa.string()),
        ("force", pa.string()),
        ("month", pa.string()),
        ("case_id", pa.string()),
        ("area", pa.string()),
        ("neighbourhood", pa.string()),
        ("state", pa.string()),
        ("reason", pa.string()),
        ("clock_started_at", pa.timestamp("us", "UTC")),
        ("limit_seconds", pa.float64()),
        ("due_at", pa.timestamp("us", "UTC")),
        ("clock_stopped_at", pa.timestamp("us", "UTC")),
        ("elapsed_seconds", pa.float64()),
        ("part", pa.int64()),
        ("whole", pa.int64()),
        ("covers", pa.string()),
        ("local_day", pa.date32()),
        ("unjudgeable", pa.bool_()),
        ("outside_force_dates", pa.bool_()),
        ("first_run", pa.string()),
        ("last_changed_run", pa.string()),
    ]
)

T = TypeVar("T")


def log_schema(log: Log) -> pa.Schema:
    """The Arrow and Delta schema of a log: its contract columns, then where the row came from."""
    columns = [(column.name, _ARROW_TYPES.get(column.kind, pa.string())) for column in log.columns]
    return pa.schema(
        [
            *columns,
            ("delivery_id", pa.string()),
            ("row_number", pa.int64()),
            ("lacks", pa.string()),
            ("month", pa.string()),
        ]
    )


class Lake:
    """The Delta tables below one folder (or object-store URL that delta-rs reads)."""

    def __init__(self, location: str) -> None:
        self.location = location.rstrip("/")
        if "://" not in location:
            try:
                Path(location).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(
                    f"lake {location}",
                    f"the folder cannot be used ({error.strerror})",
                    "a folder this user may write to",
                    "Set --lake or PLEDGE_LAKE to another folder, or mend its permissions.",
                ) from error

    def _uri(self, name: str) -> str:
        return f"{self.location}/{name}"

    def table(self, name: str, version: int | None = None) -> DeltaTable | None:
        """The Delta table of a log (or `cases`), at a version or the newest; None where nothing was ever admitted."""
        try:
            return DeltaTable(self._uri(name), version=version)
        except TableNotFoundError:
            return None
        except (DeltaError, OSError) as error:
            raise NotAnsweringError(
                f"lake table {self._uri(name)}",
                "it cannot be opened",
                "a Delta table",
                "Check the lake's address and rights.",
            ) from error

    def _created(self, name: str) -> DeltaTable:
        schema, parts = (
            (CASES, ["standard", "measure", "force", "month"])
            if name == "cases"
            else (
                log_schema(LOGS[name]),
                ["force", "month"],
            )
        )
        return DeltaTable.create(
            self._uri(name), schema=schema, partition_by=parts, mode="ignore", configuration=_KEEP_EVERYTHING
        )

    def versions(self) -> dict[str, int]:
        """The present version of every log that has one: what a run pins before it judges."""
        found = {name: self.table(name) for name in LOGS}
        return {name: table.version() for name, table in found.items() if table is not None}

    def files(self, name: str, version: int | None = None, **partition: Iterable[str]) -> list[str]:
        """The Parquet files of a table, of the partition values given (`force=["norfolk"]`); sorted."""
        actions = self._actions(name, version)
        wanted = {f"partition.{key}": set(values) for key, values in partition.items()}
        kept = [a["path"] for a in actions if all(a[key] in values for key, values in wanted.items())]
        return sorted(f"{self.location}/{name}/{path}" for path in kept)

    def changed_slices(self, since: int | None, version: int) -> list[tuple[str, str, str]]:
        """The (standard, measure, force) of `cases` whose files differ between two versions (`since` None: all)."""
        now = {(a["path"], *_slice(a)) for a in self._actions("cases", version)}
        before = {(a["path"], *_slice(a)) for a in self._actions("cases", since)} if since is not None else set()
        return sorted({each[1:] for each in now ^ before})

    def _actions(self, name: str, version: int | None) -> list[dict[str, Any]]:
        table = self.table(name, version)
        return [] if table is None else pa.table(table.get_add_actions(flatten=True)).to_pylist()

    def forces(self, versions: dict[str, int]) -> dict[str, set[str]]:
        """Which logs hold rows of which force: `{force: {log, …}}`."""
        held: dict[str, set[str]] = {}
        for name, version in versions.items():
            for action in self._actions(name, version):
                held.setdefault(action["partition.force"], set()).add(name)
        return held

    def change(self, name: str, act: Callable[[DeltaTable], T]) -> T:
        """Act on the newest version of a table (created when absent), again when another writer was faster."""
        for attempt in range(_TRIES):
            table = self.table(name) or self._created(name)
            try:
                return act(table)
            except CommitFailedError:
                time.sleep(0.05 * 2**attempt)
        raise NotAnsweringError(
            f"lake table {self._uri(name)}",
            f"{_TRIES} commits lost to other writers",
            "one that goes through",
            "Run again when fewer runs write at once.",
        )


def _slice(action: dict[str, Any]) -> tuple[str, str, str]:
    return action["partition.standard"], action["partition.measure"], action["partition.force"]


def in_list(values: Sequence[str]) -> str:
    """Text values as a SQL list, for the literals a Delta predicate must hold to prune and not to conflict."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)
