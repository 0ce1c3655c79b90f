"""Figures as lines of tables: what a measure is, a figure and its trace, other definitions, exclusions, comparisons."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from checks.commitment import Measure
from checks.exclusions import with_and_without
from checks.standard import Effective
from connectors.site import words
from connectors.site.reading import Row
from connectors.site.words import SUPPRESSED


def measure_told(measure: Measure) -> dict[str, Any]:
    """What a measure is, from the header of its SQL file."""
    return {
        "name": measure.name,
        "title": measure.title,
        "commitment": measure.commitment,
        "commitment_title": words.COMMITMENTS.get(measure.commitment, ""),
        "promise": measure.promise,
        "counted": [
            ("What is counted", measure.case),
            ("The clock", measure.clock),
            ("The limit", measure.limit),
            ("Left out", measure.leaves_out),
            ("Source", measure.source),
        ],
    }


def if_unknown_met(row: Row) -> float | None:
    """The other bound: the rate if every case that could not be judged had been met."""
    if SUPPRESSED in (row["unknown"], row["met"]):
        return None
    whole = row["met"] + row["missed"] + row["unknown"]
    return (row["met"] + row["unknown"]) / whole if whole else None


_PLAIN = (
    "standard", "measure", "force", "area", "neighbourhood", "period", "period_start", "cases", "met", "missed",
    "pending", "unknown", "excluded", "numerator", "denominator", "target", "verdict", "rate", "rate_low", "rate_high",
    "rate_if_unknown_missed", "depends_on_unknown", "restated", "restated_why", "p50_seconds", "p90_seconds",
)  # fmt: skip


def plain(row: Row) -> dict[str, Any]:
    """What a figure says, without the run that said it."""
    return {name: row[name] for name in _PLAIN}


def trace(row: Mapping[str, Any]) -> str:
    """The command that leads from a figure to the delivered rows it counts."""
    names = ("measure", "force", "period", "area", "neighbourhood", "standard")
    said = {name: str(row[name]) for name in names if row[name]} | {"start": row["period_start"].isoformat()}
    return "pledge trace " + " ".join(f"--{name} {shlex.quote(value)}" for name, value in said.items())


def stretch(each: Effective) -> dict[str, Any]:
    rule = each.rule
    return {
        "standard": rule.standard,
        "from": each.applies_from,
        "to": each.applies_to,
        "since": rule.in_force_from,
        "until": rule.in_force_to,
        "limit": rule.limit_in_words,
        "target": rule.target_in_words,
        "target_source": rule.target_source,
        "minimum_n": rule.minimum_n,
        "definition": [(_worded(switch), _worded(value)) for switch, value in rule.definition.items()],
        "source": rule.source,
        "note": rule.note,
    }


def _worded(name: str) -> str:
    return name.replace("_", " ")


def otherwise(row: Row) -> dict[str, Any]:
    """One line of the sensitivity table: what is changed, and what the figure would be."""
    definition = json.loads(row["definition"])
    changed = [name for name in row["changed"].split(",") if name]
    said = "; ".join(f"{_worded(name)}: {_worded(str(definition.get(name, '')))}" for name in changed)
    return {
        "what": said or "As the standard defines it",
        "numerator": row["numerator"],
        "denominator": row["denominator"],
        "rate": words.rate(row),
        "tag": str(row["verdict"]),
        "changes": bool(row["verdict_changes"]),
    }


def ledger(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Each figure with its exclusions and with the excluded counted as missed, newest first."""
    shown = [row for row in rows if row["excluded"] and row["excluded"] != SUPPRESSED]
    for row, entry in zip(reversed(shown), reversed(with_and_without(shown)), strict=True):
        low, high = entry.exclusion_interval
        yield {
            "words": words.period(row["period"], row["period_start"]),
            "excluded": entry.excluded,
            "recorded": entry.recorded,
            "reasons": ", ".join(f"{_worded(name)} {count:,}" for name, count in sorted(entry.by_reason.items())),
            "share": words.share(entry.exclusion_rate),
            "interval": f"{words.share(low)} to {words.share(high)}",
            "rate": words.rate(row),
            "if_missed": words.share(entry.rate_if_excluded_missed),
        }


_AGAINST = {"last_year": "The same period a year before", "similar_forces": "Its most similar forces"}


def compared(row: Row) -> dict[str, Any]:
    known = row["difference"] is not None
    points = f"{row['difference'] * 100:+.1f} points" if known else words.NOTHING
    spread = (
        f"{row['low'] * 100:+.1f} to {row['high'] * 100:+.1f}" if known and row["low"] is not None else words.NOTHING
    )
    return {
        "against": _AGAINST.get(row["against"], row["against"]),
        "found": "Cannot be judged" if row["found"] == "cannot_judge" else words.capital(row["found"]),
        "difference": points,
        "interval": spread,
        "why": row["why"],
        "grade": "" if row["grade"] == "cannot_judge" else row["grade"],
    }
