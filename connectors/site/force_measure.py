"""The page of a measure of one force: is it kept, can it be believed, how is it counted, and where is the delay?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from checks.commitment import Measure
from checks.series import is_measured
from checks.spc import Series
from checks.standard import Rule
from connectors.site import chart_findings, charts, figure_lines, sentences, words
from connectors.site.charts import Change
from connectors.site.measuring import Judged, Measuring
from connectors.site.reading import Row
from connectors.site.words import SUPPRESSED

# So many periods stand on the page; every one is in the downloads.
SHOWN = 36
LEDGER_SHOWN = 12


def told(measuring: Measuring, measure: Measure, force: str) -> dict[str, Any]:
    """Everything the page says, its charts undrawn."""
    withheld = measuring.is_withheld(measure.name)
    judged = measuring.judged(measure.name, force)
    by_standard = [_judged(measuring, measure, force, one, withheld) for one in judged]
    _draw_once(by_standard)
    return {
        "measure": figure_lines.measure_told(measure),
        "force": force,
        "name": measuring.reading.name(force),
        "withheld": withheld,
        "judged": by_standard,
        "delays": None if withheld else _delays(measuring, measure, force),
    }


def _draw_once(by_standard: Sequence[dict[str, Any]]) -> None:
    """A standard that counts as one before it, and to the same target, has the same chart: it is referred to."""
    drawn: dict[str, str] = {}
    for one in by_standard:
        if one["chart"]:
            same = drawn.setdefault(one["chart"]["chart"].fingerprint, one["title"])
            if same != one["title"]:
                one |= {"chart": None, "same_chart": same}


def _judged(measuring: Measuring, measure: Measure, force: str, one: Judged, withheld: bool) -> dict[str, Any]:
    """What the page says of one standard."""
    closed = measuring.closed(one.rows)
    newest = closed[-1] if closed else None
    drawn = measuring.charted(closed)
    return {
        "title": one.title,
        "standards": list(one.names),
        "kind": one.kind,
        "newest": newest and _answer(measuring, measure, newest, drawn),
        "open": [_open(row) for row in one.rows if row not in closed][-1:],
        "chart": _process(measuring, measure, force, one, drawn, closed),
        "same_chart": "",
        "rows": [_figure(row, drawn) for row in reversed(closed[-SHOWN:])],
        "more": max(0, len(closed) - SHOWN),
        "days": [_figure(row, ()) for row in reversed(measuring.closed(one.days))],
        "stretches": [figure_lines.stretch(each) for each in one.stretches],
        "sensitivity": []
        if withheld or not newest
        else [figure_lines.otherwise(row) for row in measuring.sensitivity(newest)],
        "has_erased": measuring.has_erased,
        "ledger": [] if withheld else list(figure_lines.ledger(closed[-LEDGER_SHOWN:])),
        "comparisons": []
        if withheld or not newest
        else [figure_lines.compared(row) for row in measuring.comparisons(newest)],
    }


def _answer(measuring: Measuring, measure: Measure, row: Row, drawn: Sequence[tuple[Row, Series]]) -> dict[str, Any]:
    """The newest figure whose period is over: the verdict, and whether it can be believed."""
    period = (row["period"], row["period_start"])
    return {
        "tag": words.tag_of(row),
        "period": words.period(*period),
        "figure": sentences.figure(row),
        "belief": list(_belief(row, measuring.reading.is_provisional(period))),
        "summary": _summary(row, drawn),
        "trace": figure_lines.trace(row),
    }


def _belief(row: Row, provisional: bool) -> Iterator[str]:
    if row["rate_low"] not in (None, SUPPRESSED):
        low, high = words.share(row["rate_low"]), words.share(row["rate_high"])
        yield f"With 95 % confidence the true share lies between {low} and {high}."
    elif row["denominator"] not in (0, SUPPRESSED):
        yield "It is a share of what was measured, not of independent cases: it has no interval."
    yield sentences.unknowns(row)
    yield "It is provisional: a late or corrected record may still change it." if provisional else "It is final."
    if row["restated"]:
        yield f"It was restated after it was first said{': ' + row['restated_why'] if row['restated_why'] else ''}."
    if row["outside_force_dates"]:
        yield "Some of its days lie outside the dates of the standard."


def _summary(row: Row, drawn: Sequence[tuple[Row, Series]]) -> list[tuple[str, str]]:
    bounds = f"{words.share(row['rate_if_unknown_missed'])} to {words.share(figure_lines.if_unknown_met(row))}"
    pairs = [
        ("Met, of cases judged", f"{words.number(row['numerator'])} of {words.number(row['denominator'])}"),
        ("Rate", words.rate(row)),
        ("95 % interval", words.interval(row)),
        ("Target", words.target(row["target"]) if row["target"] is not None else "None: published without a verdict"),
        ("Could not be judged", f"{words.number(row['unknown'])}; the rate if all were missed, or all met: {bounds}"),
        ("Still open", words.number(row["pending"])),
        ("Left out", words.number(row["excluded"])),
        ("Half took no longer than", words.seconds(row["p50_seconds"])),
        ("Nine of ten took no longer than", words.seconds(row["p90_seconds"])),
    ]
    if drawn:
        series = drawn[-1][1]
        pairs.append(("Variation", words.SIGNALS[series.variation.value]))
        pairs.append(("Next period, if nothing changes", words.ASSURANCE[series.assurance.value]))
    return pairs


def _open(row: Row) -> dict[str, Any]:
    return {"period": words.period(row["period"], row["period_start"]), "figure": sentences.figure(row)}


def _process(
    measuring: Measuring,
    measure: Measure,
    force: str,
    one: Judged,
    drawn: Sequence[tuple[Row, Series]],
    closed: Sequence[Row],
) -> dict[str, Any] | None:
    if not drawn:
        return None
    name = measuring.reading.name(force)
    days = [point.at for _, series in drawn for point in series.points]
    changes = charts.within(_changes(measuring, measure, force, one), days)
    newest = drawn[-1][0]
    finding = chart_findings.of_process(measure.title, name, one.kind, [series for _, series in drawn], newest)
    targets = {
        row["period_start"]: None if is_measured(row) else row["target"]
        for row in closed
        if row["numerator"] != SUPPRESSED
    }
    title = f"{words.capital(measure.title)}, {name}, month by month"
    chart = charts.process_chart(title, finding, one.kind, [s for _, s in drawn], targets, changes, is_measured(newest))
    return {
        "chart": chart,
        "changes": [(charts.letter(n), words.day(each.at), each.words) for n, each in enumerate(changes)],
        "rules": drawn[-1][1].rules.name,
        "kind": drawn[-1][1].chart.value,
        "shapes": sorted({point["shape"] for point in chart.data["points"]}),
        "has_limits": any("lower" in row for row in chart.data["lines"]),
    }


def _changes(measuring: Measuring, measure: Measure, force: str, one: Judged) -> list[Change]:
    """Where the standard, its limit or target changed, and where the chart's limits were begun anew."""
    found = [
        Change(after.applies_from, _difference(before.rule, after.rule))
        for before, after in pairwise(one.stretches)
        if after.applies_from
    ]
    rebases = measuring.reading.known.rebases.get((force, measure.name), ())
    return found + [Change(each.at, f"New limits of the chart: {each.reason} ({each.author}).") for each in rebases]


