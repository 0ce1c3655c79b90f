"""`pledge series`, `pledge comparisons` and `pledge funnels`: what statistics say of the figures in the store."""

from __future__ import annotations

from typing import Annotated

import typer

from checks.errors import UsageError
from dags.choosing import Chosen, reads
from dags.tables import show

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


@reads(
    "measure force area standard commitment first_day last_day",
    required="measure",
    measure=Annotated[list[str], typer.Option(help="Measure; repeatable.")],
)
def series(
    chosen: Chosen,
    period: Annotated[str, typer.Option(help="day or month.")] = "month",
    rules: Annotated[str, typer.Option(help="Rule set; default: the one that is published.")] = "",
) -> None:
    """Process-behaviour charts: signal or ordinary variation, and will the target be met if nothing changes?

    A chart holds the closed periods up to --to (of days the newest 91) and shows those from --from on; without
    --area those of whole forces.
    """
    from checks.spc import DEFAULT_RULES, RULE_SETS
    from dags.charting import COLUMNS, chart_rows
    from dags.comparing import rebases_of

    if period not in ("day", "month"):
        raise UsageError("--period", f"it is {period}", "day or month", "Correct it.")
    rules = rules or DEFAULT_RULES
    if rules not in RULE_SETS:
        raise UsageError("--rules", f"it is {rules}", f"one of {', '.join(RULE_SETS)}", "Name a published rule set.")
    rebases = rebases_of(chosen.settings)
    of_chart = {"area": chosen.filters["area"] or [""], "neighbourhood": [""], "period": period, "from": None}
    first = chosen.first_day
    with chosen.store() as conn:
        rows = chart_rows(chosen.rows(conn, "verdicts", **of_chart), rebases, rules)
        shown = (row for row in rows if not first or row["period_start"] >= first)
        show(shown, COLUMNS, chosen.form, SERIES_SHORT)


@reads(
    "force commitment measure period against standard first_day last_day",
    period=PeriodOption,
    against=Annotated[list[str] | None, typer.Option(help="last_year or similar_forces; repeatable.")],
)
def comparisons(chosen: Chosen) -> None:
    """Each force against its last year and its most similar forces: is the difference larger than chance?"""
    chosen.show("comparisons", COMPARISONS_SHORT)


@reads(
    "force commitment measure period level standard first_day last_day",
    period=PeriodOption,
    level=Annotated[list[str] | None, typer.Option(help="force or neighbourhood; repeatable.")],
)
def funnels(chosen: Chosen) -> None:
    """Forces, and the neighbourhoods of a force, in funnel plots: who lies further out than chance explains?"""
    chosen.show("funnels", FUNNELS_SHORT)
