"""The files of one version of a table, as Delta lists them: with their partitions, times and statistics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property
from itertools import compress
from typing import TYPE_CHECKING, Any

from connectors.lake.schema import partitions
from connectors.lake.storage import file_name

if TYPE_CHECKING:  # Arrow takes longer to import than a short list to go through
    import pyarrow as pa
    from deltalake import DeltaTable

# Of a longer list Arrow finds files faster, which a night asks for again and again.
_MANY = 5_000


class Listing:
    """The list of one table's files; that of a table which is not there is empty."""

    def __init__(self, name: str, table: DeltaTable | None) -> None:
        self._name = name
        self._listed = None if table is None else table.get_add_actions(flatten=True)

    def column(self, name: str) -> list[Any]:
        """What is listed of every file under a name: `path`, `modification_time` (ms), `partition.month` …"""
        return [] if self._listed is None else list(self._listed.column(name).to_pylist())

    def written(self) -> dict[str, int]:
        """When each file was written, in milliseconds, by its name below the lake."""
        return dict(zip(self._names(self.column("path")), self.column("modification_time"), strict=True))

    def partitions(self, columns: Sequence[str]) -> set[tuple[str, ...]]:
        """The path of each file, then its values of these partition columns."""
        return set(zip(*map(self.column, ("path", *(f"partition.{name}" for name in columns))), strict=True))

    def names(self, **partition: Iterable[str]) -> list[str]:
        """The files' names below the lake, of the partition values given; sorted."""
        return sorted(self._names(self.chosen("path", **partition)))

    def chosen(self, name: str, **partition: Iterable[str]) -> list[Any]:
        """`column`, of the partition values given."""
        if self._listed is not None and self._listed.num_rows > _MANY:
            return self.actions(**partition)[name].to_pylist()
        found = self.column(name)
        wanted = [True] * len(found)
        for key, values in partition.items():
            asked, filed = set(values), self.column(f"partition.{key}")
            wanted = [so_far and value in asked for so_far, value in zip(wanted, filed, strict=True)]
        return list(compress(found, wanted))

    def actions(self, **partition: Iterable[str]) -> pa.Table:
        """The list itself, of the partition values given."""
        import pyarrow as pa
        import pyarrow.compute as pc

        actions = self._arrow
        for key, values in partition.items():
            wanted = pa.array(sorted(values), pa.string())
            actions = actions.filter(pc.is_in(actions[f"partition.{key}"].cast(pa.string()), wanted))
        return actions

    @cached_property
    def _arrow(self) -> pa.Table:
        import pyarrow as pa

        if self._listed is None:
            return pa.table({"path": [], **{f"partition.{key}": [] for key in partitions(self._name)}})
        return pa.table(self._listed)

    def _names(self, paths: Iterable[str]) -> list[str]:
        return [file_name(self._name, path) for path in paths]


def names_of(name: str, actions: pa.Table) -> list[str]:
    """The paths below the lake of the files of a table that some of `actions` are of; sorted."""
    return sorted(file_name(name, path) for path in actions["path"].to_pylist())


def months_from(actions: pa.Table, day: date | None) -> pa.Table:
    """The files among some actions of the months from the day's on, None = all."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if day is None:
        return actions
    return actions.filter(pc.greater_equal(actions["partition.month"].cast(pa.string()), f"{day:%Y-%m}"))