def _difference(before: Rule, after: Rule) -> str:
    said = [
        f"{what} {old or 'none'} becomes {new or 'none'}"
        for what, old, new in (
            ("limit", before.limit_in_words, after.limit_in_words),
            ("target", before.target_in_words, after.target_in_words),
            *(
                (key.replace("_", " "), value, after.definition.get(key, ""))
                for key, value in before.definition.items()
            ),
        )
        if old != new
    ]
    edition = f"The edition {after.standard} begins" if before.standard != after.standard else "The standard changes"
    return f"{edition}: {'; '.join(said) if said else 'limit, target and definition stay'}."


def _figure(row: Row, drawn: Sequence[tuple[Row, Series]]) -> dict[str, Any]:
    """One line of the table under the chart."""
    points = {(of["standard"], point.at): point for of, series in drawn for point in series.points}
    point = points.get((row["standard"], row["period_start"]))
    limits = f"{words.share(point.lower)} to {words.share(point.upper)}" if point and point.lower is not None else ""
    return {
        **figure_lines.plain(row),
        "words": words.period(row["period"], row["period_start"]),
        "tag": words.tag_of(row),
        "if_met": figure_lines.if_unknown_met(row),
        "usual": limits or words.NOTHING,
        "variation": point.variation.value if point else row["signal"],
        "why": words.listed([reason.in_words for reason in point.reasons]) if point else row["signal_why"],
        "trace": figure_lines.trace(row),
    }


def _delays(measuring: Measuring, measure: Measure, force: str) -> dict[str, Any] | None:
    """Where the delay is, in the newest month that is over; None for what has no stages."""
    rows = measuring.delays(measure.name, force)
    if not rows:
        return None
    order = ("answer", "grade", "dispatch", "travel")
    rows.sort(key=lambda row: (row["area"], order.index(row["stage"])))
    whole = [row for row in rows if not row["area"]]
    when = words.period("month", rows[0]["period_start"])
    name = measuring.reading.name(force)
    finding = chart_findings.of_delay(measure.title, name, when, whole)
    title = f"{words.capital(measure.title)}, {name}: where the time goes, {when}"
    return {
        "period": when,
        "chart": charts.delay_chart(title, finding, whole) if whole else None,
        "rows": [
            {
                "area": row["area"] or "Whole force",
                "stage": words.capital(row["stage"]),
                "n": row["n"],
                "left_out": row["left_out"],
                "p50": words.seconds(row["p50_seconds"]),
                "p90": words.seconds(row["p90_seconds"]),
                "share": words.share(row["share"], 0),
                "most": bool(row["costs_most"]),
            }
            for row in rows
        ],
    }
