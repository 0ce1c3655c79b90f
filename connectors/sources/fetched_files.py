"""The files of fetches that are kept as a database or a drop gave them: for an erasure they go as a whole.

What was fetched is a raw copy of what the lake admitted; nothing is judged from it. Manifests keep names and hashes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.sources.whole_fetch import is_whole, manifest_of

Mentioned = Callable[[str], bool]


class FetchedFile(NamedTuple):
    """A file of the log `log`, fetched by the description `source`; `folder` is the fetch that first named it."""

    source: str
    log: str
    path: Path
    folder: Path


def fetched_files(area: Path) -> Iterator[FetchedFile]:
    """Every such file, of databases (whole or in parts) and of drops, each once for each log it is for."""
    seen = set()
    for folder in sorted(area.glob("*/*Z-*")):
        for log, path in (*_of_database(folder), *_of_drops(folder)):
            if path.is_file() and (log, path) not in seen:
                seen.add((log, path))
                yield FetchedFile(folder.parent.name, log, path, folder)


def _of_database(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.glob("*.parquet")):
        yield path.name.partition(".")[0], path


def _of_drops(folder: Path) -> Iterator[tuple[str, Path]]:
    listed: dict[str, list[dict[str, Any]]] = manifest_of(folder).get("listed", {}) if is_whole(folder) else {}
    for log, entries in listed.items():
        for each in entries:
            yield log, (folder / each["held"]).resolve()


def names(path: Path, mentioned: Mentioned) -> bool:
    """Whether a value of a Parquet file, or a line of one of text, names what is erased (packed files are not looked
    into: of those only whole rows count)."""
    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid:
        with path.open(encoding="utf-8", errors="replace") as lines:
            return any(mentioned(line) for line in lines)
    return any(
        isinstance(value, str) and mentioned(value)
        for batch in file.iter_batches()
        for column in batch.columns
        for value in column.unique().to_pylist()
    )
