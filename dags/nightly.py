"""The DAG `nightly`: admit → judge (each force) → record → announce → publish, one run per local day.

The work is in `dags/steps.py`, imported inside the tasks, so that parsing this file costs nothing.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import TriggerRule, dag

from dags import airflow_steps as steps
from dags.airflow_alerts import DIGEST_DUE, task_failed
from dags.lineage_task import task

# An announcement claimed by a try that died is free again after 15 minutes: the last try comes later than that.
# Airflow's own settings win where they are set.
TRIES = int(os.environ.get("AIRFLOW__CORE__DEFAULT_TASK_RETRIES", "3"))
WAIT = timedelta(seconds=int(os.environ.get("AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY", "360")))
EVERY_TASK = {"retries": TRIES, "retry_delay": WAIT, "on_failure_callback": task_failed}


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
    admitted: Any = task(execution_timeout=timedelta(hours=2), multiple_outputs=True)(steps.admit)()
    plan = admitted["plan"]
    forces: Any = task(execution_timeout=timedelta(minutes=5))(steps.forces)(plan)
    judged = task(execution_timeout=timedelta(hours=1))(steps.judge).partial(plan=plan).expand(force=forces)

    # One force that cannot be judged does not stop the others: its earlier cases stand, and its task stays red.
    recording = task(execution_timeout=timedelta(hours=1), trigger_rule=TriggerRule.ALL_DONE)(steps.record)
    announced = task(execution_timeout=timedelta(minutes=15))(steps.announce)(plan)
    published = task(execution_timeout=timedelta(minutes=30))(steps.publish)(plan)

    # The last task decides the colour of the DAG run: it fails with any force that was not judged.
    ending = task(execution_timeout=timedelta(minutes=5), trigger_rule=TriggerRule.NONE_FAILED)(steps.all_is_well)
    end = ending(admitted["failures"])
    judged >> recording(plan, forces) >> announced >> published >> end
    judged >> end


nightly()
