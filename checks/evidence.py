"""From a figure to its cases, and from a case to the rows of the logs it was judged from: SQL over views.

Pure: the cases and the logs are laid out on the connection by the caller.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from checks.commitment import Measure, measures
from checks.judging import measure_script, table_script
from checks.logs import LOGS

_SQL = Path(__file__).parent / "sql"
FIGURE_SAYS = ("standard", "measure", "force", "area", "neighbourhood", "period", "period_start")


def logs_of(measure: Measure) -> tuple[str, ...]:
    """Every log a measure reads, its own file and the shared views taken together."""
    read = _read_from(measure_script(measure))
    return tuple(name for name in LOGS if name in measure.logs or name in read)


@cache
def _read_from(script: str) -> frozenset[str]:
    return frozenset(re.findall(r"\b(?:from|join) (\w+)", script))


def figure_cases_script(figures: Sequence[Mapping[str, Any]]) -> str:
    """The script of the view `figure_cases` over the view `all_cases`: the cases each of these figures counts.

    A figure may say `unknown_as_missed`: whether its definition counts unknown cases as missed.
    """
    types = {"number": "integer", **dict.fromkeys(FIGURE_SAYS, "varchar"), "unknown_as_missed": "boolean"}
    rows = [
        {"unknown_as_missed": False, **{name: figure[name] for name in types if name in figure}, "number": number}
        for number, figure in enumerate(figures, 1)
    ]
    return table_script("figure", rows, {**types, "period_start": "date"}) + (_SQL / "figure_cases.sql").read_text(
        "utf-8"
    )


def lay_figure_cases(con: duckdb.DuckDBPyConnection, *figures: Mapping[str, Any]) -> None:
    """Create the table `figure` and the view `figure_cases` over the view `all_cases`."""
    con.execute(figure_cases_script(figures))


def recount_script() -> str:
    """The script of the view `recounted`: each figure counted anew from `figure_cases`."""
    return (_SQL / "recount.sql").read_text("utf-8")


def lay_evidence(con: duckdb.DuckDBPyConnection) -> None:
    """Create a view `evidence_of_<log>` for each log and the table `reads` (of_measure, log).

    Needs table `traced` (cases), view `all_cases`, table `zones`, the macros and a view for each log.
    """
    con.execute((_SQL / "evidence.sql").read_text("utf-8"))
    pairs = [{"of_measure": measure.name, "log": log} for measure in measures().values() for log in logs_of(measure)]
    con.execute(table_script("reads", pairs, {"of_measure": "varchar", "log": "varchar"}))
