"""Checking the audit chain: is every run, row, file and standard what it was when its run was sealed?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from checks.chain import Broken, Seal, canonical, differences, seals_hash, sha256
from connectors.lake.seals import file_hash, read_seals
from connectors.lake.tables import Lake
from connectors.settings import Settings
from connectors.signing import is_signed, public_key
from connectors.store import erasures, read
from connectors.store.sealed import answer_seals, row_seals, run_said
from dags.closing import differing_signings
from dags.plan import standards_of
from dags.sealing import head_path, key_path, manifest_of

Row = dict[str, Any]
# Figures are written in the transaction that seals their run: a run without a seal can have none.
# An erasure, too, is recorded in that transaction: a file cannot be said to be erased by whoever took it away.
ONLY_SEALED = {"verdicts", "commitments", "erasures", "erased"}
# What officers answered and registrars signed is given between runs, and vouched for by the next.
ANSWERS = {"acknowledgements", "explanations", "signings"}
Erased = Mapping[tuple[str, str], Row]


@dataclass
class Verified:
    """What was looked at, what does not hold, and what a reader must know to weigh that."""

    broken: list[Broken] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    runs: int = 0
    seals: int = 0
    head: str = ""


def verify(
    conn: Connection, lake: Lake, settings: Settings, run: str | None, public: Path | None, head: Path | None
) -> Verified:
    """Check the chain of runs and what they vouch for; nothing is written and nobody is asked over a network.

    Args:
        run: only what this run vouches for; the chain itself is checked as a whole.
        public: the public key's file; default: the one beside the signing key, else the one the runs name.
        head: a copy of the file of heads; default: the product's own.
    """
    found = Verified()
    runs = list(read.read_table(conn, "runs"))
    sealed = [row for row in runs if row["manifest"]]
    key = _public_key(settings, public, found)
    found.broken += [*_chain(runs, sealed, key), *_heads(head or head_path(settings), sealed)]
    asked = [row for row in sealed if run in (None, row["run_id"])]
    kept = read_seals(lake)
    erased = _erased(conn, sealed, kept)
    for row in asked:
        manifest = manifest_of(row)
        if "run" in manifest:  # else it was changed, which the chain has told
            found.broken += _of_run(conn, lake, settings, row, runs, kept.get(row["run_id"], []), erased)
            found.runs, found.seals = found.runs + 1, found.seals + manifest["seals"]["count"]
    found.notes += _told_of(conn, erased)
    found.broken += differing_signings(conn)
    if run is None:
        _unsealed(conn, runs, sealed, found)
    found.head = next((row["hash"] for row in sealed if not _followed(row, sealed)), "")
    return found


def judge_again(
    conn: Connection, settings: Settings, run: str | None, found: Verified, say: Callable[[str], None]
) -> None:
    """Judge every run (or one) again from what it judged and compare every figure; adds to what was found."""
    from dags.recomputing import recompute

    for row in read.read_table(conn, "runs"):
        # A changed manifest was told of already; an erasure, which has no standards, judged nothing.
        if run not in (None, row["run_id"]) or not manifest_of(row).get("standards"):
            continue
        again = recompute(conn, settings, row)
        found.broken += again.broken
        if again.cannot:
            found.notes.append(f"Cannot be recomputed: {again.cannot}.")
        else:
            differ = f"; {len(again.broken):,} differ" if again.broken else ", all as recorded"
            say(f"{row['run_id']}: {again.compared:,} figures and commitments judged again{differ}.")


def _followed(row: Row, sealed: Sequence[Row]) -> bool:
    return any(other["previous_hash"] == row["hash"] for other in sealed)


def _public_key(settings: Settings, public: Path | None, found: Verified) -> str:
    beside = key_path(settings)
    beside = beside.with_name(beside.name + ".pub")
    if public or beside.exists():
        return public_key(public or beside)
    found.notes.append("No public key was given: the signatures are checked by the key the runs themselves name.")
    return ""


def _chain(runs: Sequence[Row], sealed: Sequence[Row], key: str) -> Iterator[Broken]:
    """Every manifest hashed, signed, and in its place after the one before."""
    known = {row["hash"]: row for row in runs if row["hash"]}
    if len(known) < sum(bool(row["hash"]) for row in runs):
        yield Broken("runs", "two runs have the same hash", "a hash for each run")
    for row in sealed:
        where = f"run {row['run_id']}"
        if (hashed := sha256(row["manifest"].encode())) != row["hash"]:
            yield Broken(f"{where}, manifest", f"its hash is {hashed}", row["hash"])
        if key and row["public_key"] != key:
            yield Broken(f"{where}, public_key", row["public_key"] or "none", key)
        if not is_signed(key or row["public_key"], row["signature"], row["hash"]):
            yield Broken(f"{where}, signature", "it is not that of the key", "a signature of the run's hash")
        yield from _link(row, known, where)
    places = {manifest_of(row)["position"] for row in sealed}
    before = sum(bool(row["hash"] and not row["manifest"]) for row in runs)
    changed = sum("run" not in manifest_of(row) for row in sealed)  # told already: they leave a place empty
    missing = sorted(set(range(before + 1, max(places, default=0) + 1)) - places)
    for place in missing if len(missing) > changed else ():
        yield Broken("chain", f"there is no run at position {place}", "a run at every position")


def _link(row: Row, known: Mapping[str, Row], where: str) -> Iterator[Broken]:
    said = manifest_of(row)
    if said["previous_hash"] != row["previous_hash"]:
        yield Broken(f"{where}, previous_hash", row["previous_hash"], said["previous_hash"])
    before = known.get(said["previous_hash"])
    if said["previous_hash"] and before is None:
        yield Broken(where, "the run before it is gone or was changed", f"a run with the hash {said['previous_hash']}")
    if before and "run" in said and "run" in manifest_of(before):
        place = manifest_of(before)["position"] + 1
        if said["position"] != place:
            yield Broken(where, f"it stands at position {said['position']}", f"{place}, after the run before it")


def _heads(path: Path, sealed: Sequence[Row]) -> Iterator[Broken]:
    """Every head that was ever told is still in the chain: only this shows that the newest runs were taken away."""
    if not path.exists():
        return
    known = {f"{manifest_of(row)['position']} {row['run_id']} {row['hash']}" for row in sealed}
    for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), start=1):
        if line.strip() and line not in known:
            yield Broken(f"{path}, line {number}", "no run of the chain has this head", line[:200])


def _of_run(
    conn: Connection,
    lake: Lake,
    settings: Settings,
    row: Row,
    runs: Sequence[Row],
    kept: Sequence[Seal],
    erased: Erased,
) -> Iterator[Broken]:
    """Everything one run vouches for, but what was erased since."""
    manifest = manifest_of(row)
    yield from _run(row, runs, manifest)
    yield from _standards(settings, row, manifest)
    yield from _tables(lake, row, manifest)
    yield from _vouched(conn, lake, row, manifest, kept, erased)


def _run(row: Row, runs: Sequence[Row], manifest: Row) -> Iterator[Broken]:
    """The run's own row, and those of the failed runs it vouches for, as the manifest repeats them."""
    stated = json.loads(canonical(run_said(row)))
    for name, value in manifest["run"].items():
        if stated.get(name) != value:
            yield Broken(f"run {row['run_id']}, {name}", str(stated.get(name)), str(value))
    by_id = {each["run_id"]: each for each in runs}
    for run_id, expected in manifest["covers"].items():
        failed = by_id.get(run_id)
        if failed is None:
            yield Broken(f"run {run_id}", "it is gone", f"the failed run that {row['run_id']} vouches for")
        elif sha256(canonical(run_said(failed))) != expected:
            yield Broken(f"run {run_id}", "its row was changed", f"as {row['run_id']} vouches for it")


