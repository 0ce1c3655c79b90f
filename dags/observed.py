"""How the steps of a run are watched: seconds and counts of each, as log lines and as Airflow's metrics.

- `PLEDGE_LOG=json` makes every line of the command on standard error one JSON object; without it lines are for people.
- In a task of Airflow the same counts go to whatever Airflow sends its own metrics to (OpenTelemetry, StatsD);
  elsewhere nothing is sent.

Lines and metrics carry names of steps, forces and runs, seconds and counts: never a value of a record.
"""

from __future__ import annotations

import functools
import inspect
import json
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
log = logging.getLogger("pledge.steps")
OURS = "pledge"
METRICS = "airflow.sdk.observability.stats"


@dataclass
class Step:
    """One step of a run and what it counted so far; `force` is '' where a step is of no single one."""

    name: str
    run_id: str
    force: str = ""
    counts: Counter[str] = field(default_factory=Counter)


_step: ContextVar[Step | None] = ContextVar("step", default=None)


def count(name: str, number: int) -> None:
    """Add to what the step under way counts; outside of one nothing is counted."""
    step = _step.get()
    if step is not None:
        step.counts[name] += number


def watched(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Watch a function whose arguments are a `plan` and, where it is of one force, that `force`."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            given = signature.bind(*args, **kwargs).arguments
            with _watching(Step(name, given["plan"].run_id, given.get("force", ""))):
                return function(*args, **kwargs)

        return call

    return decorate


@contextmanager
def _watching(step: Step) -> Iterator[None]:
    token, begun, used, ended = _step.set(step), time.monotonic(), time.process_time(), "failed"
    try:
        yield
        ended = "done"
    finally:
        seconds, of_processor = time.monotonic() - begun, time.process_time() - used
        log.info("%s", _summary(step, seconds, ended), extra={"pledge": _told(step, seconds, of_processor, ended)})
        _step.reset(token)
        _send(step, seconds, ended)


def _summary(step: Step, seconds: float, ended: str) -> str:
    counted = "".join(f", {name} {number:,}" for name, number in sorted(step.counts.items()))
    return f"step {step.name}{step.force and ' of ' + step.force}: {ended} after {seconds:.1f} s{counted}"


def _told(step: Step, seconds: float, of_processor: float, ended: str) -> dict[str, Any]:
    spent = {"seconds": round(seconds, 3), "processor_seconds": round(of_processor, 3)}
    return {"ended": ended, **spent, "counts": dict(sorted(step.counts.items()))}


def _send(step: Step, seconds: float, ended: str) -> None:
    """Hand seconds and counts to Airflow; what goes wrong there never fails a night."""
    stats: Any = sys.modules.get(METRICS)
    if stats is None:
        return
    tags = {"step": step.name, **({"force": step.force} if step.force else {})}
    try:
        stats.timing("pledge.step", seconds * 1000, tags={**tags, "ended": ended})
        for name, number in step.counts.items():
            stats.incr(f"pledge.{name}", number, tags=tags)
    except Exception as error:
        log.warning("metrics were not sent: %s", type(error).__name__)


def in_json() -> bool:
    """Whether standard error is for machines."""
    return os.environ.get("PLEDGE_LOG") == "json"


def line(level: str, message: str, **more: Any) -> str:
    """One line of the log as JSON, with the run, step and force under way."""
    step = _step.get()
    where = {"run_id": step.run_id, "step": step.name, "force": step.force} if step else {}
    said = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "level": level, "message": message}
    return json.dumps(said | {name: value for name, value in where.items() if value} | more, ensure_ascii=False)


class _Lines(logging.Formatter):
    """Our own messages whole; of a library's only the template, since its arguments may be values of records."""

    def format(self, record: logging.LogRecord) -> str:
        ours = record.name.split(".")[0] == OURS
        more = getattr(record, "pledge", {}) | ({} if ours else {"logger": record.name})
        return line(record.levelname.lower(), record.getMessage() if ours else str(record.msg), **more)


def set_up() -> None:
    """Let everything the command logs be JSON lines on standard error, where that is asked for."""
    if not in_json():
        # SQLAlchemy logs a traceback of a connection that breaks beside the error it raises, told in a sentence.
        logging.getLogger("sqlalchemy").addHandler(logging.NullHandler())
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(OURS).setLevel(logging.INFO)
    logging.captureWarnings(True)
