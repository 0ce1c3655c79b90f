"""The lake: one Delta table per log, partitioned by force and month, and one of judged cases; every version is kept."""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from checks.errors import NotAnsweringError, UsageError
from checks.logs import LOGS
from connectors.lake.schema import partitions, schema_of

# Delta's own clean-up (30 days by default) would take old versions away; erasure is the only vacuum there is.
_KEEP_EVERYTHING = {
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
}
# What a table's description says of the key by which its references were made pseudonyms.
PSEUDONYMS = "references are pseudonyms of key "
_TRIES = 8
_AN_HOUR = 3600.0

T = TypeVar("T")


# What delta-rs or DuckDB would read as something else in a folder's path: escapes, patterns, partition values.
_ODD = re.compile(r"[%*?\[\]^|\\]|^(force|month|standard|measure)=")


class Lake:
    """The Delta tables below one folder (or object-store URL that delta-rs reads)."""

    def __init__(self, location: str) -> None:
        self.location = location.rstrip("/") or "/"
        self.pseudonyms = ""  # the fingerprint of the key under which new tables are filled; '' = references as given
        self._newest: dict[str, DeltaTable] = {}
        self._listed: dict[tuple[str, int], pa.Table] = {}
        self._compared: dict[tuple[str | int | None, ...], set[tuple[str, ...]]] = {}
        if "://" in location:
            return
        odd = next((part for part in Path(location).absolute().parts[1:] if _ODD.search(part)), "")
        if odd:
            raise UsageError(
                f"lake {location}",
                f"{odd} is in its path",
                "a path without % * ? [ ] ^ | \\ and without folders like force=…",
                "Set --lake or PLEDGE_LAKE to another folder.",
            )
        try:
            Path(location).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(error.strerror or "unknown reason") from error

    def _unusable(self, why: str) -> UsageError:
        return UsageError(
            f"lake {self.location}",
            f"the folder cannot be used ({why})",
            "a folder this user may write to",
            "Set --lake or PLEDGE_LAKE to another folder, or mend its permissions.",
        )

    def unreadable(self, name: str, forces: Iterable[str]) -> NotAnsweringError:
        """What is said of a damaged or missing file of these forces."""
        return NotAnsweringError(
            f"lake table {self._uri(name)}",
            f"a file of {', '.join(sorted(forces))} cannot be read",
            "whole Parquet files",
            "Restore it, then run again: what else could be done is done.",
        )

    def _uri(self, name: str) -> str:
        return f"{self.location}/{name}"

    def table(self, name: str, version: int | None = None) -> DeltaTable | None:
        """The Delta table of a log (or `cases`), at a version or the newest; None where nothing was ever admitted."""
        newest = self._newest.get(name)
        try:
            if version is not None:
                held = newest is not None and newest.version() == version
                return newest if held else DeltaTable(self._uri(name), version=version)
            if newest is not None:
                newest.update_incremental()  # a table of many files takes long to open
                return newest
            self._newest[name] = DeltaTable(self._uri(name))
            return self._newest[name]
        except TableNotFoundError:
            return None
        except (DeltaError, OSError) as error:
            self._newest.pop(name, None)
            raise NotAnsweringError(
                f"lake table {self._uri(name)}",
                "it cannot be opened",
                "a Delta table",
                "Check the lake's address and rights.",
            ) from error

    def _created(self, name: str) -> DeltaTable:
        return DeltaTable.create(
            self._uri(name),
            schema=schema_of(name),
            partition_by=partitions(name),
            mode="ignore",
            configuration=_KEEP_EVERYTHING,
            description=f"{PSEUDONYMS}{self.pseudonyms}" if self.pseudonyms and name in LOGS else None,
        )

    def forget(self, name: str) -> None:
        """Open a table anew the next time: its log was written over."""
        self._newest.pop(name, None)
        self._unlist(name)
        self._compared.clear()

    def versions(self) -> dict[str, int]:
        """The present version of every log that has one: what a run pins before it judges."""
        found = {name: self.table(name) for name in LOGS}
        return {name: table.version() for name, table in found.items() if table is not None}

    def files(self, name: str, version: int | None = None, **partition: Iterable[str]) -> list[str]:
        """The Parquet files of a table, of the partition values given (`force=["norfolk"]`); sorted."""
        return self.paths(name, self.actions(name, version, **partition))

    def paths(self, name: str, actions: pa.Table) -> list[str]:
        """The files some of `actions` are of; sorted."""
        # Delta writes paths as URLs: what the disk calls %20 is %2520 there.
        return sorted(f"{self._uri(name)}/{unquote(path)}" for path in actions["path"].to_pylist())

    def changed_slices(self, since: int | None, version: int) -> list[tuple[str, ...]]:
        """The (standard, measure, force) of `cases` whose files differ between two versions (`since` None: all)."""
        return sorted({each[:3] for each in self.changed_cases(since, version)})

    def changed_cases(self, since: int | None, version: int) -> set[tuple[str, ...]]:
        """The (standard, measure, force, month) of `cases` whose files differ between two versions."""
        return self._changed("cases", since, version, ("standard", "measure", "force", "month"))

    def changed_months(self, name: str, since: int | None, version: int, force: str) -> set[str]:
        """The months of a log in which a force's files differ between two versions (`since` None: all it has)."""
        return {month for of, month in self._changed(name, since, version, ("force", "month")) if of == force}

    def _changed(self, name: str, since: int | None, version: int, columns: Sequence[str]) -> set[tuple[str, ...]]:
        key = name, since, version, *columns
        if key not in self._compared:  # to list an old version takes long
            now = _files_by(self.actions(name, version), columns)
            before = _files_by(self.actions(name, since), columns) if since is not None else set()
            self._compared[key] = {each[1:] for each in now ^ before}
        return self._compared[key]

    def actions(self, name: str, version: int | None = None, **partition: Iterable[str]) -> pa.Table:
        """Delta's own list of a table's files with their partitions and statistics, of the partition values given."""
        actions = self._actions(name, version)
        for key, values in partition.items():
            wanted = pa.array(sorted(values), pa.string())
            actions = actions.filter(pc.is_in(actions[f"partition.{key}"].cast(pa.string()), wanted))
        return actions

    def _actions(self, name: str, version: int | None) -> pa.Table:
        table = self.table(name, version)
        if table is None:
            return pa.table({"path": [], **{f"partition.{key}": [] for key in partitions(name)}})
        key = name, table.version()
        if key not in self._listed:  # a table of many files takes long to list
            self._unlist(name)
            self._listed[key] = pa.table(table.get_add_actions(flatten=True))
        return self._listed[key]

    def _unlist(self, name: str) -> None:
        self._listed = {key: listed for key, listed in self._listed.items() if key[0] != name}

    def forces(self, versions: dict[str, int]) -> dict[str, set[str]]:
        """Which logs hold rows of which force: `{force: {log, …}}`."""
        held: dict[str, set[str]] = {}
        for name, version in versions.items():
            for force in self.actions(name, version)["partition.force"].unique().to_pylist():
                held.setdefault(force, set()).add(name)
        return held

    def sweep(self, name: str) -> list[str]:
        """Remove what killed writers left half-written: no vacuum does, and it holds delivered rows.

        Left alone is what another writer may still be writing: anything from the hour before the newest commit on.
        """
        folder = Path(self._uri(name))
        newest = max((_modified(path) for path in (folder / "_delta_log").glob("*.json")), default=0.0)
        leftovers = [path for path in folder.rglob("*.parquet#*") if _modified(path) < newest - _AN_HOUR]
        for path in leftovers:
            path.unlink(missing_ok=True)
        return sorted(path.name for path in leftovers)

    def change(self, name: str, act: Callable[[DeltaTable], T]) -> T:
        """Act on the newest version of a table (created when absent), again when another writer was faster.

        Raises NotAnsweringError when the table cannot be written, or others were faster every time.
        """
        for attempt in range(_TRIES):
            try:
                return act(self.table(name) or self._created(name))
            except CommitFailedError:
                self._newest.pop(name, None)
                time.sleep(0.05 * 2**attempt)
            except (DeltaError, OSError) as error:
                self._newest.pop(name, None)
                if "://" not in self.location and not os.access(self.location, os.W_OK):
                    raise self._unusable("it may be read only") from error
                raise NotAnsweringError(
                    f"lake table {self._uri(name)}",
                    "it cannot be written",
                    "a table this user may write to, and room on its disk",
                    "Mend that and run again: what is already there stays as it is.",
                ) from error
        raise NotAnsweringError(
            f"lake table {self._uri(name)}",
            f"{_TRIES} commits lost to other writers",
            "one that goes through",
            "Run again when fewer runs write at once.",
        )


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another writer has just given it its name
        return math.inf


def _files_by(actions: pa.Table, columns: Sequence[str]) -> set[tuple[str, ...]]:
    named = [actions["path"], *(actions[f"partition.{name}"] for name in columns)]
    return set(zip(*(column.to_pylist() for column in named), strict=True))


def months_from(actions: pa.Table, day: date | None) -> pa.Table:
    """The files among some actions of the months from the day's on, None = all."""
    if day is None:
        return actions
    return actions.filter(pc.greater_equal(actions["partition.month"].cast(pa.string()), f"{day:%Y-%m}"))


def one_writer(table: DeltaTable, of: str, said: dict[str, str] | None = None) -> CommitProperties:
    """Makes a commit fail when another writer with the same `of` was faster, whichever months either touched.

    Without it two corrections of one row, filed under different months at the same time, would both stand.

    Args:
        said: what the table's history keeps with the commit.
    """
    return CommitProperties(
        custom_metadata=said, app_transactions=[Transaction(app_id=of, version=table.version() + 1)]
    )


def in_list(values: Sequence[str]) -> str:
    """Text values as a SQL list, for the literals a Delta predicate must hold to prune and not to conflict."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)
