"""What a run is given and what becomes of it: files in, rows of `deliveries`, `quarantine` and the lake out."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from checks.errors import NotAnsweringError, PledgeError, UsageError
from checks.logs import LOGS
from connectors.lake.pseudonyms import pseudonyms_of
from connectors.lake.tables import Lake
from connectors.settings import Settings
from connectors.sources.delivery import Source
from connectors.sources.description import described
from connectors.sources.file import canonical, find_logs
from connectors.sources.wanted import Wanted
from connectors.store import read, write
from connectors.store.engine import lock_slice, open_store
from dags import admission, fetching, kept_out
from dags.admission import Admitted, Examined
from dags.plan import Plan, source_folders
from expectations.quality import RuleResult

Row = dict[str, Any]
Say = Callable[[str], None]
_SAID = ("fitness", "reason", "rows_read", "rows_quarantined")


@dataclass(frozen=True)
class Handed:
    """A file to admit and how it is read; `scheduled` = it comes from a source's own place, at its own times.

    `fetched_by` is the fetch that brings the file.
    """

    source: Source
    path: Path
    scheduled: bool = False
    fetched_by: Wanted | None = None


@dataclass
class _Admission:
    """One run's admission; `earlier` = the deliveries of each source and log so far, oldest first."""

    plan: Plan
    engine: Engine
    lake: Lake
    earlier: dict[tuple[str, str], list[Row]] = field(default_factory=lambda: defaultdict(list))
    fetches: dict[Path, PledgeError | None] = field(default_factory=dict)
    personal: admission.Personal = field(default_factory=admission.Personal)

    def knowing(self, wanted: Wanted) -> Wanted:
        return fetching.knowing(wanted, self.earlier, admission.FIT)


def handed(plan: Plan, settings: Settings, say: Say) -> list[Handed]:
    """The files this run is given: the logs found in the input folder and the sources named.

    Raises UsageError for a folder without logs, an unknown source and a file named that is not there; where a
    scheduled file does not lie, nothing was delivered, which is no fault of the run.
    """
    files: list[Handed] = []
    if plan.input:
        found, others = find_logs(Path(plan.input))
        files += [Handed(canonical(log), path) for log, path in found]
        for other in others:
            say(f"{other}: no log of the contract is called that, or not in a format that is read; it is left alone.")
        if not found and not plan.sources:
            files_wanted, do = "files named after logs, such as calls.csv", f"Logs: {', '.join(LOGS)}."
            raise UsageError(plan.input, "no log is in it", files_wanted, do)
    return files + [each for named in plan.sources for each in _named(named, plan, settings)]


def _named(named: str, plan: Plan, settings: Settings) -> list[Handed]:
    """The files a source named `NAME`, `NAME=PATH` or `NAME=URL` brings."""
    name, _, place = named.partition("=")
    sources = described(name, source_folders(settings))
    if fetching.is_fetched(sources[0], place):
        area = fetching.fetched_area(settings, plan.lake)
        fetch = fetching.wanted(sources, place, area, plan.moment, plan.forces)
        return [Handed(source, fetch.file(source.log), scheduled=True, fetched_by=fetch) for source in sources]
    if len(sources) > 1:
        return [Handed(source, path) for source, path in _of_folder(name, sources, place)]
    return [_of_file(name, sources[0], place)]


def _of_folder(name: str, sources: Sequence[Source], folder: str) -> list[tuple[Source, Path]]:
    """The files of a source that fills several logs, found by the logs' names."""
    if not folder:
        found, expected = "its description names no place", f"--source {name}=FOLDER"
        raise UsageError(f"source {name}", found, expected, "Name the folder.")
    lying = dict(find_logs(Path(folder))[0])
    if not any(source.log in lying for source in sources):
        wanted = ", ".join(source.log for source in sources)
        raise UsageError(folder, f"no file of {name} is in it", f"files named after {wanted}", "Correct the path.")
    return [(source, lying[source.log]) for source in sources if source.log in lying]


def _of_file(name: str, source: Source, path: str) -> Handed:
    if not path and not source.location:
        found, expected = "its description names no location", f"--source {name}=PATH, or a location"
        raise UsageError(f"source {name}", found, expected, "Name the file.")
    if path and not Path(path).is_file():
        found = "it is a folder" if Path(path).is_dir() else "no such file"
        raise UsageError(path, found, "a delivered file", "Correct the path.")
    return Handed(source, Path(path or source.location), scheduled=not path)


@dataclass
class Taken:
    """What a run took in: rows of `deliveries` (those added, and those unfit as before), and why others
    were not taken: their source did not answer, or the lake could not hold them. They are left for a later run."""

    rows: list[Row] = field(default_factory=list)
    failures: list[PledgeError] = field(default_factory=list)


