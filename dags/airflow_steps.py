"""The steps as Airflow's tasks call them: settings from the environment, progress into the task's log.

The DAG file imports this: whatever takes long to import is imported inside the tasks.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from checks.errors import PledgeError, UsageError
from connectors.settings import Settings, load

log = logging.getLogger("pledge")
WATCH_EVERY = timedelta(minutes=15)
# Left for saying what was found.
WATCH_MARGIN = timedelta(minutes=2)


def _settings() -> Settings:
    return load(os.environ)


def _plan(plan: dict[str, Any]) -> Any:
    from dags.plan import Plan

    return Plan.from_json(plan)


@contextmanager
def _told() -> Iterator[None]:
    """A fault no retry can mend fails the task at once; of one nobody foresaw the log has no word but its kind."""
    try:
        yield
    except PledgeError as error:
        raise (AirflowFailException(str(error)) if error.permanent else error) from error
    except AirflowException:
        raise
    except Exception as error:
        # One of the same name: its words may be anybody's.
        wordless = type(type(error).__name__, (RuntimeError,), {})
        said = "nobody foresaw this; please report it with the lines above"
        raise wordless(said).with_traceback(error.__traceback__) from None


def admit(logical_date: Any = None, dag_run: Any = None) -> dict[str, Any]:
    """Open the night's run and admit what was delivered; the same DAG run always means the same run.

    Returns the `plan`, and as `failures` what the lake could not take, in sentences.
    """
    from dags import steps
    from dags.plan import new_plan

    settings = _settings()
    as_at = (logical_date or dag_run.run_after).astimezone(UTC)
    choices = {"sources": settings.nightly_sources.split(), "standards": settings.nightly_standards.split()}
    read = {name: tuple(names) for name, names in choices.items()}
    with _told():
        if not settings.input and not read["sources"]:
            expected = "a folder or PLEDGE_NIGHTLY_SOURCES"
            raise UsageError("PLEDGE_INPUT", "nothing to read is set", expected, "Set one.")
        plan = new_plan(settings, as_at, datetime.now(UTC), input=settings.input, **read, **_backfilled(dag_run))
        plan = steps.start(steps.resumed(plan, _name(dag_run)), settings, log.info)
        taken = steps.admit(plan, settings, log.info)
    return {"plan": plan.to_json(), "failures": [str(failure) for failure in taken.failures]}


def _name(dag_run: Any) -> str:
    """What every try of a DAG run shares: a backfill with --reprocess-behavior clears the night that was, keeps its
    name and means another run."""
    cleared = dag_run.clear_number if _is_backfill(dag_run) else 0
    return f"{dag_run.run_id} cleared {cleared}" if cleared else str(dag_run.run_id)


def _is_backfill(dag_run: Any) -> bool:
    return str(getattr(dag_run.run_type, "value", dag_run.run_type)) == "backfill"


def _backfilled(dag_run: Any) -> dict[str, str]:
    """What a run of `airflow backfill create` says of itself: its nights are past, and nobody is alerted of them."""
    if not _is_backfill(dag_run):
        return {}
    reason = str((dag_run.conf or {}).get("reason", "")).strip()
    if not reason:
        do = """Say --dag-run-conf '{"reason": "…"}'."""
        raise UsageError("airflow backfill", "no reason is given", "why past nights are judged again", do)
    return {"reason": reason, "backfill": f"airflow {_name(dag_run)}"}


def forces(plan: dict[str, Any]) -> list[str]:
    """The forces to judge, one mapped task each."""
    from dags.plan import forces_to_judge

    return forces_to_judge(_plan(plan))


def judge(plan: dict[str, Any], force: str) -> None:
    """Judge one force."""
    from dags import steps

    with _told():
        steps.judge(_plan(plan), _settings(), force, log.info)


def record(plan: dict[str, Any], forces: list[str]) -> None:
    """Record the night's figures; a run recorded by an earlier try is left as it is."""
    from dags import steps

    with _told():
        steps.record(_plan(plan), _settings(), forces, log.info)


def announce(plan: dict[str, Any]) -> None:
    """Say the digest."""
    from dags import steps

    with _told():
        steps.announce(_plan(plan), _settings(), log.info)


def publish(plan: dict[str, Any]) -> None:
    """Publish the figures, and the site."""
    from dags import steps

    with _told():
        steps.publish(_plan(plan), _settings(), log.info)
        steps.publish_site(_plan(plan), _settings(), log.info)


def all_is_well(failures: list[str]) -> None:
    """Fail the DAG run for what the lake could not take; a force that was not judged has failed it before."""
    if failures:
        raise AirflowFailException(" ".join(failures))


def task_failed(context: Mapping[str, Any]) -> None:
    """Tell operations of a task that failed for good, once per run and task."""
    task, run = context["task"], context["dag_run"]
    force = getattr(task, "op_kwargs", {}).get("force", "")
    what = f"{task.task_id} failed" + (f" for {force}" if isinstance(force, str) and force else "")
    error = context.get("exception") or RuntimeError()
    from dags import operations

    operations.run_failed(
        _settings(), run.run_id, what, error if isinstance(error, BaseException) else RuntimeError(), datetime.now(UTC)
    )


def digest_overdue() -> None:
    """Tell operations that the digest was not said by 06:30, if it was not."""
    from dags import operations

    operations.check_digest(_settings(), datetime.now(UTC), log.info)


def watch(tick: datetime, scheduled: bool) -> None:
    """One watch; skipped when it cannot finish before the next one, which sees all it would have seen."""
    from dags import operations
    from dags.watching import watch, within_hours

    settings, begun = _settings(), datetime.now(UTC)
    left = (tick if scheduled else begun) + WATCH_EVERY - WATCH_MARGIN - begun
    seen = None
    with _told():
        if left > timedelta(0):
            within = within_hours(settings.watch_hours)
            seen = watch(settings, begun if scheduled else tick, begun, within, left.total_seconds())
    if seen is None:
        raise AirflowSkipException("The watch cannot finish before the next one; nothing was changed.")
    for force, name in seen.damaged:
        log.warning("Not watched: %s of %s: a file of the lake cannot be read.", name, force)
    log.info("%s cases run out soon, %s of them newly listed.", len(seen.clocks), seen.added)
    if scheduled:
        operations.digest_absent(settings, begun, log.info)
