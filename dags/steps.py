"""The steps of a run as plain functions: the nightly DAG and `pledge run` call the same ones.

    start → admit → judge (each force) → record → announce → publish

Each step may be tried again: what it did before it finds done.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import rfc8785
from sqlalchemy import Connection, Engine

from checks.commitment import measures
from checks.database import connect
from checks.errors import UsageError
from checks.feeds import Delivered, gaps
from checks.judging import judge as judge_measure
from checks.judging import macros_script, prepare, run_script
from checks.logs import LOGS
from checks.standard import Standard
from connectors.lake.cases import Slice, read_cases, write_cases
from connectors.lake.tables import Lake
from connectors.settings import Settings
from connectors.sources.delivery import Source
from connectors.sources.description import described
from connectors.sources.file import canonical, find_logs
from connectors.sources.forces import DEFAULT_ZONE
from connectors.store import read, write
from connectors.store.cases import STATES_KEPT, replace_cases, sync_breaches
from connectors.store.engine import open_store
from connectors.store.engine import reading as read_only
from connectors.store.figures import emptied_figures, record_commitments, record_figures
from dags import admission, recording
from dags.plan import Plan, applied, chosen_standards, code_version, new_run_id, source_folders, zones
from dags.tables import write_csv
from expectations.quality import RuleResult

Say = Callable[[str], None]
PERIODS = ("day", "month", "year", "rolling_12_months")


def _silent(_: str) -> None:
    return


@dataclass(frozen=True)
class Handed:
    """A file to admit and how it is read; `scheduled` = it comes from a source's own place, at its own times."""

    source: Source
    path: Path
    scheduled: bool = False


def start(plan: Plan, settings: Settings) -> Plan:
    """Settle the plan and open the run in the store; a plan that was started before stays as it is."""
    standards = chosen_standards(settings, plan.standards)
    engine = open_store(plan.store)
    plan.open_lake()
    with engine.begin() as conn:
        if all(row["run_id"] != plan.run_id for row in read.read_table(conn, "runs")):
            write.start_run(
                conn,
                {
                    "run_id": plan.run_id,
                    "as_at": plan.moment,
                    "window_from": (plan.first_day and datetime.fromisoformat(plan.first_day).replace(tzinfo=UTC))
                    or None,
                    "window_to": (plan.last_day and datetime.fromisoformat(plan.last_day).replace(tzinfo=UTC)) or None,
                    "standards": [standard.name for standard in standards],
                    "code_version": code_version(),
                    "started_at": datetime.fromisoformat(plan.started_at),
                },
            )
    return plan


def resumed(plan: Plan, dag_run_id: str) -> Plan:
    """The plan under a run_id that every try of one DAG run shares."""
    digest = hashlib.sha256(f"{dag_run_id}|{plan.as_at}".encode()).hexdigest()[:12]
    return replace(plan, run_id=f"{plan.moment:%Y%m%dT%H%M%SZ}-{digest}")


def new_plan(settings: Settings, as_at: datetime, now: datetime, **choices: Any) -> Plan:
    """The plan of a run that begins `now` and judges from `as_at`."""
    return Plan(
        run_id=new_run_id(as_at, now),
        as_at=as_at.astimezone(UTC).isoformat(),
        lake=settings.lake,
        store=settings.store,
        started_at=now.astimezone(UTC).isoformat(),
        **choices,
    )


def handed(plan: Plan, settings: Settings, say: Say = _silent) -> list[Handed]:
    """The files this run is given: the logs found in the input folder and the sources named."""
    files: list[Handed] = []
    if plan.input:
        found, others = find_logs(Path(plan.input))
        files += [Handed(canonical(log), path) for log, path in found]
        for other in others:
            say(f"{other}: no log of the contract is called that; it is left alone.")
        if not found and not plan.sources:
            raise UsageError(
                plan.input,
                "no log is in it",
                "files named after logs, such as calls.csv",
                f"Logs: {', '.join(LOGS)}.",
            )
    for named in plan.sources:
        name, _, path = named.partition("=")
        source = described(name, source_folders(settings))
        files.append(Handed(source, Path(path or source.location), scheduled=not path))
    return files


