"""The lake's part in the audit chain: the hash of every data file, and the seals of each run in a Delta table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from checks.chain import Seal
from connectors.lake.schema import SEALS_TABLE, schema_of
from connectors.lake.tables import Lake, in_list


def file_seals(lake: Lake, since: Mapping[str, int], versions: Mapping[str, int]) -> Iterator[Seal]:
    """The seals of the data files that came to each table between two sets of versions."""
    for name, version in sorted(versions.items()):
        before = set(lake.names(name, since[name])) if name in since else set()
        new = [each for each in lake.names(name, version) if each not in before]
        for each, path in zip(new, lake.at_hand(name, new), strict=True):
            with Path(path).open("rb") as file:
                yield Seal(f"lake/{name}", each, hashlib.file_digest(file, "sha256").hexdigest())


def file_hash(lake: Lake, name: str) -> str:
    """The SHA-256 of a file as it lies in the lake now; raises OSError where it is gone or cannot be read."""
    digest = hashlib.sha256()
    for chunk in lake.storage.read(name):
        digest.update(chunk)
    return digest.hexdigest()


def write_seals(lake: Lake, run_id: str, seals: Iterable[Seal]) -> None:
    """Keep a run's seals; a try that died before its run was sealed is written over. None: nothing is written."""
    kept = sorted(seals)
    if not kept:
        return
    columns = {name: [getattr(seal, name) for seal in kept] for name in Seal._fields}
    rows = pa.table({"run_id": [run_id] * len(kept), **columns}, schema=schema_of(SEALS_TABLE))

    def overwrite(table: DeltaTable) -> None:
        write_deltalake(table, rows, mode="overwrite", predicate=f"run_id = {in_list([run_id])}")

    lake.change(SEALS_TABLE, overwrite)


def read_seals(lake: Lake, *what: str) -> dict[str, list[Seal]]:
    """Every run's seals, or those of the tables named."""
    found: dict[str, list[Seal]] = {}
    table = lake.table(SEALS_TABLE)
    if table is not None:
        for row in table.to_pyarrow_table(filters=[("what", "in", list(what))] if what else None).to_pylist():
            found.setdefault(row["run_id"], []).append(Seal(row["what"], row["key"], row["sha256"]))
    return found
