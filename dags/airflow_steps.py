"""The steps as Airflow's tasks call them: settings from the environment, progress into the task's log."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from checks.errors import PledgeError, UsageError
from connectors.settings import Settings, load
from dags import steps
from dags.plan import Plan

log = logging.getLogger("pledge")
WATCH_EVERY = timedelta(minutes=15)
# Left for saying what was found.
WATCH_MARGIN = timedelta(minutes=2)


def _settings() -> Settings:
    return load(os.environ)


def _permanent(error: PledgeError) -> Exception:
    """What Airflow is told: a fault no retry can mend fails the task at once."""
    return AirflowFailException(str(error)) if error.permanent else error


def admit(as_at: datetime, dag_run_id: str) -> dict[str, Any]:
    """Open the night's run and admit what was delivered; the same DAG run always means the same run."""
    settings = _settings()
    if not settings.input and not settings.nightly_sources:
        raise AirflowFailException(
            str(UsageError("PLEDGE_INPUT", "nothing to read is set", "a folder or PLEDGE_NIGHTLY_SOURCES", "Set one."))
        )
    choices = {"sources": settings.nightly_sources.split(), "standards": settings.nightly_standards.split()}
    read = {name: tuple(names) for name, names in choices.items()}
    plan = steps.new_plan(settings, as_at.astimezone(UTC), datetime.now(UTC), input=settings.input, **read)
    try:
        plan = steps.start(steps.resumed(plan, dag_run_id), settings, log.info)
        steps.admit(plan, settings, log.info)
    except PledgeError as error:
        raise _permanent(error) from error
    return plan.to_json()


def forces(plan: dict[str, Any]) -> list[str]:
    """The forces to judge, one mapped task each."""
    return steps.forces_to_judge(Plan.from_json(plan))


def judge(plan: dict[str, Any], force: str) -> None:
    """Judge one force."""
    try:
        steps.judge(Plan.from_json(plan), _settings(), force, log.info)
    except PledgeError as error:
        raise _permanent(error) from error


def record(plan: dict[str, Any], forces: list[str]) -> None:
    """Record the night's figures; a run recorded by an earlier try is left as it is."""
    try:
        steps.record(Plan.from_json(plan), _settings(), forces, log.info)
    except PledgeError as error:
        raise _permanent(error) from error


def announce(plan: dict[str, Any]) -> None:
    """Say the digest."""
    steps.announce(Plan.from_json(plan), _settings(), log.info)


def publish(plan: dict[str, Any]) -> None:
    """Publish the figures."""
    steps.publish(Plan.from_json(plan), _settings(), log.info)


def watch(tick: datetime, scheduled: bool) -> None:
    """One watch; skipped when it cannot finish before the next one, which sees all it would have seen."""
    from dags.watching import watch, within_hours

    settings, begun = _settings(), datetime.now(UTC)
    left = (tick if scheduled else begun) + WATCH_EVERY - WATCH_MARGIN - begun
    seen = None
    try:
        if left > timedelta(0):
            within = within_hours(settings.watch_hours)
            seen = watch(settings, begun if scheduled else tick, begun, within, left.total_seconds())
    except PledgeError as error:
        raise _permanent(error) from error
    if seen is None:
        raise AirflowSkipException("The watch cannot finish before the next one; nothing was changed.")
    log.info("%s cases run out soon, %s of them newly listed.", len(seen.clocks), seen.added)
