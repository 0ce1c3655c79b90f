"""The DAG `monthly`: wait for the month's nights → a registrar signs → record who signed → publish.

The work is in `dags/closing.py`, imported inside the tasks, so that parsing this file costs nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param, dag, task

from dags import airflow_closing as steps
from dags.airflow_alerts import task_failed

# A night that fails is made good by the next; what has not come by then is named, and the month is provisional.
WAIT_FOR_NIGHTS = timedelta(days=4)
WAIT_FOR_SIGNATURE = timedelta(days=21)
SHOWN = "{{ ti.xcom_pull(task_ids='nights')['%s'] }}"


@dag(
    dag_id="monthly",
    schedule="0 9 1 * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/London"),
    catchup=False,
    max_active_runs=12,  # a month that nobody signs does not stop the next one
    default_args={"retries": 3, "retry_delay": timedelta(minutes=6), "on_failure_callback": task_failed},
    params={"month": Param("", type="string", description="YYYY-MM; empty: the month before")},
    tags=["policing-pledge"],
)
def monthly() -> None:
    """Close a month: its figures are signed by somebody outside the operational line, then published."""
    waiting = task.sensor(
        mode="reschedule", poke_interval=1800, timeout=(WAIT_FOR_NIGHTS + timedelta(days=1)).total_seconds()
    )
    ready: Any = waiting(steps.nights)(waits=WAIT_FOR_NIGHTS)
    asked = HITLOperator(
        task_id="ask_registrar",
        subject=f"Sign the figures of {SHOWN % 'month'}?",
        body=SHOWN % "summary",
        options=[steps.SIGN, steps.REFUSE],
        params={"note": Param("", type="string", description="A remark that stays with the signature")},
        assigned_users=steps.registrars(),
        response_timeout=WAIT_FOR_SIGNATURE,
        retries=1,  # Airflow 3.3 may lose an answer given in the very second it began to wait: then it asks once more
    )
    answer: Any = asked.output
    signed: Any = task(execution_timeout=timedelta(minutes=15))(steps.sign)(ready, answer)
    ready >> asked
    task(execution_timeout=timedelta(minutes=30))(steps.publish)(signed)


monthly()
