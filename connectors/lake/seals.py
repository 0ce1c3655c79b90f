"""The lake's part in the audit chain: the hash of every data file, and the seals of each run in a Delta table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from pyarrow import fs

from checks.chain import Seal
from connectors.lake.schema import SEALS
from connectors.lake.tables import Lake, in_list

TABLE = "seals"
_CHUNK = 1 << 20


def file_seals(lake: Lake, since: Mapping[str, int], versions: Mapping[str, int]) -> Iterator[Seal]:
    """The seals of the data files that came to each table between two sets of versions."""
    for name, version in sorted(versions.items()):
        before = set(lake.files(name, since[name])) if name in since else set()
        for path in lake.files(name, version):
            if path not in before:
                yield Seal(f"lake/{name}", path.removeprefix(f"{lake.location}/"), file_hash(path))


def file_hash(path: str) -> str:
    """The SHA-256 of a file of the lake; raises OSError where it cannot be read."""
    digest = hashlib.sha256()
    system, inside = _system(path)
    with system.open_input_stream(inside) as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _system(path: str) -> tuple[fs.FileSystem, str]:
    if not urlsplit(path).scheme:
        return fs.LocalFileSystem(), str(Path(path).absolute())
    system, inside = fs.FileSystem.from_uri(path)
    return system, inside


def write_seals(lake: Lake, run_id: str, seals: Iterable[Seal]) -> None:
    """Keep a run's seals; a try that died before its run was sealed is written over. None: nothing is written."""
    kept = sorted(seals)
    if not kept:
        return
    columns = {name: [getattr(seal, name) for seal in kept] for name in Seal._fields}
    rows = pa.table({"run_id": [run_id] * len(kept), **columns}, schema=SEALS)

    def overwrite(table: DeltaTable) -> None:
        write_deltalake(table, rows, mode="overwrite", predicate=f"run_id = {in_list([run_id])}")

    lake.change(TABLE, overwrite)


def read_seals(lake: Lake, *what: str) -> dict[str, list[Seal]]:
    """Every run's seals, or those of the tables named."""
    found: dict[str, list[Seal]] = {}
    table = lake.table(TABLE)
    if table is not None:
        for row in table.to_pyarrow_table(filters=[("what", "in", list(what))] if what else None).to_pylist():
            found.setdefault(row["run_id"], []).append(Seal(row["what"], row["key"], row["sha256"]))
    return found
