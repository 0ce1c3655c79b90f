"""The DAG `watch`: every 15 minutes, what runs out soon, as one standing list per channel.

The work is in `dags/watching.py`, imported inside the task, so that parsing this file costs nothing. A watch that
cannot finish before the next one changes nothing and is skipped: the next one sees all it would have seen.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import dag, task


@dag(
    dag_id="watch",
    schedule="*/15 * * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/London"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=15),
    # No retry: the next watch comes soon and takes over what this one left undone.
    default_args={"retries": 0},
    tags=["policing-pledge"],
)
def watch() -> None:
    """List the open clocks that run out in the next hours."""

    @task(execution_timeout=timedelta(minutes=14))
    def look(logical_date: Any = None, dag_run: Any = None) -> None:
        from dags.airflow_steps import watch

        watch(logical_date or dag_run.run_after, dag_run.run_id.startswith("scheduled__"))

    look()


watch()