def admit(plan: Plan, settings: Settings, say: Say) -> Taken:
    """Admit every delivery the run is given; one that the lake cannot take does not stop the others."""
    now = _Admission(plan, open_store(plan.store), plan.open_lake())
    pseudonyms = pseudonyms_of(settings.pseudonym_key)
    now.lake.pseudonyms = pseudonyms.fingerprint if pseudonyms else ""
    with now.engine.connect() as conn:
        now.personal = admission.Personal(pseudonyms, kept_out.kept_out(conn, settings))
        for row in read.read_table(conn, "deliveries"):
            now.earlier[row["source"], row["log"]].append(row)
    for rows in now.earlier.values():
        rows.sort(key=lambda row: row["received_at"])
    taken = Taken()
    for each in handed(plan, settings, say):
        failed = _fetched(now, each, say)
        if failed and not now.earlier[each.source.name, each.source.log]:
            # A source that never brought anything is not connected yet: that is for whoever connects it to mend.
            taken.failures.append(failed)
            continue
        for file in _brought(now, each, failed):
            try:
                new = _admit_one(now, file, failed)
            except NotAnsweringError as failure:
                say(f"{file.path}: not taken, or not all of it. {failure}")
                taken.failures.append(failure)
                break  # a later file of the same source would go before it
            say(_sentence(new) if new else f"{file.path}: {_nothing_new(file)}")
            taken.rows += [new] if new else []
    return taken


def _brought(now: _Admission, each: Handed, failed: PledgeError | None) -> list[Handed]:
    """The files that are there to admit once a fetch is done: of drops there may be several."""
    if each.fetched_by is None or failed:
        return [each]
    fetched = now.knowing(each.fetched_by)
    return [replace(each, source=source, path=path) for source, path in fetching.brought(fetched, each.source)]


def _fetched(now: _Admission, each: Handed, say: Say) -> PledgeError | None:
    """Fetch what brings a file, once for all the files of it; returns why it could not be."""
    wanted = each.fetched_by
    if wanted is None:
        return None
    if wanted.folder not in now.fetches:
        now.fetches[wanted.folder] = None
        try:
            fetching.fetch_in_time(now.plan, now.knowing(wanted), say)
        except PledgeError as error:
            say(f"{wanted.name}: not fetched. {error}")
            now.fetches[wanted.folder] = error
    return now.fetches[wanted.folder]


def _nothing_new(each: Handed) -> str:
    return "admitted before, nothing new." if each.path.is_file() else "nothing was delivered there."


def _sentence(row: Row) -> str:
    return (
        f"{row['location']}: {row['log']}, {row['rows_read']:,} rows read, {row['rows_admitted']:,} admitted, "
        f"{row['rows_quarantined']:,} quarantined, {row['rows_unchanged']:,} unchanged; {row['fitness']}"
        + (f" ({row['reason']})" if row["reason"] else "")
    )


def _admit_one(now: _Admission, each: Handed, failed: PledgeError | None) -> Row | None:
    """Admit one delivery, or say that it `failed` to come; None when it says nothing new. A file that was unfit is
    looked at again: what makes it unfit may lie in its description, and that may have been mended."""
    earlier = now.earlier[each.source.name, each.source.log]
    digest = "" if failed else _sha256(each.path)
    same = [row for row in earlier if row["sha256"] == digest]
    fit = [row for row in same if row["fitness"] == admission.FIT]
    # The same id when a run that was killed is made good: rows it merged are found again by it.
    delivery_id = _digest(each.source.name, each.source.log, digest, len(same))
    if digest and (not fit or _is_overtaken(now, each.source, digest, earlier) or _now_due(now, fit[-1], each.source)):
        done = _admitted(now, each, delivery_id, earlier)
    elif failed:
        reason = f"It could not be fetched as at {now.plan.moment:%Y-%m-%dT%H:%M:%SZ}: {failed}"
        done = Admitted(Examined(admission.UNFIT, reason, _force_of(each)), 0, 0)
    elif each.scheduled and (overdue := admission.overdue(each.source, each.path, now.plan.moment)):
        done = Admitted(Examined(admission.UNFIT, overdue, each.source.force or admission.SEVERAL), 0, 0)
    else:
        return None
    row = _delivery_row(now.plan, each, delivery_id, digest, done)
    if same and row["fitness"] == admission.UNFIT and all(row[name] == same[-1][name] for name in _SAID):
        return same[-1]
    _store(now, row, done.examined)
    return row


def _force_of(each: Handed) -> str:
    wanted = each.fetched_by
    return wanted.forces[0] if wanted and len(wanted.forces) == 1 else each.source.force or admission.SEVERAL


