"""What was known when: `--as-known-at` on the reading commands, and which figures were still provisional."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checks.errors import UsageError
from checks.revision import is_provisional
from dags.options import settings_of
from dags.when import moment

if TYPE_CHECKING:
    from sqlalchemy import Connection

OPTION = "--as-known-at"
KnownAtOption = Annotated[
    str | None, typer.Option(OPTION, help="As the newest run finished by this moment (ISO 8601) left it.")
]
_PARAMETER = "as_known_at"


def known_then(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that has `run`, `lake` and `store` the option `--as-known-at`, which names the run for it."""

    @wraps(command)
    def with_run_of_then(**options: Any) -> None:
        options["run"] = known_run(options.pop(_PARAMETER), **options)
        command(**options)

    signature = inspect.signature(command, eval_str=True)
    added = inspect.Parameter(
        _PARAMETER, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=KnownAtOption
    )
    place = list(signature.parameters).index("run") + 1
    parameters = list(signature.parameters.values())
    parameters.insert(place, added)
    with_run_of_then.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    with_run_of_then.__annotations__ = {each.name: each.annotation for each in parameters}
    return with_run_of_then


def known_run(when: str | None, run: str | None, lake: str | None, store: str | None, **_: Any) -> str | None:
    """The run named, or the newest that had finished by a moment; None where neither is said."""
    if not when:
        return run
    from connectors.store.engine import open_store, reading
    from connectors.store.revisions import run_known_at

    if run:
        raise UsageError(OPTION, "--run is named, too", "one of the two", "Leave one out.")
    asked = moment(when, OPTION)
    with reading(open_store(settings_of(lake, store).store, create=False)) as conn:
        return run_known_at(conn, asked)


def with_provisional(conn: Connection, figures: Iterator[dict[str, Any]], run: str | None) -> Iterator[dict[str, Any]]:
    """Figures of `verdicts` with `provisional`, as the run (or the newest one that ended) looked at them."""
    from dags.recorded import recorded_run

    judged: Mapping[str, Any] | None = recorded_run(conn, run)
    for row in figures:
        row["provisional"] = judged is None or is_provisional(row["period"], row["period_start"], judged["as_at"])
        yield row
