"""The steps of a run as plain functions: the nightly DAG and `pledge run` call the same ones.

    start → admit → judge (each force) → record → announce → publish

Each step may be tried again: what it did before it finds done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Connection, Engine

from checks.commitment import measures
from checks.database import connect, is_unreadable
from checks.errors import NotAnsweringError, PledgeError
from checks.judging import judge as judge_measure
from checks.judging import macros_script, run_script
from connectors.lake.cases import Slice, lay_missed_cases, write_cases
from connectors.lake.storage import is_remote
from connectors.settings import Settings
from connectors.sources.forces import DEFAULT_ZONE
from connectors.store import erasures, read, write
from connectors.store import sensitivity as definition_counts
from connectors.store.engine import lock_slice, open_store
from connectors.store.engine import reading as read_only
from dags import (
    alert_health,
    comparing,
    definitions,
    deliveries,
    explaining,
    feeds,
    findings,
    judging_days,
    kept_out,
    look_back,
    observed,
    recording,
    sealing,
    stating,
    storing,
)
from dags.plan import (
    FIRST_YEAR,
    NO_RUN_TAKES,
    Plan,
    applied,
    bank_holidays,
    chosen_standards,
    commitments_by_measure,
    forces_of,
    zones,
)
from dags.publishing import write_published
from dags.versions import code_version

Say = Callable[[str], None]


def _silent(_: str) -> None:
    return


@observed.watched("start")
def start(plan: Plan, settings: Settings, say: Say = _silent) -> Plan:
    """Settle the plan and open the run in the store; a plan that was started before stays as it is.

    Two things are said here, because nobody would expect them of figures that follow:

    - A run that was started 20 hours and more before this one and never ended was killed: it is closed as `failed`.
      Runs at the same time do not take each other for dead: none takes so long.
    - The figures of the newest run stand, also when it judges from an earlier moment than the run before it: what
      it restates goes back to that moment, and says so in `restated_why`, until a later run comes.
    """
    if settings.slack_routes:  # what is wrong with them is said before a night's work, not after it
        from connectors.slack.routes import routes_of

        routes_of(settings, forces_of(settings))
    standards = chosen_standards(settings, plan.standards)
    comparing.rebases_of(settings)  # both files are refused before anything is written
    comparing.similar_forces(settings)
    engine = _opened(plan)
    with read_only(engine) as conn:
        kept_out.refuse_other_keys(conn, plan.open_lake(), settings)
    sealing.ready(settings, say)
    with engine.begin() as conn:
        lock_slice(conn, "runs")
        runs = read.run_rows(conn)
        _close_killed(conn, plan, runs, say)
        if all(row["run_id"] != plan.run_id for row in runs):
            _warn_of_later(plan, runs, say)
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


def _close_killed(conn: Connection, plan: Plan, runs: Sequence[dict[str, Any]], say: Say) -> None:
    started = datetime.fromisoformat(plan.started_at)
    for row in runs:
        if row["status"] == "running" and row["run_id"] != plan.run_id and row["started_at"] <= started - NO_RUN_TAKES:
            write.finish_run(conn, row["run_id"], status="failed", finished_at=datetime.now(UTC))
            say(f"Run {row['run_id']} of {row['started_at']:%d %B %Y %H:%M} UTC never ended; it is closed as failed.")


def _warn_of_later(plan: Plan, runs: Sequence[dict[str, Any]], say: Say) -> None:
    later = feeds.judged_later(plan, runs)
    if later:
        this, that = (f"{moment:%Y-%m-%d %H:%M} UTC" for moment in (plan.moment, later["as_at"]))
        say(
            f"Warning: this run judges from {this}, run {later['run_id']} before it from {that}: "
            "figures it restates go back to the earlier moment until a later run comes."
        )


def _opened(plan: Plan) -> Engine:
    """The store, once the lake is known to be usable; a store or lake that is refused leaves no empty lake behind."""
    is_new = not is_remote(plan.lake) and not Path(plan.lake).exists()
    lake = plan.open_lake()
    if is_remote(plan.lake):
        lake.storage.check(writing=True)
    try:
        engine = open_store(plan.store)
        with read_only(engine) as conn:
            sealing.refuse_another_lake(lake, conn)
        return engine
    except PledgeError:
        if is_new:
            Path(plan.lake).rmdir()
        raise


def resumed(plan: Plan, dag_run_id: str) -> Plan:
    """The plan under a run_id that every try of one DAG run shares."""
    digest = hashlib.sha256(f"{dag_run_id}|{plan.as_at}".encode()).hexdigest()[:12]
    return replace(plan, run_id=f"{plan.moment:%Y%m%dT%H%M%SZ}-{digest}")


@observed.watched("admit")
def admit(plan: Plan, settings: Settings, say: Say = _silent) -> deliveries.Taken:
    """Admit every delivery the run is given; says what became of them, and of those the lake could not take.

    What officers explained since is brought into the lake, too.
    """
    taken = deliveries.admit(plan, settings, say)
    for name in ("rows_read", "rows_admitted", "rows_quarantined"):
        observed.count(name, sum(row[name] for row in taken.rows))
    observed.count("deliveries_unfit", sum(row["fitness"] == "unfit" for row in taken.rows))
    explaining.bring_explanations(plan, say)
    return taken


@observed.watched("judge")
def judge(plan: Plan, settings: Settings, force: str, say: Say = _silent) -> list[str]:
    """Judge one force by every measure of the run's standards and keep the cases in the lake.

    Returns the `standard/measure` whose cases changed. Raises NotAnsweringError when the lake cannot be read.
    """
    con = connect()
    try:
        changed = list(_judged(con, plan, settings, force, say))
    except duckdb.Error as error:
        if not is_unreadable(error):
            raise
        found = f"a file of {force} cannot be read"
        do = "Restore it, then run again: the other forces are judged."
        raise NotAnsweringError(f"lake {plan.lake}", found, "whole Parquet files", do) from error
    finally:
        con.close()
    say(f"{force}: judged; {len(changed)} measures have changed cases.")
    return changed


def _judged(con: duckdb.DuckDBPyConnection, plan: Plan, settings: Settings, force: str, say: Say) -> Iterator[str]:
    lake, standards = plan.open_lake(), chosen_standards(settings, plan.standards)
    engine = open_store(plan.store)
    with read_only(engine) as conn:
        counted = definition_counts.counted(conn, [force])
        erased = erasures.standing(conn)
        runs = read.run_rows(conn)
    versions = lake.versions()
    back = look_back.look_back(plan, lake, force, runs, [standard.name for standard in standards])
    held = {name: lake.names(name, version, force=[force]) for name, version in versions.items()}
    holidays = bank_holidays(settings, [force], FIRST_YEAR, plan.moment.year + 1)
    zone = zones(settings, [force])
    laid = judging_days.Laid(con, plan, zone, holidays, back, held, versions)
    counting = definitions.Counting(con, plan, lake, force, (zone, holidays), counted, erased)
    standing = look_back.first_months(lake, force)
    for measure in measures().values():
        rules = applied(standards, measure.name, force)
        names = sorted({rule.rule.standard for rule in rules})
        # Without its log there is nothing to judge, unless all of its rows were withdrawn.
        if not any((name, measure.name, force) in standing for name in names) and any(
            not held.get(log) for log in measure.logs
        ):
            continue
        for first_day, of_days in laid.by_first_day(measure, names):
            laid.lay_out(first_day)
            if "missed_cases" in measure.sql:
                missed = laid.missed_files(first_day, of_days)
                lay_missed_cases(con, missed, commitments_by_measure())
            judge_measure(con, measure, [rule for rule in rules if rule.rule.standard in of_days])
            observed.count("cases_judged", con.execute("select count(*) from facts").fetchall()[0][0])
            for name in of_days:
                slice_ = Slice(name, measure.name, force)
                frozen = kept_out.frozen_before(erased, measure.logs, force)
                if write_cases(con, lake, slice_, plan.run_id, first_day, plan.window.last_day, frozen):
                    yield f"{name}/{measure.name}"
            chosen = [standard for standard in standards if standard.name in of_days]
            counting.count(measure, chosen, laid.held, first_day)
    with engine.begin() as conn:
        definition_counts.keep_counts(conn, counting.found)
    laid.tell_late(say)


@observed.watched("record")
def record(plan: Plan, settings: Settings, forces: Sequence[str], say: Say = _silent) -> int:
    """Turn the judged cases into figures, verdicts, commitments, breaches, findings; returns how many figures are new.

    A run recorded by an earlier try is left as it is.
    """
    engine, lake = open_store(plan.store), plan.open_lake()
    with engine.connect() as conn:
        runs = {row["run_id"]: row for row in read.run_rows(conn)}
        brought = list(read.read_table(conn, "deliveries"))
        erased = erasures.standing(conn)
        erasure = findings.newest_erasure(conn, erased, runs)
    if runs[plan.run_id]["status"] == "done":
        return 0
    standards = chosen_standards(settings, plan.standards)
    versions = lake.versions()
    cases = lake.table("cases")
    version = cases.version() if cases else None
    slices = storing.changed_slices(engine, lake, version)
    con = connect()
    try:
        back = None if plan.first_day or plan.last_day else look_back.first_figure(look_back.first_day(plan.moment))
        known = feeds.known(con, lake, versions, version, settings, plan, brought, runs, erased, back)
        told = feeds.forces(forces, known, plan)
        basis = stating.basis(settings, standards, known, erased, comparing.rebases_of(settings))
        scope = stating.scope(plan, lake, list(runs.values()), standards, told, basis, version, say)
        if scope.is_everything and back:
            known = feeds.known(con, lake, versions, version, settings, plan, brought, runs, erased)
        con.execute(macros_script() + run_script(plan.counted.window, zones(settings, sorted({*known.days, *told}))))
        tallies = [
            each
            for measure in measures().values()
            for each in recording.tally(con, lake, standards, measure, version, told, scope)
        ]
        said = recording.conclude(tallies, known, plan.counted.window, told, feeds.why(plan, brought, runs), scope)
        with read_only(engine) as conn:
            counted = definition_counts.counted(conn, told)
            standing = definition_counts.own_standing(conn, scope.first) if scope.months is not None else []
        tables = definitions.said(
            tallies, said.tallies, counted, standards, known, plan.counted, settings, told, scope, standing
        )
        storing.store_cases(engine, con, lake, version, plan, standards, slices)
        found = findings.look(
            plan, settings, lake, versions, version, standards, erased, erasure, everything=scope.is_everything
        )
        judged = {**versions, storing.CASES: version or 0}
        stated = storing.Stated(said, tables, found, standards, told, list(slices), scope, basis)
        written = storing.store_figures(engine, lake, settings, plan, stated, judged)
    finally:
        con.close()
    observed.count("figures_written", written)
    say(f"{written:,} figures are new or changed.")
    with engine.connect() as conn:
        sealing.tell_heads(settings, conn)
    return written


def fail(plan: Plan) -> None:
    """Close a run that did not get to its end; what it recorded before stays."""
    engine = open_store(plan.store)
    with engine.begin() as conn:
        if any(row["run_id"] == plan.run_id and row["status"] == "running" for row in read.run_rows(conn)):
            write.finish_run(conn, plan.run_id, status="failed", finished_at=datetime.now(UTC))


@observed.watched("announce")
def announce(plan: Plan, settings: Settings, say: Say = _silent) -> str:
    """Say what changed and the night's digest, first what an earlier night could not say; '' where Slack is not set up.

    Slack being down never fails a run: every announcement stays in the store and is said when it is back.
    """
    if not (settings.slack_token and settings.slack_channel):
        say("Slack is not set up (PLEDGE_SLACK_TOKEN, PLEDGE_SLACK_CHANNEL); nothing is announced.")
        return ""
    from dags.alerting import alert, mute

    if plan.backfill:
        with open_store(plan.store).begin() as conn:
            lock_slice(conn, "announcements")
            muted = mute(conn, plan, settings, datetime.now(UTC))
        say(f"Slack: a backfill is not announced; {muted:,} changes are kept as suppressed.")
        return "suppressed"
    state = alert(plan, settings, datetime.now(UTC))
    unsaid = "could not be said: it is kept, and said when Slack takes it"
    say(f"Slack: the night's message {unsaid if state == 'failed' else f'is {state}'}.")
    return state


def say_due(settings: Settings, now: datetime) -> int:
    """Say what is due by the clock alone (held messages, ends of silences, the unsaid); returns how many were sent."""
    from dags.operations import say_due

    return say_due(settings, now)


def digest_absent(settings: Settings, now: datetime, say: Say = _silent) -> bool:
    """Is it after 06:30 (local) and yesterday's digest not said? Operations are told once a day."""
    from dags.operations import digest_absent

    return digest_absent(settings, now, say)


@observed.watched("publish")
def publish(plan: Plan, settings: Settings, say: Say = _silent) -> list[str]:
    """Write the current figures and commitments as CSV, small numbers suppressed.

    How the alerts fare is brought up to date, too. Returns the paths of the CSV files.
    """
    alert_health.record(open_store(plan.store), plan.run_id, DEFAULT_ZONE)
    written = write_published(plan, settings)
    say(f"published: {', '.join(written)}")
    return written


def publish_site(plan: Plan, settings: Settings, say: Say = _silent) -> None:
    """Bring the site of the run's own store up to date: every night of Airflow, and `pledge run` where it is set up."""
    from dags import reporting

    own = replace(settings, lake=plan.lake, store=plan.store)
    built = reporting.report(own, reporting.folder(own))
    say(f"site: {reporting.told(reporting.folder(own), built)}")