def _standards(settings: Settings, row: Row, manifest: Row) -> Iterator[Broken]:
    published = standards_of(settings)
    for name, said in manifest["standards"].items():
        standard = published.get(name)
        if standard is None:
            yield Broken(f"standard {name}", "it is gone", f"the file run {row['run_id']} judged by")
        elif standard.sha256 != said["sha256"]:
            yield Broken(
                f"standard {name}", f"its hash is {standard.sha256}", f"{said['sha256']} (run {row['run_id']})"
            )


def _tables(lake: Lake, row: Row, manifest: Row) -> Iterator[Broken]:
    """The lists of data files each version of the lake named."""
    for name, said in manifest["lake"].items():
        paths = lake.names(name, said["version"])
        if sha256("\n".join(paths).encode()) != said["sha256"]:
            found = f"its version {said['version']} names {len(paths)} files, not those of then"
            yield Broken(f"lake/{name}", found, f"the {said['files']} files run {row['run_id']} judged")


def _vouched(
    conn: Connection, lake: Lake, row: Row, manifest: Row, kept: Sequence[Seal], erased: Erased
) -> Iterator[Broken]:
    """The rows and files a run vouches for, one by one."""
    if seals_hash(kept) != manifest["seals"]["sha256"]:
        found = f"{len(kept)} seals that are not those of then"
        yield Broken(f"lake/seals of run {row['run_id']}", found, f"{manifest['seals']['count']} seals, unchanged")
    rows = [each for each in kept if not each.what.startswith("lake/") and each.what not in ANSWERS]
    yield from differences(_as_left(rows, erased), row_seals(conn, [row["run_id"], *manifest["covers"]], damaged=True))
    answers = {(each.what, each.key): each for each in kept if each.what in ANSWERS}
    now = [each for each in answer_seals(conn, damaged=True) if (each.what, each.key) in answers] if answers else []
    yield from differences(_as_left(list(answers.values()), erased), now)
    for each in kept:
        if each.what.startswith("lake/"):
            now = _file(lake, each)
            yield from differences([each] if now else _as_left([each], erased), now)


