"""The DAG `nightly`: admit → judge (each force) → record → announce → publish, one run per local day.

The work is in `dags/steps.py`, imported inside the tasks, so that parsing this file costs nothing.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import TriggerRule, dag, task

from dags.airflow_alerts import DIGEST_DUE, task_failed

# An announcement claimed by a try that died is free again after 15 minutes: the last try comes later than that.
# Airflow's own setting wins where it is set.
TRIES = int(os.environ.get("AIRFLOW__CORE__DEFAULT_TASK_RETRIES", "3"))
EVERY_TASK = {"retries": TRIES, "retry_delay": timedelta(minutes=6), "on_failure_callback": task_failed}


@dag(
    dag_id="nightly",
    schedule="0 5 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/London"),
    catchup=False,
    max_active_runs=1,
    default_args=EVERY_TASK,
    deadline=DIGEST_DUE,
    tags=["policing-pledge"],
)
def nightly() -> None:
    """Judge the ten promises on what was delivered up to this night."""

    @task(execution_timeout=timedelta(hours=2))
    def admit(logical_date: Any = None, dag_run: Any = None) -> dict[str, Any]:
        from dags.airflow_steps import admit

        return admit(logical_date or dag_run.run_after, dag_run.run_id)

    @task(execution_timeout=timedelta(minutes=5))
    def forces(plan: Any) -> list[str]:
        from dags.airflow_steps import forces

        return forces(plan)

    @task(execution_timeout=timedelta(hours=1))
    def judge(plan: Any, force: str) -> None:
        from dags.airflow_steps import judge

        judge(plan, force)

    # One force that cannot be judged does not stop the others: its earlier cases stand, and its task stays red.
    @task(execution_timeout=timedelta(hours=1), trigger_rule=TriggerRule.ALL_DONE)
    def record(plan: Any, forces: Any) -> None:
        from dags.airflow_steps import record

        record(plan, forces)

    @task(execution_timeout=timedelta(minutes=15))
    def announce(plan: Any) -> None:
        from dags.airflow_steps import announce

        announce(plan)

    @task(execution_timeout=timedelta(minutes=30))
    def publish(plan: Any) -> None:
        from dags.airflow_steps import publish

        publish(plan)

    plan = admit()
    names = forces(plan)
    judged = judge.partial(plan=plan).expand(force=names)
    recorded = record(plan, names)
    judged >> recorded >> announce(plan) >> publish(plan)


nightly()
