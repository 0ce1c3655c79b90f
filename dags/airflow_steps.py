"""The steps as Airflow's tasks call them: settings from the environment, progress into the task's log."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

from checks.errors import PledgeError, UsageError
from connectors.settings import Settings, load
from dags import operations, steps
from dags.plan import Plan

log = logging.getLogger("pledge")


def _settings() -> Settings:
    return load(os.environ)


def _permanent(error: PledgeError) -> Exception:
    """What Airflow is told: a fault no retry can mend fails the task at once."""
    return AirflowFailException(str(error)) if error.permanent else error


def admit(as_at: datetime, dag_run_id: str) -> dict[str, Any]:
    """Open the night's run and admit what was delivered; the same DAG run always means the same run."""
    settings = _settings()
    if not settings.input and not settings.nightly_sources:
        unset = UsageError("PLEDGE_INPUT", "nothing to read is set", "a folder or PLEDGE_NIGHTLY_SOURCES", "Set one.")
        raise _permanent(unset) from unset
    sources = tuple(settings.nightly_sources.split())
    plan = steps.new_plan(settings, as_at.astimezone(UTC), datetime.now(UTC), input=settings.input, sources=sources)
    try:
        plan = steps.start(steps.resumed(plan, dag_run_id), settings)
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


def task_failed(context: Mapping[str, Any]) -> None:
    """Tell operations of a task that failed for good, once per run and task."""
    task, run = context["task"], context["dag_run"]
    force = getattr(task, "op_kwargs", {}).get("force", "")
    what = f"{task.task_id} failed" + (f" for {force}" if isinstance(force, str) and force else "")
    error = context.get("exception") or RuntimeError()
    operations.run_failed(
        _settings(), run.run_id, what, error if isinstance(error, BaseException) else RuntimeError(), datetime.now(UTC)
    )


def digest_overdue() -> None:
    """Tell operations that the digest was not said by 06:30, if it was not."""
    operations.check_digest(_settings(), datetime.now(UTC), log.info)