def _as_left(sealed: Sequence[Seal], erased: Erased) -> list[Seal]:
    """What is to be found of what was sealed: of what was erased since, what the erasure left."""
    found = []
    for each in sealed:
        taken = erased.get((each.what, each.key))
        if taken is None or taken["sha256"] != each.sha256:
            found.append(each)
        elif taken["left_sha256"]:
            found.append(each._replace(sha256=taken["left_sha256"]))
    return found


def _erased(conn: Connection, sealed: Sequence[Row], kept: Mapping[str, Sequence[Seal]]) -> Erased:
    """What the records of erasures took, of those that are as their runs were sealed: no other is believed."""
    intact = [
        row["run_id"]
        for row in sealed
        if seals_hash(kept.get(row["run_id"], [])) == manifest_of(row).get("seals", {}).get("sha256")
    ]
    vouched = {seal for run_id in intact for seal in kept.get(run_id, []) if seal.what == "erased"}
    believed = {seal.key for seal in row_seals(conn, intact, damaged=True) if seal in vouched} if vouched else set()
    rows = erasures.taken(conn)
    named = {canonical([row["run_id"], row["what"], row["key"]]).decode(): name for name, row in rows.items()}
    return {name: rows[name] for key, name in named.items() if key in believed}


def _told_of(conn: Connection, erased: Erased) -> Iterator[str]:
    runs = {row["run_id"] for row in erased.values()}
    for row in erasures.standing(conn):
        if row["run_id"] in runs and row["records"]:
            yield (
                f"Erased by run {row['run_id']}, as its record says ({row['reason']}; {row['author']}): "
                f"{row['records']:,} records of {row['log']} in {row['force']} and {row['files']:,} files that held "
                "them. Figures stay; runs that read those files can no longer be recomputed."
            )
    for run_id in sorted(runs):
        words = sum(row["what"] == "explanations" and row["run_id"] == run_id for row in erased.values())
        if words:
            yield f"Erased by run {run_id}: the words of {words:,} explanations; who gave them, when and why stays."


def _file(lake: Lake, sealed: Seal) -> list[Seal]:
    try:
        return [sealed._replace(sha256=file_hash(lake, sealed.key))]
    except OSError:
        return []


def _unsealed(conn: Connection, runs: Sequence[Row], sealed: Sequence[Row], found: Verified) -> None:
    """Runs no manifest vouches for: none may have figures."""
    covered = {name for row in sealed for name in (row["run_id"], *manifest_of(row)["covers"])}
    rest = [row["run_id"] for row in runs if row["run_id"] not in covered]
    for row in runs:
        if row["run_id"] in rest and row["status"] == "done":
            found.broken.append(Broken(f"run {row['run_id']}", "it has no manifest", "a signed one, as every run has"))
    for seal in row_seals(conn, None, damaged=True):
        found.broken.append(Broken(f"{seal.what} {seal.key}", "it belongs to no run", "no such row"))
    for seal in row_seals(conn, rest, damaged=True) if rest else ():
        if seal.what in ONLY_SEALED:
            found.broken.append(Broken(f"{seal.what} {seal.key}", "a figure of a run that never ended", "no such row"))
    if rest:
        found.notes.append(f"Not sealed yet, because they have not ended or failed last: {', '.join(rest)}.")
