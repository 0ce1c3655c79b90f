"""What the reading commands share: a command names the options that choose its rows and gets what was chosen."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connectors.settings import Settings
from dags.known import KnownAtOption, known_run
from dags.options import (
    AddedByOption,
    AreaOption,
    CommitmentOption,
    ForceOption,
    FormatOption,
    FromOption,
    LakeOption,
    MeasureOption,
    NeighbourhoodOption,
    RunOption,
    StandardOption,
    StoreOption,
    ToOption,
    known_measures,
    say,
    settings_of,
)
from dags.tables import Format, show
from dags.when import days

if TYPE_CHECKING:
    from sqlalchemy import Connection

Row = dict[str, Any]
_FILTERS = {
    "force": ForceOption,
    "area": AreaOption,
    "neighbourhood": NeighbourhoodOption,
    "commitment": CommitmentOption,
    "measure": MeasureOption,
    "period": Annotated[list[str] | None, typer.Option(help="day, month, year or rolling_12_months; repeatable.")],
    "standard": StandardOption,
    "first_day": FromOption,
    "last_day": ToOption,
}
_PLACES = {"lake": LakeOption, "store": StoreOption}
_OF_CASES = ("breaches", "quarantine", "explanations")  # who reads these goes into the access log


@dataclass(frozen=True)
class Chosen:
    """What a user asked to see.

    Attributes:
        filters: column → value or values, and `from` and `to` (local days), as `connectors.store.read` takes them.
        run: a run_id: as it left the figures; of a table whose rows are only added: those it added.
        up_to: a run_id: what was there when it ended, of a table whose rows are only added.
    """

    settings: Settings
    form: Format
    filters: dict[str, Any]
    run: str | None = None
    up_to: str | None = None

    @property
    def first_day(self) -> date | None:
        return self.filters.get("from")

    @property
    def last_day(self) -> date | None:
        return self.filters.get("to")

    @contextmanager
    def store(self) -> Iterator[Connection]:
        """A connection to the store that is there, for reading alone."""
        from connectors.store.engine import open_store, reading

        with reading(open_store(self.settings.store, create=False)) as conn:
            yield conn

    def rows(self, conn: Connection, table: str, **filters: Any) -> Iterator[Row]:
        """The rows of a table that were asked for; `filters` replace those of the same name."""
        from connectors.store.read import read_table

        return read_table(conn, table, self.filters | filters, self.run, self.up_to)

    def show(self, table: str, short: Iterable[str]) -> None:
        """Show a table of the store; who reads cases is recorded."""
        from connectors.store.read import columns_of
        from dags.accessed import recorded

        columns, people = columns_of(table), tuple(short)
        if table not in _OF_CASES:
            with self.store() as conn:
                show(self.rows(conn, table), columns, self.form, people)
            return
        about = {**self.filters, "run": self.run, "as_known_at": self.up_to}
        with recorded(self.settings, table, about, self.form, say) as counted, self.store() as conn:
            show(counted(self.rows(conn, table)), columns, self.form, people)


def reads(filters: str, *, run: Any = RunOption, required: str = "", **more: Any) -> Callable[..., Callable[..., None]]:
    """Give a command the options that choose rows, `--run`, `--as-known-at`, `--lake`, `--store` and `--format`.

    Args:
        filters: names of `_FILTERS`, in the order of the help, put apart by blanks.
        run: what `--run` means to the command; None for a command without it.
        required: the one filter that has to be given.
        more: further filters with their options; an option of a shared name takes its place.

    The command gets a `Chosen`; what else it takes stands as its own parameters.
    """

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
        options = {name: more.get(name, _FILTERS.get(name)) for name in filters.split()} | more
        known = {"run": run, "as_known_at": KnownAtOption} if run else {}
        annotations = options | known | _PLACES

        @wraps(command)
        def with_options(**given: Any) -> None:
            lake, store, form = (given.pop(name) for name in ("lake", "store", "form"))
            asked = {name: given.pop(name) for name in options}
            known_measures(asked.get("measure"))
            asked["from"], asked["to"] = days(asked.pop("first_day", None), asked.pop("last_day", None))
            then, at = given.pop("run", None), given.pop("as_known_at", None)
            up_to = None
            if run is AddedByOption:
                up_to = known_run(at, then, lake, store) if at else None
            else:
                then = known_run(at, then, lake, store)
            command(Chosen(settings_of(lake, store), form, asked, then, up_to), **given)

        parameters = [_option(name, annotation, name == required) for name, annotation in annotations.items()]
        parameters[len(options) : len(options)] = [p.replace(kind=p.KEYWORD_ONLY) for p in own]
        parameters.append(_option("form", FormatOption, False).replace(default=Format.TABLE))
        with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        with_options.__annotations__ = {each.name: each.annotation for each in parameters}
        return with_options

    return decorated


def _option(name: str, annotation: Any, is_required: bool) -> inspect.Parameter:
    default = inspect.Parameter.empty if is_required else None
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
