"""The lake: one Delta table per log, partitioned by force and month, and one of judged cases; every version is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from checks.errors import DamagedError, NotAnsweringError
from checks.logs import LOGS
from connectors.lake.listing import Listing
from connectors.lake.schema import SEALS_TABLE, partitions, schema_of
from connectors.lake.storage import Storage, storage_of
from connectors.lake.whole import Whole

if TYPE_CHECKING:
    import pyarrow as pa

# Delta's own clean-up (30 days by default) would take old versions away; erasure is the only vacuum there is.
_KEEP_EVERYTHING = {
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
}
# What a table's description says of the key by which its references were made pseudonyms.
PSEUDONYMS = "references are pseudonyms of key "
_TRIES = 8

T = TypeVar("T")


class Lake:
    """The Delta tables below one folder, or below an address of an object store."""

    def __init__(self, location: str) -> None:
        self.location = location.rstrip("/") or "/"
        self.storage = storage_of(self.location)
        self.pseudonyms = ""  # the fingerprint of the key under which new tables are filled; '' = references as given
        self._newest: dict[str, DeltaTable] = {}
        self._listed: dict[tuple[str, int], Listing] = {}
        self._compared: dict[tuple[str | int | None, ...], set[tuple[str, ...]]] = {}
        self._whole = Whole(self)

    def unreadable(self, name: str, forces: Iterable[str] = ()) -> DamagedError:
        """What is said of a damaged or missing file, of these forces where a table is filed by force."""
        of = f" of {', '.join(sorted(forces))}" if forces else ""
        return DamagedError(
            f"lake table {self._uri(name)}",
            f"a file{of} cannot be read",
            "whole Parquet files",
            "Restore it, then run again: what else could be done is done.",
        )

    def of(self, name: str) -> Storage:
        """Where a table lies."""
        return self.storage

    def _uri(self, name: str) -> str:
        return f"{self.of(name).location}/{name}"

    def _open(self, name: str, version: int | None = None) -> DeltaTable:
        return DeltaTable(self._uri(name), version=version, storage_options=self.of(name).options)

    def table(self, name: str, version: int | None = None) -> DeltaTable | None:
        """The Delta table of a log (or `cases`), at a version or the newest; None where nothing was ever admitted."""
        return self._table(name, version, self._tries(name))

    def _tries(self, name: str) -> int:
        """A server may cut an answer, and give it whole the next time."""
        return 1 if self.of(name).options is None else 2

    def _table(self, name: str, version: int | None, tries: int) -> DeltaTable | None:
        newest = self._newest.get(name)
        try:
            if version is not None:
                held = newest is not None and newest.version() == version
                return newest if held else self._open(name, version)
            if newest is not None:
                newest.update_incremental()  # a table of many files takes long to open
                return newest
            self._newest[name] = self._open(name)
            return self._newest[name]
        except TableNotFoundError:
            return None
        except (DeltaError, OSError) as error:
            self._newest.pop(name, None)
            if tries > 1:
                return self._table(name, version, tries - 1)
            self.of(name).check(writing=False)
            raise NotAnsweringError(
                f"lake table {self._uri(name)}",
                "it cannot be opened",
                "a whole Delta table",
                "Check the lake's address and rights; if they are right its log is damaged: restore it.",
            ) from self._cause(name, error)

    def _cause(self, name: str, error: Exception) -> Exception | None:
        """What a log may tell of an error: that of a server names addresses, which may carry a login."""
        return error if self.of(name).options is None else None

    def _created(self, name: str) -> DeltaTable:
        return DeltaTable.create(
            self._uri(name),
            schema=schema_of(name),
            partition_by=partitions(name),
            mode="ignore",
            configuration=_KEEP_EVERYTHING,
            storage_options=self.of(name).options,
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

    def names(self, name: str, version: int | None = None, **partition: Iterable[str]) -> list[str]:
        """The Parquet files of a table by their paths below the lake, of the partition values given; sorted."""
        return self.listing(name, version).names(**partition)

    def files(self, name: str, version: int | None = None, **partition: Iterable[str]) -> list[str]:
        """The paths by which DuckDB reads the Parquet files of a table, of the partition values given; sorted."""
        return self.at_hand(name, self.names(name, version, **partition))

    def at_hand(self, name: str, names: Sequence[str]) -> list[str]:
        """The paths by which DuckDB reads files of a table; those in an object store are fetched before.

        Raises DamagedError where one is gone or not what its run sealed, NotAnsweringError where it cannot be fetched.
        """
        try:
            paths = self.of(name).at_hand(names)
        except FileNotFoundError as error:
            found, do = f"{error} is gone", "Restore it; if it was erased, that version can be read no more."
            raise DamagedError(f"lake {self.location}", found, "every file a version names", do) from None
        if name != SEALS_TABLE:
            self._whole.check(name, dict(zip(names, paths, strict=True)))
        return paths

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
            now = self.listing(name, version).partitions(columns)
            before = self.listing(name, since).partitions(columns) if since is not None else set()
            self._compared[key] = {each[1:] for each in now ^ before}
        return self._compared[key]

    def actions(self, name: str, version: int | None = None, **partition: Iterable[str]) -> pa.Table:
        """Delta's own list of a table's files with their partitions and statistics, of the partition values given."""
        return self.listing(name, version).actions(**partition)

    def listing(self, name: str, version: int | None = None) -> Listing:
        """The files of a table, at a version or the newest."""
        table = self.table(name, version)
        if table is None:
            return Listing(name, None)
        key = name, table.version()
        if key not in self._listed:  # a table of many files takes long to list
            self._unlist(name)
            self._listed[key] = Listing(name, table)
        return self._listed[key]

    def _unlist(self, name: str) -> None:
        self._listed = {key: listed for key, listed in self._listed.items() if key[0] != name}

    def forces(self, versions: dict[str, int]) -> dict[str, set[str]]:
        """Which logs hold rows of which force: `{force: {log, …}}`."""
        held: dict[str, set[str]] = {}
        for name, version in versions.items():
            for force in set(self.listing(name, version).column("partition.force")):
                held.setdefault(force, set()).add(name)
        return held

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
                if attempt + 1 < self._tries(name):
                    continue
                self.of(name).check(writing=True)
                raise NotAnsweringError(
                    f"lake table {self._uri(name)}",
                    "it cannot be written",
                    "a table this user may write to, and room on its disk",
                    "Mend that and run again: what is already there stays as it is.",
                ) from self._cause(name, error)
        raise NotAnsweringError(
            f"lake table {self._uri(name)}",
            f"{_TRIES} commits lost to other writers",
            "one that goes through",
            "Run again when fewer runs write at once.",
        )


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
