"""Airflow's `@task`, whose tasks tell OpenLineage what they read and wrote, where a transport is configured.

What is told is gathered in the task's own process when its function has returned: the provider emits from a fork of
it, in which neither DuckDB nor Delta may be asked anything.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Any

from airflow.providers.standard.decorators.python import _PythonDecoratedOperator
from airflow.sdk.bases.decorator import task_decorator_factory

log = logging.getLogger("pledge")


class TaskWithLineage(_PythonDecoratedOperator):
    """A task that knows what it read and wrote once it has ended."""

    custom_operator_name = "@task"
    lineage: Any = None

    def execute(self, context: Any) -> Any:
        """Run the function; lineage is gathered after it, and never fails a task."""
        result = super().execute(context)
        if is_configured():
            try:
                from dags.lineage import lineage_of

                given = inspect.signature(self.python_callable).bind_partial(*self.op_args, **self.op_kwargs).arguments
                self.lineage = lineage_of(self.python_callable.__name__, given, result)
            except Exception:
                log.warning("OpenLineage is told nothing of this task.", exc_info=True)
        return result

    def get_openlineage_facets_on_complete(self, _task_instance: Any) -> Any:
        """What the provider asks for; None where there is nothing to tell."""
        return self.lineage


def is_configured() -> bool:
    """Whether the provider is there and has somewhere to send events to."""
    try:
        from airflow.providers.openlineage.conf import is_disabled
    except ImportError:
        return False
    return not is_disabled()


def task(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """`@task` with these options of an operator."""
    return task_decorator_factory(decorated_operator_class=TaskWithLineage, **options)
