"""What `pledge` does beyond reading a table: a night without Airflow, a dry run, cases, definitions, SQL."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from textwrap import fill
from typing import Any

from checks.errors import NotAnsweringError, PledgeError, UsageError
from checks.feeds import ALL
from checks.logs import LOGS
from checks.standard import editions
from connectors.lake.pseudonyms import Pseudonyms, pseudonyms_of
from connectors.lake.storage import lake_exists
from connectors.settings import Settings
from connectors.slack.phrases import place
from connectors.sources.delivery import Source
from connectors.sources.description import described
from connectors.sources.file import canonical
from connectors.store import read
from connectors.store.engine import open_store, reading
from dags import fetching, steps
from dags.delivered import UNFIT
from dags.examining import Earlier, Examined, examine, troubles
from dags.handed import handed
from dags.night_table import night_table
from dags.operations import run_failed
from dags.plan import Plan, forces_of, forces_to_judge, held_forces, new_plan, source_folders, standards_of
from dags.tables import Format, show

Say = Callable[[str], None]


def one_night(settings: Settings, as_at: datetime, now: datetime, form: Format, say: Say, **choices: Any) -> bool:
    """Run every step in this process; returns whether a delivery was unfit.

    What is wrong with the call is said before anything is written. A delivery the lake cannot take and a force that
    cannot be judged do not stop the others: the delivery is left for a later run, the force's earlier cases stand, and
    the error is raised when the rest is recorded. When another step fails the run is closed as failed and the error
    goes on to the caller.
    """
    plan = new_plan(settings, as_at, now, **choices)
    _refuse_nothing_to_do(plan)
    _refuse_misspelt_forces(plan, settings)
    try:
        # Before anything is written; what there is to say is said when it is admitted.
        handed(plan, settings, lambda _: None)
    except NotAnsweringError as silent:  # a source, not the call
        run_failed(settings, plan.run_id, "what is delivered could not be read", silent, now)
        raise
    steps.start(plan, settings, say)
    try:
        taken = steps.admit(plan, settings, say)
        forces = forces_to_judge(plan)
        failures: list[PledgeError] = [*taken.failures]
        for untaken in taken.failures:
            run_failed(settings, plan.run_id, "a delivery was not taken", untaken, now)
        failures += [failure for force in forces if (failure := _judge(plan, settings, force, say, now))]
        steps.record(plan, settings, forces, say)
        steps.announce(plan, settings, say)
        steps.publish(plan, settings, say)
        if settings.site:
            steps.publish_site(plan, settings, say)
    except BaseException as error:
        with suppress(Exception):  # the first error is the one to tell
            steps.fail(plan)
        if isinstance(error, Exception):
            run_failed(settings, plan.run_id, "the run failed", error, now)
        raise
    show_run(settings, plan.run_id, form)
    if failures:
        raise failures[0]
    return any(row["fitness"] == UNFIT for row in taken.rows)


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
        if near and not (lake_exists(plan.lake) and force in held_forces(plan)):
            raise UsageError(f"--force {force}", "no force is called that", near[0], "Correct the slug.")


def show_run(settings: Settings, run_id: str, form: Format) -> None:
    """What a run left: to read, the last closed month of each force by its first standard; to work with, every figure.

    Editions of one standard count as one.
    """
    with reading(open_store(settings.store)) as conn:
        asked = {} if form is not Format.TABLE else {"period": ["month"], "area": [""], "neighbourhood": [""]}
        rows = list(read.read_table(conn, "verdicts", asked, run_id))
        run = next(row for row in read.run_rows(conn) if row["run_id"] == run_id)
    if form is not Format.TABLE:
        show(rows, read.columns_of("verdicts"), form)
        return
    standards = json.loads(run["standards"])
    first = {each.name for each in editions(standards_of(settings).values(), standards[0])}
    _show_month([row for row in rows if row["standard"] in first], run["as_at"], form)
    if others := [name for name in standards if name not in first]:
        print(f"\nJudged besides by {', '.join(others)}: see them with --standard.")


def _show_month(rows: list[dict[str, Any]], as_at: datetime, form: Format) -> None:
    months = [row for row in rows if row["period"] == "month" and not (row["area"] or row["neighbourhood"])]
    closed = [
        row["period_start"] for row in months if row["cases"] and row["period_start"] < as_at.date().replace(day=1)
    ]
    last = max(closed, default=max((row["period_start"] for row in months), default=None))
    shown = [row for row in months if row["period_start"] == last and row["force"] != ALL]
    print(night_table([row for row in shown if row["verdict"] != "cannot_judge"]) or "(no figures)")
    for force in sorted({row["force"] for row in shown}):
        blind = sorted(row["measure"] for row in shown if row["force"] == force and row["verdict"] == "cannot_judge")
        if blind:
            told = f"{force}: cannot be judged, because nothing fit was delivered: {', '.join(blind)}."
            print("\n" + fill(told, 118, subsequent_indent="  "))


def dry_run(
    settings: Settings,
    log: str,
    place: str,
    source: str,
    forces: Sequence[str],
    as_at: datetime,
    form: Format,
    say: Say,
) -> bool:
    """Examine what a source delivers and print what is wrong with it; returns whether any of it is unfit.

    Args:
        log: '' = every log the source fills.
        place: the file; for a source that is fetched its address, '' = its own place.
    """
    if log and log not in LOGS:
        raise UsageError(f"log {log}", "there is no such log", f"one of {', '.join(LOGS)}", "Correct the name.")
    if not source and not (log and place):
        expected = "a log and a file, or --source NAME"
        raise UsageError("pledge check", "nothing to read is named", expected, "Name one.")
    known = described(source, source_folders(settings)) if source else (canonical(log),)
    readers = [each for each in known if not log or each.log == log]
    if not readers:
        fills = " and ".join(each.log for each in known)
        raise UsageError(f"--source {source}", f"it fills {fills}", log, f"Say `pledge check {known[0].log} …`.")
    with tempfile.TemporaryDirectory(prefix="pledge-check-") as folder:
        paths = _delivered(readers, place, forces, as_at, Path(folder), say)
        pseudonyms = pseudonyms_of(settings.pseudonym_key)
        found = [(each, path, _examined(each, path, Path(folder), as_at, pseudonyms)) for each, path in paths]
    several = ("log",) if len(found) > 1 else ()
    rows = [{"log": each.log, **row} for each, _, seen in found for row in troubles(seen)]
    show(rows, (*several, "row_number", "key", "rule", "sentence"), form)
    for each, path, seen in found:
        _say_fitness(each.log, path, seen, say)
    return any(seen.fitness == UNFIT for _, _, seen in found)


def _delivered(
    readers: Sequence[Source], place: str, forces: Sequence[str], as_at: datetime, folder: Path, say: Say
) -> list[tuple[Source, Path]]:
    """The sources with the file each is to read: the one named, the one it keeps, or one fetched into the folder."""
    if fetching.is_fetched(readers[0], place):
        wanted = fetching.newest_only(fetching.wanted(readers, place, folder / "fetched", as_at, forces))
        fetching.fetch_now(wanted, say)
        return [found for each in readers for found in fetching.brought(wanted, each)]
    if len(readers) > 1:
        logs = ", ".join(each.log for each in readers)
        raise UsageError("pledge check", f"{place} can be only one of {logs}", "its log", "Say which log it is.")
    if not place and not readers[0].location:
        found, do = "no file is named, and its description names none", "Name the file."
        raise UsageError(f"--source {readers[0].name}", found, "a file", do)
    return [(readers[0], Path(place or readers[0].location))]


def _examined(reader: Source, path: Path, folder: Path, as_at: datetime, pseudonyms: Pseudonyms | None) -> Examined:
    staging = folder / reader.log
    staging.mkdir()
    seen, _ = examine(reader, path, staging, as_at, Earlier(), scheduled=False, pseudonyms=pseudonyms)
    return seen


def _say_fitness(log: str, path: Path, seen: Examined, say: Say) -> None:
    for result in seen.results:
        if not result.success and result.severity != "critical":
            say(f"flagged, kept: {result.rule}: {result.observed}. {result.detail}")
    say(
        f"{path}: {log}, {seen.rows_read:,} rows read, {len(seen.refused_rows):,} would be quarantined"
        + (f", {seen.rows_deleted:,} marked as deleted" if seen.rows_deleted else "")
        + f"; {seen.fitness}"
        + (f": {seen.reason}" if seen.reason else ".")
    )
