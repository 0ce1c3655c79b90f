"""What becomes of the files a run is given: rows of `deliveries`, `quarantine` and the lake."""

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

from checks.errors import NotAnsweringError, PledgeError
from connectors.lake.pseudonyms import pseudonyms_of
from connectors.lake.tables import Lake
from connectors.settings import Settings
from connectors.sources.delivery import Source
from connectors.sources.wanted import Wanted
from connectors.store import read, write
from connectors.store.engine import lock_slice, open_store
from dags import admission, fetching, kept_out
from dags.admission import Admitted
from dags.delivered import FIT, UNFIT
from dags.delivery_rows import delivery_row, quarantine_row, result_row
from dags.examining import SEVERAL, Earlier, Examined, overdue
from dags.handed import Handed, handed
from dags.plan import Plan

Row = dict[str, Any]
Say = Callable[[str], None]
_SAID = ("fitness", "reason", "rows_read", "rows_quarantined")


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
        return fetching.knowing(wanted, self.earlier, FIT)


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
    fit = [row for row in same if row["fitness"] == FIT]
    # The same id when a run that was killed is made good: rows it merged are found again by it.
    delivery_id = _digest(each.source.name, each.source.log, digest, len(same))
    if digest and (not fit or _is_overtaken(now, each.source, digest, earlier) or _now_due(now, fit[-1], each.source)):
        done = _admitted(now, each, delivery_id, earlier)
    elif failed:
        reason = f"It could not be fetched as at {now.plan.moment:%Y-%m-%dT%H:%M:%SZ}: {failed}"
        done = Admitted(Examined(UNFIT, reason, _force_of(each)), 0, 0)
    elif each.scheduled and (late := overdue(each.source, each.path, now.plan.moment)):
        done = Admitted(Examined(UNFIT, late, each.source.force or SEVERAL), 0, 0)
    else:
        return None
    row = delivery_row(now.plan, each.source, each.path, delivery_id, digest, done)
    if same and row["fitness"] == UNFIT and all(row[name] == same[-1][name] for name in _SAID):
        return same[-1]
    _store(now, row, done.examined)
    return row


def _force_of(each: Handed) -> str:
    wanted = each.fetched_by
    return wanted.forces[0] if wanted and len(wanted.forces) == 1 else each.source.force or SEVERAL


def _admitted(now: _Admission, each: Handed, delivery_id: str, earlier: Sequence[Row]) -> Admitted:
    counts = tuple(row["rows_read"] for row in earlier if row["fitness"] == FIT)
    of_source = tuple(row["delivery_id"] for row in earlier)
    try:
        return admission.admit(
            now.lake, each.source, each.path, now.plan.moment, delivery_id, Earlier(counts, of_source),
            each.scheduled, now.personal,
        )  # fmt: skip
    except PledgeError as error:
        if not each.scheduled or not error.permanent:
            raise
        # One feed whose description no longer fits does not stop the others.
        return Admitted(Examined(UNFIT, str(error), each.source.force or SEVERAL), 0, 0)


def _store(now: _Admission, row: Row, seen: Examined) -> None:
    """Delivery, quarantine and results in one transaction; another run at the same time may have been faster."""
    delivery_id, log = row["delivery_id"], row["log"]
    with now.engine.begin() as conn:
        lock_slice(conn, "deliveries", row["source"], log)
        if _is_stored(conn, row):
            return
        write.add_delivery(conn, row)
        write.add_quarantine(conn, [quarantine_row(delivery_id, log, q) for q in seen.quarantined])
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
    fit = [row for row in earlier if row["fitness"] == FIT and row["received_at"] <= now.plan.moment]
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
