"""How the site writes numbers, shares, days and moments, and what it calls things: never a word of its own database."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from checks.series import is_measured
from checks.verdict import Verdict
from connectors.slack import phrases

NOTHING = "–"
SUPPRESSED = "suppressed"
CONDITIONAL = "kept_unless_unknown"
"""A verdict of ours: kept, but missed if the cases that cannot be judged were missed. Never plainly "kept"."""

# Word, short word for narrow columns, shape. The order is the worst first.
TAGS = {
    Verdict.MISSED: ("Missed", "Missed", "✘"),
    Verdict.CANNOT_JUDGE: ("Cannot be judged", "Unjudged", "?"),
    CONDITIONAL: ("Depends on unknown cases", "Depends", "✔?"),
    Verdict.TOO_FEW: ("Too few cases", "Too few", "·"),
    Verdict.IN_PROGRESS: ("In progress", "Open", "…"),
    Verdict.KEPT: ("Kept", "Kept", "✔"),
    Verdict.NO_TARGET: ("No target", "No target", "○"),
    "": ("No figure", "No figure", "–"),
}
WORST_FIRST = {str(verdict): place for place, verdict in enumerate(TAGS)}

# The ten commitments and the closing promise, in our own words.
COMMITMENTS = {
    1: "Fair treatment and fair access",
    2: "Knowing who your neighbourhood team are",
    3: "A team that is visible, and stays",
    4: "Messages to the team answered within a day",
    5: "Emergencies: answered and reached in time",
    6: "Everything else: answered, visited or advised",
    7: "A public meeting every month",
    8: "An update on crime and policing every month",
    9: "Victims kept informed",
    10: "Dissatisfaction heard and put right",
    0: "When a promise is broken, saying why",
}

ASSURANCE = {
    "consistently_met": "Will be met",
    "hit_or_miss": "Hit or miss",
    "consistently_missed": "Will not be met without change",
    "no_target": NOTHING,
    "": "Not yet known",
}

SIGNALS = {
    "common_cause": "Ordinary variation",
    "special_cause_improving": "Signal: better than usual",
    "special_cause_concerning": "Signal: worse than usual",
    "special_cause_high": "Signal: higher than usual",
    "special_cause_low": "Signal: lower than usual",
    "no_limits": "Too few months for a chart",
    "": "No chart yet",
}


def tag_of(row: Any) -> str:
    """The verdict of a figure as it is worded: one that is kept only by the grace of unknown cases says so."""
    verdict = str(row["verdict"])
    return CONDITIONAL if verdict == Verdict.KEPT and row.get("depends_on_unknown") else verdict


def number(value: Any) -> str:
    """`1,204`; a figure that may not leave the house is called suppressed."""
    if value is None:
        return NOTHING
    return value if isinstance(value, str) else f"{value:,}"


def share(value: Any, places: int = 1) -> str:
    """A share (0 to 1) as `87.1 %`."""
    return NOTHING if value is None else value if isinstance(value, str) else f"{value * 100:.{places}f} %"


def rate(row: Any) -> str:
    """The rate of a figure, with as many places as keep it on its own side of its target."""
    if row["numerator"] == SUPPRESSED or row["rate"] == SUPPRESSED:
        return SUPPRESSED
    if not row["denominator"]:
        return NOTHING
    target = Fraction(str(row["target"])) if row["target"] is not None else Fraction(1)
    return phrases.percent(row["numerator"], row["denominator"], target)


def met_of(row: Any) -> str:
    """`1,204 of 1,301`; of measured shares (hours, officer days) the numbers say nothing to a reader."""
    if row["numerator"] == SUPPRESSED:
        return SUPPRESSED
    if not row["denominator"] or is_measured(row):
        return NOTHING
    return f"{row['numerator']:,} of {row['denominator']:,}"


def if_missed(row: Any) -> str:
    """What the rate would be had every unknown case been missed; a measured share counts no cases."""
    hidden = row["numerator"] == SUPPRESSED
    return NOTHING if not hidden and is_measured(row) else share(row["rate_if_unknown_missed"])


def interval(row: Any) -> str:
    """`83.1 % to 87.1 %`: the 95 % Wilson interval; shares of hours have none."""
    if SUPPRESSED in (row["rate_low"], row["rate_high"]):
        return SUPPRESSED
    if row["rate_low"] is None or row["rate_high"] is None:
        return NOTHING
    return f"{share(row['rate_low'])} to {share(row['rate_high'])}"


def target(value: float | None) -> str:
    return phrases.whole(value)


def day(when: date | None) -> str:
    """`1 March 2026`."""
    return NOTHING if when is None else f"{when.day} {when:%B} {when.year}"


def days(first: date, last: date) -> str:
    """`1 March 2026`, `1 to 3 March 2026`, or both dates in full; `up to …` where nobody knows since when."""
    if first == date.min:
        return f"up to {day(last)}"
    if first == last:
        return day(first)
    same = (first.year, first.month) == (last.year, last.month)
    return f"{first.day} to {day(last)}" if same else f"{day(first)} to {day(last)}"


def moment(when: datetime | None) -> str:
    """`1 May 2026, 05:00 UTC`."""
    if when is None:
        return NOTHING
    said = when.astimezone(UTC)
    return f"{day(said.date())}, {said:%H:%M} UTC"


def period(period: str, start: date) -> str:
    """`March 2026`, `2026`, `12 months to March 2026`, `1 March 2026`."""
    if period == "rolling_12_months":
        last = start.year * 12 + start.month + 10
        return f"12 months to {date(last // 12, last % 12 + 1, 1):%B %Y}"
    return day(start) if period == "day" else phrases.period_of(period, start)


def seconds(value: float | None) -> str:
    """`4.3 seconds`, `12 min 5 s`, `3 h 20 min`, `2 days 4 h`."""
    if value is None or isinstance(value, str):
        return value or NOTHING
    if value < 60:
        return f"{value:.3g} seconds"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} days {hours % 24} h"


def counted(count: int, thing: str, things: str = "") -> str:
    """`1 case`, `2 cases`, `1,204 cases`."""
    return f"{count:,} {thing if count == 1 else things or thing + 's'}"


def listed(things: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(things[:-1]), *things[-1:])))


def tag_word(verdict: str) -> str:
    return TAGS[verdict][0]


def tag_short(verdict: str) -> str:
    return TAGS[verdict][1]


def tag_shape(verdict: str) -> str:
    return TAGS[verdict][2]


def unbroken(value: Any) -> Any:
    """Text in which a number and its % stay on one line."""
    return value.replace(" %", "\u00a0%") if isinstance(value, str) else value


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


FILTERS = {
    "number": number,
    "share": share,
    "rate": rate,
    "interval": interval,
    "met_of": met_of,
    "if_missed": if_missed,
    "target": target,
    "day": day,
    "days": lambda gap: days(gap[0], gap[1]),
    "moment": moment,
    "seconds": seconds,
    "tag_word": tag_word,
    "tag_short": tag_short,
    "tag_shape": tag_shape,
    "capital": capital,
    "listed": listed,
    "assurance": lambda name: ASSURANCE.get(name, name),
    "signal": lambda name: SIGNALS.get(name, name),
}
