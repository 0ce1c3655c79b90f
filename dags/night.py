"""What `pledge` does beyond reading a table: a night without Airflow, a dry run, cases, definitions, SQL."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from checks.errors import NotAnsweringError, PledgeError, UsageError
from checks.feeds import ALL
from checks.logs import LOGS
from connectors.settings import Settings
from connectors.slack.phrases import place
from connectors.sources.description import described
from connectors.sources.file import canonical
from connectors.store import read
from connectors.store.engine import open_store, reading
from dags import admission, steps
from dags.looking import lake_exists
from dags.operations import run_failed
from dags.plan import Plan, forces_of, source_folders
from dags.tables import Format, show

Say = Callable[[str], None]
NIGHT_SHORT = (
    "force", "commitment", "measure", "period", "period_start", "numerator", "denominator", "rate", "rate_low",
    "rate_high", "unknown", "target", "verdict",
)  # fmt: skip


def one_night(settings: Settings, as_at: datetime, now: datetime, form: Format, say: Say, **choices: Any) -> bool:
    """Run every step in this process; returns whether a delivery was unfit.

    What is wrong with the call is said before anything is written. A force that cannot be judged does not stop the
    others: its earlier cases stand, and the error is raised when the rest is recorded. When another step fails the
    run is closed as failed and the error goes on to the caller.
    """
    plan = steps.new_plan(settings, as_at, now, **choices)
    _refuse_nothing_to_do(plan)
    _refuse_misspelt_forces(plan, settings)
    try:
        steps.handed(plan, settings)
    except NotAnsweringError as silent:  # a source, not the call
        run_failed(settings, plan.run_id, "what is delivered could not be read", silent, now)
        raise
    steps.start(plan, settings)
    try:
        added = steps.admit(plan, settings, say)
        forces = steps.forces_to_judge(plan)
        failures = [failure for force in forces if (failure := _judge(plan, settings, force, say, now))]
        steps.record(plan, settings, forces, say)
        steps.announce(plan, settings, say)
        steps.publish(plan, settings, say)
    except BaseException as error:
        with suppress(Exception):  # the first error is the one to tell
            steps.fail(plan)
        if isinstance(error, Exception):
            run_failed(settings, plan.run_id, "the run failed", error, now)
        raise
    show_run(plan.store, plan.run_id, form)
    if failures:
        raise failures[0]
    return any(row["fitness"] == admission.UNFIT for row in added)


def _judge(plan: Plan, settings: Settings, force: str, say: Say, now: datetime) -> PledgeError | None:
    try:
        steps.judge(plan, settings, force, say)
    except PledgeError as failure:
        say(f"{force}: not judged. {failure}")
        run_failed(settings, plan.run_id, f"{place(force, 60)} was not judged", failure, now)
        return failure
    return None


def _refuse_nothing_to_do(plan: Plan) -> None:
    if not plan.input and not plan.sources and not lake_exists(plan.lake):
        expected = "--input DIR or --source NAME, or a lake of earlier runs to judge again"
        raise UsageError("pledge run", "nothing to read is named and nothing was admitted yet", expected, "Name one.")


def _refuse_misspelt_forces(plan: Plan, settings: Settings) -> None:
    """A force may come with this very delivery; but one spelt almost like a known one is a slip."""
    known = forces_of(settings)
    for force in set(plan.forces) - set(known):
        near = get_close_matches(force, known, n=1, cutoff=0.8)
        if near and not (lake_exists(plan.lake) and force in steps.held_forces(plan)):
            raise UsageError(f"--force {force}", "no force is called that", near[0], "Correct the slug.")


def show_run(store: str, run_id: str, form: Format) -> None:
    """What a run left: to read, the last closed month of each force; to work with, every figure."""
    with reading(open_store(store)) as conn:
        rows = list(read.read_table(conn, "verdicts", {}, run_id))
        as_at = next(row["as_at"] for row in read.read_table(conn, "runs") if row["run_id"] == run_id)
    if form is not Format.TABLE:
        show(rows, read.columns_of("verdicts"), form)
        return
    months = [row for row in rows if row["period"] == "month" and not (row["area"] or row["neighbourhood"])]
    closed = [
        row["period_start"] for row in months if row["cases"] and row["period_start"] < as_at.date().replace(day=1)
    ]
    last = max(closed, default=max((row["period_start"] for row in months), default=None))
    shown = [row for row in months if row["period_start"] == last and row["force"] != ALL]
    show([row for row in shown if row["verdict"] != "cannot_judge"], read.columns_of("verdicts"), form, NIGHT_SHORT)
    blind = sorted({f"{row['measure']} ({row['force']})" for row in shown if row["verdict"] == "cannot_judge"})
    if blind:
        print(f"\nCannot be judged, because nothing fit was delivered for them: {', '.join(blind)}.")


def dry_run(settings: Settings, log: str, path: Path, source: str, as_at: datetime, form: Format, say: Say) -> bool:
    """Examine one delivery and print what is wrong with it; returns whether it is unfit."""
    if log not in LOGS:
        raise UsageError(f"log {log}", "there is no such log", f"one of {', '.join(LOGS)}", "Correct the name.")
    reader = described(source, source_folders(settings)) if source else canonical(log)
    if reader.log != log:
        raise UsageError(f"--source {source}", f"it fills {reader.log}", log, f"Say `pledge check {reader.log} …`.")
    with tempfile.TemporaryDirectory(prefix="pledge-check-") as folder:
        seen, _ = admission.examine(reader, path, Path(folder), as_at, admission.Earlier(), scheduled=False)
    show(admission.troubles(seen), ("row_number", "key", "rule", "sentence"), form)
    for result in seen.results:
        if not result.success and result.severity != "critical":
            say(f"flagged, kept: {result.rule}: {result.observed}. {result.detail}")
    say(
        f"{path}: {log}, {seen.rows_read:,} rows read, {len(seen.refused_rows):,} would be quarantined; {seen.fitness}"
        + (f": {seen.reason}" if seen.reason else ".")
    )
    return seen.fitness == admission.UNFIT
