"""The proofs of a pack: the chain up to its run, what the runs that said its figures sealed, the key that signed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from checks.chain import canonical, row_seal, sha256
from connectors.lake.seals import read_seals
from connectors.lake.tables import Lake
from connectors.settings import Settings
from connectors.signing import pem_of
from connectors.store.tables import verdicts
from dags.plan import SHIPPED_STANDARDS
from dags.sealing import manifest_of

Row = dict[str, Any]
_SAYS = ("run_id", "hash", "previous_hash", "signature", "public_key", "manifest")
_STORED = [column.name for column in verdicts.columns if column.computed is None]
_KEY = [column.name for column in verdicts.primary_key.columns]


def proofs(lake: Lake, runs: Sequence[Row], judged: Row, figures: Sequence[Row]) -> dict[str, bytes]:
    """The files of `proofs/`.

    Args:
        runs: every run of the store.
        judged: the run as which the figures are read; the chain goes up to it.
        figures: rows of `verdicts`, in the order of figures.csv.
    """
    chain = _chain(runs, judged)
    if not chain:
        return {}
    kept = read_seals(lake)
    said = {row["run_id"] for row in figures} & {row["run_id"] for row in chain}
    seals = {
        f"proofs/seals-{run_id}.tsv": b"".join(
            sorted("\t".join(seal).encode() + b"\n" for seal in kept.get(run_id, ()))
        )
        for run_id in said
    }
    return {
        "proofs/chain.jsonl": _lines({name: row[name] for name in _SAYS} for row in chain),
        "proofs/manifest.json": judged["manifest"].encode(),
        "proofs/figures.jsonl": b"".join(canonical(_stored(row)) + b"\n" for row in figures),
        "proofs/public-key.pem": pem_of(chain[-1]["public_key"]),
        **seals,
    }


def unproven(lake: Lake, figures: Sequence[Row]) -> list[str]:
    """The figures that are not, as they stand, among what their runs sealed; each in words."""
    kept = read_seals(lake, "verdicts")
    return [
        f"{row['measure']} of {row['force']}, {row['period']} from {row['period_start']}"
        for row in figures
        if row_seal("verdicts", _KEY, _stored(row)) not in kept.get(row["run_id"], ())
    ]


def standard_files(settings: Settings, names: Iterable[str], judged: Row) -> tuple[dict[str, bytes], list[str]]:
    """The files of `standards/` as the run sealed them, and the names of those that are not as they were then."""
    sealed = manifest_of(judged).get("standards", {})
    there = {sha256(path.read_bytes()): path for folder in _folders(settings) for path in sorted(folder.glob("*.y*ml"))}
    files, changed = {}, []
    for name in names:
        path = there.get(sealed.get(name, {}).get("sha256", ""))
        if path is None:
            changed.append(name)
        else:
            files[f"standards/{path.stem}.yaml"] = path.read_bytes()
    return files, changed


def _folders(settings: Settings) -> list[Path]:
    return [SHIPPED_STANDARDS, *([Path(settings.standards)] if settings.standards else [])]


def _chain(runs: Sequence[Row], judged: Row) -> list[Row]:
    sealed = [row for row in runs if row["hash"] and row["manifest"] and row["run_number"] <= judged["run_number"]]
    last = manifest_of(judged)["position"]
    placed = sorted(
        ((manifest_of(row)["position"], row["run_number"], row) for row in sealed), key=lambda each: each[:2]
    )
    return [row for position, _, row in placed if 0 < position <= last]


def _stored(row: Mapping[str, Any]) -> Row:
    return {name: row[name] for name in _STORED}


def _lines(rows: Iterable[Row]) -> bytes:
    return b"".join(json.dumps(row, sort_keys=True, ensure_ascii=False).encode() + b"\n" for row in rows)