def admit(plan: Plan, settings: Settings, say: Say = _silent) -> list[dict[str, Any]]:
    """Admit every delivery the run is given; returns the rows of `deliveries` it added."""
    engine, lake = open_store(plan.store), plan.open_lake()
    added: list[dict[str, Any]] = []
    for each in handed(plan, settings, say):
        row = _admit_one(plan, engine, lake, each)
        if row is None:
            say(f"{each.path}: admitted before, nothing new.")
            continue
        added.append(row)
        say(
            f"{each.path}: {row['log']}, {row['rows_read']:,} rows read, {row['rows_admitted']:,} admitted, "
            f"{row['rows_quarantined']:,} quarantined, {row['rows_unchanged']:,} unchanged; {row['fitness']}"
            + (f" ({row['reason']})" if row["reason"] else "")
        )
    return added


def _admit_one(plan: Plan, engine: Engine, lake: Lake, each: Handed) -> dict[str, Any] | None:
    if not each.path.is_file():
        raise UsageError(str(each.path), "no such file", "a delivered file", "Correct the path.")
    source_name = each.source.name
    log = each.source.log
    digest = _sha256(each.path)
    with engine.connect() as conn:
        known = write.delivery_by_hash(conn, source_name, log, digest)
        if known and not _held_back_for_the_future(conn, known, plan.moment):
            return None
        counts = tuple(
            row["rows_read"]
            for row in read.read_table(conn, "deliveries")
            if (row["source"], row["log"], row["fitness"]) == (source_name, log, admission.FIT)
        )
    delivery_id = hashlib.sha256(f"{source_name}|{log}|{digest}|{plan.as_at}".encode()).hexdigest()[:16]
    done = admission.admit(
        lake, each.source, each.path, plan.moment, delivery_id, admission.Earlier(counts), each.scheduled
    )
    seen = done.examined
    row = {
        "delivery_id": delivery_id,
        "run_id": plan.run_id,
        "source": source_name,
        "log": log,
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
    with engine.begin() as conn:
        write.add_delivery(conn, row)
        write.add_quarantine(conn, [_quarantine_row(delivery_id, log, q) for q in seen.quarantined])
        write.add_expectation_results(conn, [_result_row(plan, r, seen.force, log, delivery_id) for r in seen.results])
    return row


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _held_back_for_the_future(conn: Connection, known: dict[str, Any], as_at: datetime) -> bool:
    """Whether rows of a known file were refused as lying in the future and the run now judges from a later moment."""
    if as_at <= known["received_at"]:
        return False
    refused = read.read_table(conn, "quarantine", run=known["run_id"])
    return any(row["delivery_id"] == known["delivery_id"] and row["rule"].startswith("future") for row in refused)


def _quarantine_row(delivery_id: str, log: str, row: admission.Quarantined) -> dict[str, Any]:
    return {
        "delivery_id": delivery_id,
        "row_number": row.row_number,
        "log": log,
        "key": row.key,
        "rule": row.rule,
        "sentence": row.sentence,
        "kept_values": row.kept_values,
    }


def _result_row(plan: Plan, result: RuleResult, force: str, log: str, delivery_id: str) -> dict[str, Any]:
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


def forces_to_judge(plan: Plan) -> list[str]:
    """The forces the run judges: those asked for, or every force the lake holds rows of."""
    lake = plan.open_lake()
    held = sorted(lake.forces(lake.versions()))
    unknown = [force for force in plan.forces if force not in held]
    if unknown:
        raise UsageError(
            f"--force {unknown[0]}", "no row of that force", f"one of {', '.join(held)}", "Correct the slug."
        )
    return list(plan.forces) or held


def judge(plan: Plan, settings: Settings, force: str, say: Say = _silent) -> list[str]:
    """Judge one force by every measure of the run's standards and keep the cases in the lake.

    Returns the `standard/measure` whose cases changed.
    """
    lake, standards = plan.open_lake(), chosen_standards(settings, plan.standards)
    versions = lake.versions()
    files = {name: lake.files(name, version, force=[force]) for name, version in versions.items()}
    con = connect()
    changed = []
    try:
        prepare(con, plan.window, zones(settings, [force]), files)
        for measure in measures().values():
            rules = applied(standards, measure.name, force)
            if not rules or any(not files.get(log) for log in measure.logs):
                continue
            judge_measure(con, measure, rules)
            for standard in sorted({rule.rule.standard for rule in rules}):
                slice_ = Slice(standard, measure.name, force)
                window = plan.window
                if write_cases(con, lake, slice_, plan.run_id, window.first_day, window.last_day):
                    changed.append(f"{standard}/{measure.name}")
    finally:
        con.close()
    say(f"{force}: judged; {len(changed)} measures have changed cases.")
    return changed


def record(plan: Plan, settings: Settings, forces: Sequence[str], say: Say = _silent) -> int:
    """Turn the judged cases into figures, verdicts, commitments and breaches; returns how many figures are new."""
    engine, lake = open_store(plan.store), plan.open_lake()
    standards = chosen_standards(settings, plan.standards)
    versions = lake.versions()
    cases_table = lake.table("cases")
    version = cases_table.version() if cases_table else None
    con = connect()
    try:
        spans = recording.spans(con, lake, version)
        with engine.connect() as conn:
            delivered = [_delivered(row) for row in read.read_table(conn, "deliveries")]
        feeds = recording.Feeds(lake.forces(versions), gaps(delivered), spans)
        con.execute(macros_script() + run_script(plan.window, zones(settings, sorted({*spans, *forces}))))
        tallies = [each for m in measures().values() for each in recording.tally(con, lake, standards, m, version)]
        why = "late or corrected rows were delivered" if _admitted_rows(engine, plan) else "it was judged again"
        said = recording.conclude(tallies, feeds, plan.window, forces, why)
        _store_cases(engine, con, lake, version, plan, standards)
        written = _store(engine, plan, said, tallies, {**versions, "cases": version or 0})
    finally:
        con.close()
    say(f"{written:,} figures are new or changed.")
    return written


def _delivered(row: dict[str, Any]) -> Delivered:
    return Delivered(
        row["source"],
        row["log"],
        row["force"],
        row["fitness"] == "fit",
        row["received_at"],
        row["covers_from"],
        row["covers_to"],
    )


def _admitted_rows(engine: Engine, plan: Plan) -> bool:
    with engine.connect() as conn:
        return any(row["rows_admitted"] for row in read.read_table(conn, "deliveries", run=plan.run_id))


def _store(
    engine: Engine,
    plan: Plan,
    said: recording.Recorded,
    tallies: Sequence[recording.Tally],
    versions: dict[str, int],
) -> int:
    """One transaction: a run's figures, commitments and expectation results are all there or none is."""
    with engine.begin() as conn:
        figures = list(said.figures)
        for each in tallies:
            figures += _emptied(conn, plan, each, said)
        written = record_figures(conn, plan.run_id, figures)
        record_commitments(conn, plan.run_id, said.commitments)
        if written:
            write.add_expectation_results(conn, [_result_row(plan, r, "", "", "") for r in said.results])
        sealed = _seal(conn, figures)
        write.finish_run(conn, plan.run_id, **sealed, input_key=json.dumps(versions), finished_at=datetime.now(UTC))
    return written


def _emptied(conn: Connection, plan: Plan, each: recording.Tally, said: recording.Recorded) -> list[dict[str, Any]]:
    """Figures of no cases where the store still states some: their records were withdrawn or moved away."""
    window = plan.window
    # Under a window only its days are known to be whole.
    periods = PERIODS if window.first_day is None and window.last_day is None else PERIODS[:1]
    own = [f for f in said.figures if (f["standard"], f["measure"]) == (each.standard.name, each.measure.name)]
    return [
        figure
        for force in sorted({figure["force"] for figure in own})
        for period in periods
        for figure in emptied_figures(
            conn,
            [figure for figure in own if figure["force"] == force],
            standard=each.standard.name,
            measure=each.measure.name,
            force=force,
            period=period,
            first=window.first_day or date.min,
            last=window.last_day or date.max,
        )
    ]


def _seal(conn: Connection, figures: Sequence[dict[str, Any]]) -> dict[str, str]:
    """The hash of what the run says and its place in the chain of runs."""
    stated = sorted(
        rfc8785.dumps({k: _plain(v) for k, v in figure.items() if k != "restated_why"}) for figure in figures
    )
    figures_hash = hashlib.sha256(b"\n".join(stated)).hexdigest()
    finished = [row for row in read.read_table(conn, "runs") if row["hash"]]
    previous = max(finished, key=lambda row: row["run_number"])["hash"] if finished else ""
    chained = hashlib.sha256(rfc8785.dumps({"figures_hash": figures_hash, "previous_hash": previous})).hexdigest()
    return {"figures_hash": figures_hash, "previous_hash": previous, "hash": chained}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _store_cases(
    engine: Engine, con: Any, lake: Lake, version: int | None, plan: Plan, standards: Sequence[Standard]
) -> None:
    """Bring the store's open questions (missed, pending, unknown) and its breaches in line with the lake's cases.

    What to look at comes from the lake, not from this run's judging: a run that died between the two is made good.
    """
    if version is None:
        return
    severity = {(s.name, rule.measure): rule.severity for s in standards for rule in s.rules if not rule.force}
    states = ", ".join(f"'{state}'" for state in sorted(STATES_KEPT))
    for standard, measure, force in lake.changed_slices(_cases_recorded(engine), version):
        files = lake.files("cases", version, standard=[standard], measure=[measure], force=[force])
        read_cases(con, files, "slice_cases")
        found = con.execute(f"select * from slice_cases where state in ({states})").df()
        rows = [{k: _known(v) for k, v in row.items()} for row in found.astype(object).to_dict("records")]
        with engine.begin() as conn:
            replace_cases(conn, standard, measure, force, rows, run_id=plan.run_id)
            sync_breaches(conn, plan.run_id, standard, measure, force, severity=severity.get((standard, measure), ""))


def _cases_recorded(engine: Engine) -> int | None:
    """The version of the lake's cases that the last finished run recorded."""
    with engine.connect() as conn:
        finished = [row for row in read.read_table(conn, "runs") if row["input_key"]]
    if not finished:
        return None
    return json.loads(max(finished, key=lambda row: row["run_number"])["input_key"]).get("cases")


def _known(value: Any) -> Any:
    import pandas as pd

    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    return None if not isinstance(value, str) and pd.isna(value) else value


def fail(plan: Plan) -> None:
    """Close a run that did not get to its end; what it recorded before stays."""
    engine = open_store(plan.store)
    with engine.begin() as conn:
        if any(row["run_id"] == plan.run_id and row["status"] == "running" for row in read.read_table(conn, "runs")):
            write.finish_run(conn, plan.run_id, status="failed", finished_at=datetime.now(UTC))


def announce(plan: Plan, settings: Settings, say: Say = _silent) -> str:
    """Say the night's digest, and first what an earlier night could not say; '' where Slack is not set up.

    Slack being down never fails a run: the announcement stays in the store and is said when it is back.
    """
    if not (settings.slack_token and settings.slack_channel):
        say("Slack is not set up (PLEDGE_SLACK_TOKEN, PLEDGE_SLACK_CHANNEL); nothing is announced.")
        return ""
    from connectors.slack.message import digest
    from connectors.slack.send import Slack
    from connectors.store.announcements import announce as say_once
    from connectors.store.announcements import resend_unsent
    from dags.saying import night

    engine = open_store(plan.store)
    slack = Slack(settings.slack_token, settings.slack_url)
    now = datetime.now(UTC)
    standard = chosen_standards(settings, plan.standards)[0]
    with engine.connect() as conn:
        told = night(conn, plan, standard, DEFAULT_ZONE)
    resend_unsent(engine, slack, now)
    state = say_once(engine, slack, settings.slack_channel, digest(told), now)
    say(f"Slack: the digest of {told.local_day} is {state}.")
    return state


def publish(plan: Plan, settings: Settings, say: Say = _silent) -> list[str]:
    """Write the current figures and commitments as CSV beside the lake; returns the files' paths."""
    if "://" in plan.lake:
        return []
    folder = Path(plan.lake).parent / "published"
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with read_only(open_store(plan.store)) as conn:
        for name in ("verdicts", "commitments"):
            target = folder / f"{name}.csv"
            unfinished = target.with_suffix(".csv.part")
            with unfinished.open("w", encoding="utf-8", newline="") as file:
                write_csv(file, read.read_table(conn, name), read.columns_of(name))
            unfinished.replace(target)
            written.append(str(target))
    say(f"published: {', '.join(written)}")
    return written
