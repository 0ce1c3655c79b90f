"""Sealing a run: its manifest, chained to the run before and signed, and the head of the chain in a file outside."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, make_url

from checks.chain import FORMAT, Seal, canonical, seals_hash, sha256
from checks.errors import NotAnsweringError
from checks.standard import Standard
from connectors.lake.seals import file_seals, read_seals, write_seals
from connectors.lake.tables import Lake
from connectors.settings import Settings
from connectors.signing import sign, signing_key
from connectors.store import read
from connectors.store.sealed import answer_seals, row_seals, run_said
from dags.versions import LOCK

Row = dict[str, Any]


def key_path(settings: Settings) -> Path:
    """Where the signing key lies: PLEDGE_SIGNING_KEY, else beside the store's file."""
    return Path(settings.signing_key) if settings.signing_key else _beside_store(settings) / "signing-key.pem"


def head_path(settings: Settings) -> Path:
    """Where the heads of the chain are written: PLEDGE_CHAIN_HEAD, else beside the store's file."""
    return Path(settings.chain_head) if settings.chain_head else _beside_store(settings) / "chain-head.txt"


def _beside_store(settings: Settings) -> Path:
    address = make_url(settings.store)
    file = address.database if address.get_backend_name() == "sqlite" else ""
    return Path(file).parent if file else Path(".pledge")


def seal(
    conn: Connection,
    lake: Lake,
    settings: Settings,
    run: Row,
    standards: Sequence[Standard],
    forces: Sequence[str],
    versions: Mapping[str, int],
) -> Row:
    """The columns that close a run in the chain: previous_hash, hash, manifest, signature, public_key.

    Called last, in the transaction in which the run ends: what it added is then there and nothing else will be.

    Args:
        run: the run's row as it will stand, but for those columns.
        forces: the forces the run was limited to; empty = every force.
        versions: the Delta version of every table of the lake the run judged, `cases` among them.
    """
    runs = read.run_rows(conn)
    last = head(runs)
    position = sum(bool(row["hash"]) for row in runs) + 1
    covered = _uncovered(conn, runs, run["run_id"])
    since = {name: one["version"] for name, one in (sealed_manifest(conn, last)["lake"] if last else {}).items()}
    seals = [*row_seals(conn, [run["run_id"], *covered]), *file_seals(lake, since, versions), *_answers(conn, lake)]
    write_seals(lake, run["run_id"], seals)
    manifest = {
        "format": FORMAT,
        "position": position,
        "previous_hash": last["hash"] if last else "",
        "run": run_said(run),
        "covers": covered,
        "forces": list(forces),
        "standards": {each.name: _standard(each) for each in standards},
        "lake": {name: _table(lake, name, version) for name, version in sorted(versions.items())},
        "seals": {"count": len(seals), "sha256": seals_hash(seals), "of": _counted(seals)},
        "lock_sha256": sha256(LOCK.read_bytes()) if LOCK.exists() else "",
    }
    said = canonical(manifest)
    key, _ = signing_key(key_path(settings))
    signature, public = sign(key, sha256(said))
    return {
        "previous_hash": manifest["previous_hash"],
        "hash": sha256(said),
        "manifest": said.decode(),
        "signature": signature,
        "public_key": public,
    }


def _answers(conn: Connection, lake: Lake) -> list[Seal]:
    """What was answered since the last run, by command or from Slack."""
    given = list(answer_seals(conn))
    known = read_seals(lake, *{seal.what for seal in given}) if given else {}
    return sorted(set(given).difference(*known.values()))


def manifest_of(run: Row) -> Row:
    """A run's manifest; one that vouches for nothing where there is none, or where it is not what the run was sealed
    with: nothing in it can then be believed."""
    if not run["manifest"] or sha256(run["manifest"].encode()) != run["hash"]:
        return {"position": 0, "previous_hash": run["previous_hash"], "covers": {}, "lake": {}}
    said: Row = json.loads(run["manifest"])
    return said


