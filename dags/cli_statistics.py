"""`pledge series`, `pledge comparisons` and `pledge funnels`: what statistics say of the figures in the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import typer

from checks.errors import UsageError
from connectors.settings import Settings
from dags.options import (
    AreaOption,
    CommitmentOption,
    ForceOption,
    FormatOption,
    FromOption,
    LakeOption,
    MeasureOption,
    RunOption,
    StandardOption,
    StoreOption,
    ToOption,
    known_measures,
    settings_of,
)
from dags.tables import Format, show
from dags.when import days

PeriodOption = Annotated[list[str] | None, typer.Option(help="month, year or rolling_12_months; repeatable.")]
SERIES_SHORT = (
    "standard", "measure", "force", "area", "period_start", "value", "n", "centre", "lower", "upper", "variation",
    "reasons", "assurance",
)  # fmt: skip
COMPARISONS_SHORT = (
    "standard", "measure", "force", "period", "period_start", "against", "difference", "low", "high", "found",
    "grade", "why",
)  # fmt: skip
FUNNELS_SHORT = (
    "standard", "measure", "period", "period_start", "within", "unit", "numerator", "denominator", "rate", "pooled",
    "low_998", "high_998", "place",
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add these commands to `pledge`."""
    for command in (series, comparisons, funnels):
        app.command()(command)


def series(
    measure: Annotated[list[str], typer.Option(help="Measure; repeatable.")],
    force: ForceOption = None,
    area: AreaOption = None,
    period: Annotated[str, typer.Option(help="day or month.")] = "month",
    rules: Annotated[str, typer.Option(help="Rule set; default: the one that is published.")] = "",
    standard: StandardOption = None,
    commitment: CommitmentOption = None,
    first_day: FromOption = None,
    last_day: ToOption = None,
    run: RunOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Process-behaviour charts: signal or ordinary variation, and will the target be met if nothing changes?

    A chart holds the closed periods up to --to (of days the newest 91) and shows those from --from on; without
    --area those of whole forces.
    """
    from checks.spc import DEFAULT_RULES, RULE_SETS
    from dags.charting import COLUMNS, chart_rows
    from dags.comparing import rebases_of

    known_measures(measure)
    if period not in ("day", "month"):
        raise UsageError("--period", f"it is {period}", "day or month", "Correct it.")
    rules = rules or DEFAULT_RULES
    if rules not in RULE_SETS:
        raise UsageError("--rules", f"it is {rules}", f"one of {', '.join(RULE_SETS)}", "Name a published rule set.")
    settings = settings_of(lake, store)
    rebases = rebases_of(settings)
    first, last = days(first_day, last_day)
    asked = {
        "measure": measure, "force": force, "area": area or [""], "neighbourhood": [""], "period": period,
        "standard": standard, "commitment": commitment, "to": last,
    }  # fmt: skip
    rows = chart_rows(_rows("verdicts", settings, asked, run), rebases, rules)
    show((row for row in rows if not first or row["period_start"] >= first), COLUMNS, form, SERIES_SHORT)


def comparisons(
    force: ForceOption = None,
    commitment: CommitmentOption = None,
    measure: MeasureOption = None,
    period: PeriodOption = None,
    against: Annotated[list[str] | None, typer.Option(help="last_year or similar_forces; repeatable.")] = None,
    standard: StandardOption = None,
    first_day: FromOption = None,
    last_day: ToOption = None,
    run: RunOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Each force against its last year and its most similar forces: is the difference larger than chance?"""
    asked = {
        "force": force, "commitment": commitment, "measure": measure, "period": period, "against": against,
        "standard": standard,
    }  # fmt: skip
    _show("comparisons", settings_of(lake, store), form, COMPARISONS_SHORT, run, asked, first_day, last_day)


def funnels(
    force: ForceOption = None,
    commitment: CommitmentOption = None,
    measure: MeasureOption = None,
    period: PeriodOption = None,
    level: Annotated[list[str] | None, typer.Option(help="force or neighbourhood; repeatable.")] = None,
    standard: StandardOption = None,
    first_day: FromOption = None,
    last_day: ToOption = None,
    run: RunOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Forces, and the neighbourhoods of a force, in funnel plots: who lies further out than chance explains?"""
    asked = {
        "force": force, "commitment": commitment, "measure": measure, "period": period, "level": level,
        "standard": standard,
    }  # fmt: skip
    _show("funnels", settings_of(lake, store), form, FUNNELS_SHORT, run, asked, first_day, last_day)


def _show(
    table: str,
    settings: Settings,
    form: Format,
    short: Iterable[str],
    run: str | None,
    asked: dict[str, Any],
    first_day: str | None,
    last_day: str | None,
) -> None:
    from connectors.store.read import columns_of

    known_measures(asked["measure"])
    asked["from"], asked["to"] = days(first_day, last_day)
    show(_rows(table, settings, asked, run), columns_of(table), form, tuple(short))


def _rows(table: str, settings: Settings, asked: dict[str, Any], run: str | None) -> Iterator[dict[str, Any]]:
    from connectors.store.engine import open_store, reading
    from connectors.store.read import read_table

    with reading(open_store(settings.store, create=False)) as conn:
        yield from read_table(conn, table, asked, run)