def _admitted(now: _Admission, each: Handed, delivery_id: str, earlier: Sequence[Row]) -> Admitted:
    counts = tuple(row["rows_read"] for row in earlier if row["fitness"] == admission.FIT)
    of_source = tuple(row["delivery_id"] for row in earlier)
    try:
        return admission.admit(
            now.lake, each.source, each.path, now.plan.moment, delivery_id, admission.Earlier(counts, of_source),
            each.scheduled, now.personal,
        )  # fmt: skip
    except PledgeError as error:
        if not each.scheduled or not error.permanent:
            raise
        # One feed whose description no longer fits does not stop the others.
        return Admitted(Examined(admission.UNFIT, str(error), each.source.force or admission.SEVERAL), 0, 0)


def _delivery_row(plan: Plan, each: Handed, delivery_id: str, digest: str, done: Admitted) -> Row:
    seen = done.examined
    return {
        "delivery_id": delivery_id,
        "run_id": plan.run_id,
        "source": each.source.name,
        "log": each.source.log,
        "force": seen.force,
        "location": str(each.path),
        "received_at": plan.moment,
        "rows_read": seen.rows_read,
        "rows_admitted": done.rows_admitted,
        "rows_quarantined": len(seen.refused_rows),
        "rows_unchanged": done.rows_unchanged,
        "sha256": digest,
        "fitness": seen.fitness,
        "reason": seen.reason,
        "columns": ",".join(seen.columns),
        "covers_from": seen.covers_from,
        "covers_to": seen.covers_to,
    }


def _store(now: _Admission, row: Row, seen: Examined) -> None:
    """Delivery, quarantine and results in one transaction; another run at the same time may have been faster."""
    delivery_id, log = row["delivery_id"], row["log"]
    with now.engine.begin() as conn:
        lock_slice(conn, "deliveries", row["source"], log)
        if _is_stored(conn, row):
            return
        write.add_delivery(conn, row)
        write.add_quarantine(conn, [_quarantine_row(delivery_id, log, q) for q in seen.quarantined])
        results = [result_row(now.plan, r, seen.force, log, delivery_id) for r in seen.results]
        write.add_expectation_results(conn, results)
    now.earlier[row["source"], log].append(row)


def _is_stored(conn: Connection, row: Row) -> bool:
    known = write.delivery_by_hash(conn, row["source"], row["log"], row["sha256"])
    return known is not None and known["delivery_id"] == row["delivery_id"]


def _sha256(path: Path) -> str:
    """The hash of a file; '' where there is none."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(*parts: object) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]


def _is_overtaken(now: _Admission, source: Source, digest: str, earlier: Sequence[Row]) -> bool:
    """Whether a known snapshot comes again after another one: then it says what there is now, once more."""
    fit = [row for row in earlier if row["fitness"] == admission.FIT and row["received_at"] <= now.plan.moment]
    last = max((row["received_at"] for row in fit), default=None)
    newest = {row["sha256"] for row in fit if row["received_at"] == last}
    return source.delivers == "snapshot" and bool(newest) and digest not in newest


def _now_due(now: _Admission, known: Row, source: Source) -> bool:
    """Whether a row of a known file was refused as lying in the future, and its time has come since."""
    if now.plan.moment <= known["received_at"]:
        return False
    with now.engine.connect() as conn:
        refused = list(read.read_table(conn, "quarantine", run=known["run_id"]))
    return any(
        row["delivery_id"] == known["delivery_id"]
        and row["rule"].startswith("future:")
        and _has_come(json.loads(row["kept_values"]).get(row["rule"].partition(":")[2], ""), source, now.plan.moment)
        for row in refused
    )


def _has_come(text: str, source: Source, as_at: datetime) -> bool:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(source.zone))) <= as_at


def _quarantine_row(delivery_id: str, log: str, row: admission.Quarantined) -> Row:
    return {
        "delivery_id": delivery_id,
        "row_number": row.row_number,
        "log": log,
        "key": row.key,
        "rule": row.rule,
        "sentence": row.sentence,
        "kept_values": row.kept_values,
    }


def result_row(plan: Plan, result: RuleResult, force: str, log: str, delivery_id: str) -> Row:
    """One answer of GX; the suite is told apart by delivery, the expectation by the rule it stands for."""
    return {
        "run_id": plan.run_id,
        "suite": f"{result.suite}/{delivery_id}" if delivery_id else result.suite,
        "expectation": f"{result.expectation} ({result.rule})",
        "force": force,
        "log": log,
        "column": result.column,
        "delivery_id": delivery_id,
        "severity": result.severity,
        "success": result.success,
        "observed": result.observed,
        "unexpected": result.unexpected,
        "detail": result.detail,
    }