def sealed_manifest(conn: Connection, run: Row) -> Row:
    """`manifest_of` a run that was read without it."""
    return manifest_of({**run, "manifest": read.manifest(conn, run["run_id"])})


def head(runs: Sequence[Row]) -> Row | None:
    """The sealed run that no other follows yet."""
    sealed = [row for row in runs if row["hash"]]
    followed = {row["previous_hash"] for row in sealed}
    return next((row for row in sealed if row["hash"] not in followed), None)


def _uncovered(conn: Connection, runs: Sequence[Row], run_id: str) -> dict[str, str]:
    """The runs that failed and that no manifest vouches for yet, each with the hash of what its row says."""
    sealed = [row for row in runs if row["hash"]]
    failed = [row for row in runs if row["status"] == "failed" and row["run_id"] != run_id]
    new = [
        row
        for row in failed
        if not _is_covered(conn, row["run_id"], _likeliest_first(sealed, row["finished_at"] or row["started_at"]))
    ]
    return {row["run_id"]: sha256(canonical(run_said(row))) for row in new}


def _is_covered(conn: Connection, run_id: str, sealed: Iterable[Row]) -> bool:
    return any(run_id in sealed_manifest(conn, row)["covers"] for row in sealed)


def _likeliest_first(sealed: Sequence[Row], ended: datetime) -> list[Row]:
    """The run that was sealed next after that moment vouches for what failed; but clocks may differ."""
    return sorted(sealed, key=lambda row: (row["finished_at"] < ended, row["finished_at"]))


def _standard(standard: Standard) -> Row:
    """A standard as judged by: its file's hash and, for the reader, each definition (`measure@force` for a force's)."""
    named = {(f"{rule.measure}@{rule.force}" if rule.force else rule.measure): rule for rule in standard.rules}
    return {"sha256": standard.sha256, "definitions": {name: dict(rule.definition) for name, rule in named.items()}}


def _table(lake: Lake, name: str, version: int) -> Row:
    names = lake.names(name, version)
    return {"version": version, "files": len(names), "sha256": sha256("\n".join(names).encode())}


def _counted(seals: Sequence[Seal]) -> dict[str, int]:
    return dict(sorted(Counter(each.what for each in seals).items()))


def refuse_another_lake(lake: Lake, conn: Connection) -> None:
    """A lake that was not mounted is an empty folder: judged from, it would take back every figure.

    Raises NotAnsweringError where a table the newest sealed run judged is not there, or not as far as it was then.
    """
    last = head(read.run_rows(conn))
    if last is None:
        return
    for name, judged in sealed_manifest(conn, last)["lake"].items():
        table = lake.table(name)
        is_behind = table.version() < judged["version"] if table else judged["files"] > 0
        if is_behind:
            held = f"version {table.version()} of" if table else "no"
            raise NotAnsweringError(
                f"lake {lake.location}",
                f"it holds {held} table {name}, but run {last['run_id']} judged from version {judged['version']}",
                "the lake the store's runs were judged from",
                "Mount or restore it, or correct PLEDGE_LAKE or PLEDGE_STORE.",
            )


def ready(settings: Settings, say: Callable[[str], None]) -> None:
    """Make sure that there is a key to sign with, before anything is judged; a new one is told of."""
    path = key_path(settings)
    _, made = signing_key(path)
    if made:
        say(
            f"A signing key was made: {path}. Keep it where only this product can read it, and a copy of {path}.pub "
            "with whoever checks the chain: who holds the key can sign, and without it no run is signed as before."
        )


def tell_heads(settings: Settings, conn: Connection) -> None:
    """Add what is missing to the file of the chain's heads: a copy kept elsewhere shows if runs were taken away."""
    path = head_path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    told = path.read_text("utf-8").splitlines() if path.exists() else []
    known = {line.partition(" ")[2] for line in told}
    sealed = [run for run in read.run_rows(conn) if run["hash"] and f"{run['run_id']} {run['hash']}" not in known]
    heads = sorted((sealed_manifest(conn, run)["position"], run["run_id"], run["hash"]) for run in sealed)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{place} {run_id} {digest}\n" for place, run_id, digest in heads)
