"""`pledge trace` and `pledge revisions`: where a figure comes from, and what was said of it when."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from checks.errors import UsageError
from checks.printable import printable
from dags.choosing import Chosen, reads
from dags.known import known_then
from dags.options import (
    FormatOption,
    LakeOption,
    RunOption,
    StandardOption,
    StoreOption,
    known_measures,
    say,
    settings_of,
)
from dags.tables import Format, as_json, plain, show
from dags.when import day

Row = dict[str, Any]
PERIODS = ("day", "month", "year", "rolling_12_months")
SHORT_REVISIONS = (
    "standard", "measure", "force", "area", "period_start", "days_after_end", "as_at", "numerator", "denominator",
    "rate", "verdict", "restated_why",
)  # fmt: skip
SHORT_HISTORY = (
    "run_id", "as_at", "days_after_end", "numerator", "denominator", "rate", "verdict", "restated_why", "cases_changed",
)  # fmt: skip
SHORT_CASES = (
    "case_id", "state", "reason", "due_at", "elapsed_seconds", "log", "key", "row_number", "location", "received_at",
    "admitted_by_run", "delivery_id",
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add these commands to `pledge`."""
    app.command()(known_then(trace))
    app.command()(revisions)


def trace(
    measure: Annotated[str, typer.Option(help="Measure.")],
    force: Annotated[str, typer.Option(help="Force slug, or all.")],
    period: Annotated[str, typer.Option(help=f"{', '.join(PERIODS[:-1])} or {PERIODS[-1]}.")],
    start: Annotated[str, typer.Option(help="First local day of the period, YYYY-MM-DD.")],
    area: Annotated[str, typer.Option(help="Area; default: the whole force.")] = "",
    neighbourhood: Annotated[str, typer.Option(help="Neighbourhood.")] = "",
    standard: StandardOption = None,
    state: Annotated[list[str] | None, typer.Option(help="Only cases of this state; repeatable.")] = None,
    case: Annotated[list[str] | None, typer.Option(help="Only the case of this name; repeatable.")] = None,
    history: Annotated[bool, typer.Option("--history", help="Each row under every version that changed it.")] = False,
    sql: Annotated[bool, typer.Option("--sql", help="The whole SQL, not the command that prints it.")] = False,
    run: RunOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Where a figure comes from: standard, definition, earlier values, cases, delivered rows, SQL."""
    from connectors.store.engine import open_store, reading
    from dags.accessed import recorded
    from dags.traced_cases import CASE, COUNTED, EVIDENCE
    from dags.tracing import Asked
    from dags.tracing import trace as traced

    known_measures([measure])
    for option, value, values in (("--period", period, PERIODS), *(("--state", each, COUNTED) for each in state or ())):
        if value not in values:
            raise UsageError(option, f"it is {value}", f"one of {', '.join(values)}", "Correct it.")
    settings, first = settings_of(lake, store), day(start, "--start")
    if first is None:
        raise UsageError("--start", "it is empty", "YYYY-MM-DD", "Say on which day the period begins.")
    asked = Asked(
        measure, force, period, first, area, neighbourhood, tuple(standard or ()), tuple(state or ()), tuple(case or ())
    )
    filters = {
        "measure": measure, "force": force, "period": period, "start": start, "area": area, "case": case,
        "neighbourhood": neighbourhood, "standard": standard, "state": state, "run": run,
    }  # fmt: skip
    engine = open_store(settings.store, create=False)
    with recorded(settings, "trace", filters, form, say) as counted, reading(engine) as conn:
        found = traced(conn, settings, asked, run, history)
        found["cases"] = list(counted(found["cases"]))
    if sql:
        from dags.looking import sql_script

        figure = found["figure"]
        forces = () if force == "all" else (force,)
        found["sql"] = sql_script(
            settings, measure, tuple(found["judged_by"]), forces, "", "", None, figure["as_left_by_run"]
        )
    if form is Format.JSON:
        print(as_json(found, indent=1))
    elif form is Format.TABLE:
        _tell(found)
    else:
        show(_flat(found["cases"]), (*CASE, *EVIDENCE), form)


def _flat(cases: list[Row]) -> Iterator[Row]:
    """One line for each row of each case; one for a case no row of which is there."""
    for case in cases:
        for row in case["rows"] or [{}]:
            yield {**case, **row, "row": _json(row.get("row"))}


def _json(record: Row | None) -> str | None:
    said = {name: value for name, value in (record or {}).items() if value is not None}
    return json.dumps(said, default=plain, ensure_ascii=False) if record else None


def _tell(found: Row) -> None:
    figure, standard, definition = found["figure"], found["standard"], found["definition"]
    _heading("Figure")
    _lines(figure, (
        "measure", "force", "area", "neighbourhood", "period", "period_start", "verdict", "numerator", "denominator",
        "rate", "rate_low", "rate_high", "rate_if_unknown_missed", "cases", "met", "missed", "pending", "unknown",
        "excluded", "timed", "target", "signal", "signal_why", "provisional", "restated_why", "run_id",
        "as_left_by_run", "as_at",
    ))  # fmt: skip
    _heading("Standard")
    _lines(standard, ("name", "title", "publisher", "source", "url", "location", "sha256", "sealed_sha256"))
    for rule in standard["rules"]:
        _lines(rule, ("force", "limit", "target", "minimum_n", "source", "target_source", "note"))
    _heading("Definition")
    _lines({**definition, **definition["switches"]}, ("measure", "case", "clock", *definition["switches"]))
    _heading("Every value it had")
    show(found["history"], SHORT_HISTORY, Format.TABLE)
    for row in (each for each in found["history"] if each["changed"]):
        moved = "; ".join(f"{c['case_id']} {c['before'] or 'none'} -> {c['after'] or 'none'}" for c in row["changed"])
        print(printable(f"{row['run_id']} changed: {moved}"))
    if found["later"]:
        _heading("What it became since")
        show(found["later"], SHORT_HISTORY, Format.TABLE)
    _heading(f"Cases and their rows ({len(found['cases']):,} cases)")
    show(_flat(found["cases"]), SHORT_CASES, Format.TABLE)
    if found["amiss"]:
        print(found["amiss"])
    earlier = [row | {"case_id": case["case_id"]} for case in found["cases"] for row in case["rows"]]
    versions = [{**row, **each, "row": _json(each["row"])} for row in earlier for each in row.get("versions", ())]
    if versions:
        _heading("Earlier versions of the rows")
        show(
            versions, ("case_id", "log", "key", "version", "written_at", "row_number", "location", "row"), Format.TABLE
        )
    _heading("SQL")
    print(found["sql"])


def _heading(text: str) -> None:
    print(f"\n{text}\n{'=' * len(text)}")


def _lines(row: Mapping[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        if row.get(name) not in (None, ""):
            print(printable(f"{name:<24}{plain(row[name])}"))


@reads("measure force area neighbourhood commitment period standard first_day last_day")
def revisions(chosen: Chosen) -> None:
    """The revision triangle: each figure as it was said so many days after its period ended, and why it changed.

    Without --area and --neighbourhood those of whole forces.
    """
    from connectors.store import revisions as said

    area, neighbourhood = chosen.filters["area"], chosen.filters["neighbourhood"]
    of_forces = {"area": area or ([] if neighbourhood else [""]), "neighbourhood": neighbourhood or [""]}
    with chosen.store() as conn:
        show(said.revisions(conn, chosen.filters | of_forces, chosen.run), said.REVISION, chosen.form, SHORT_REVISIONS)
