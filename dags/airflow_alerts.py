"""What Airflow tells operations: a task that failed for good, a digest that is overdue. Parsing it costs nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk.definitions.callback import SyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference


def task_failed(context: Mapping[str, Any]) -> None:
    """`on_failure_callback` of every task."""
    from dags.airflow_steps import task_failed

    task_failed(context)


def digest_overdue(**_: Any) -> None:
    """The run is not over by 06:30; whether the digest was said all the same is looked up."""
    from dags.airflow_steps import digest_overdue

    digest_overdue()


# The DAG is due at 05:00 local time. The callback runs on the executor, so that no triggerer is needed for it.
# `airflow dags test` (3.3) falls over a DAG with a deadline once its run has succeeded. Nothing is
# overdue there, except for whoever tests the deadline.
_IS_TEST = sys.argv[1:3] == ["dags", "test"] and "AIRFLOW_TEST_WITH_DEADLINE" not in os.environ
DIGEST_DUE = (
    None
    if _IS_TEST
    else DeadlineAlert(
        reference=DeadlineReference.DAGRUN_LOGICAL_DATE,
        interval=timedelta(hours=1, minutes=30),
        callback=SyncCallback(digest_overdue),
        name="digest by 06:30",
    )
)
