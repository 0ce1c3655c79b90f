"""What the site says of figures, in sentences: pure, from the rows of the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from checks.commitment import measures
from checks.verdict import Verdict
from connectors.site import words
from connectors.site.words import CONDITIONAL, SUPPRESSED, counted, listed

Row = Mapping[str, Any]
_OPEN_QUESTIONS = ("too_few", "in_progress", "no_target")
# The worst first: the assurance of a commitment is that of its worst measure.
_ASSURANCES = ("consistently_missed", "hit_or_miss", "", "consistently_met")


def title_of(measure: str) -> str:
    """What a measure is called; one whose file is gone keeps its name."""
    known = measures().get(measure)
    return known.title if known else measure


def figure(row: Row) -> str:
    """`87.1 % of 1,204 (target 90 %)`; what a figure says, as short as it can be said with its n."""
    if row["numerator"] == SUPPRESSED:
        return "too small a number to be published"
    if row["verdict"] == Verdict.CANNOT_JUDGE:
        return "nothing fit to judge from was delivered"
    if not row["denominator"]:
        waiting = f", {row['pending']:,} still open" if row["pending"] else ""
        return f"no case to judge{waiting}"
    target = f", target {words.target(row['target'])}" if row["target"] is not None else ""
    return f"{words.rate(row)} of {row['denominator']:,}{target}"


def full(row: Row) -> str:
    """A figure in whole sentences: verdict, n, rate with interval and target, what the unknown cases could change."""
    said = [f"{words.tag_word(words.tag_of(row))}: {figure(row)}."]
    if row["rate_low"] not in (None, SUPPRESSED):
        said.append(f"With 95 % confidence the true share lies between {words.interval(row).replace(' to ', ' and ')}.")
    said.append(unknowns(row))
    return " ".join(filter(None, said))


def unknowns(row: Row) -> str:
    """What the cases that could not be judged would change; '' where there are none."""
    count = row["unknown"]
    if not count or count == SUPPRESSED:
        return ""
    cases = counted(count, "case")
    if row["rate_if_unknown_missed"] in (None, SUPPRESSED) or not row["denominator"]:
        return f"{cases} could not be judged."
    would = f"were all of them missed, it would be {words.share(row['rate_if_unknown_missed'])}"
    flips = ", and the promise missed" if row["depends_on_unknown"] else ""
    return f"{cases} could not be judged: {would}{flips}."


def commitment_reason(tag: str, rows: Sequence[Row], decided_by: Sequence[str]) -> str:
    """Why a commitment has its verdict, by the measures that decided it."""
    deciding = [row for row in rows if row["measure"] in decided_by]
    if tag == CONDITIONAL:
        deciding = [row for row in deciding if row["depends_on_unknown"]] or deciding
    if not deciding:
        return "Published without a verdict: the promise names no share that must be met."
    worst = sorted(deciding, key=shortfall, reverse=True)
    told = "; ".join(f"{title_of(row['measure'])}: {figure(row)}" for row in worst[:2])
    more = f"; and {len(worst) - 2} more" if len(worst) > 2 else ""
    return f"{words.capital(told)}{more}."


def shortfall(row: Row) -> float:
    """How far a figure stays below its target, as a share; negative above it, and for what has no figure."""
    if row["rate"] in (None, SUPPRESSED) or row["target"] is None:
        return -1.0
    return float(row["target"] - row["rate"])


def commitment_assurance(rows: Iterable[Row]) -> str:
    """Whether a commitment will be met next month if nothing changes: as sure as its least sure measure."""
    found = {row["assurance"] for row in rows if row["target"] is not None and row["verdict"] != Verdict.NO_TARGET}
    return next((each for each in _ASSURANCES if each in found), "no_target")


def headline(name: str, period: str, tags: Sequence[str], is_closed: bool) -> str:
    """`In March 2026 Norfolk Constabulary kept 3 of the 8 promises that could be judged, and missed 5.`"""
    counts = Counter(tags)
    if not tags or not (set(counts) - {"", Verdict.CANNOT_JUDGE, Verdict.NO_TARGET}):
        return f"None of the promises of {name} could be judged for {period}."
    if not is_closed:
        return f"{period} is not over: {name} has no verdicts for it yet."
    kept, missed, perhaps = counts[Verdict.KEPT], counts[Verdict.MISSED], counts[CONDITIONAL]
    judged = kept + missed + perhaps
    if not judged:
        return f"In {period} there were too few cases to say whether {name} kept its promises."
    said = f"In {period} {name} kept {kept} of the {counted(judged, 'promise')} that could be judged"
    if judged == 1:
        said = f"In {period} one promise of {name} could be judged: it was {'kept' if kept else 'not kept'}"
    parts = [f"missed {missed}"] if missed and judged > 1 else []
    if perhaps:
        parts.append(f"{perhaps} {'was' if perhaps == 1 else 'were'} kept only if its unknown cases were")
    return f"{said}{', and ' if len(parts) == 1 else ', ' if parts else ''}{' and '.join(parts)}."


def others(tags: Sequence[str]) -> str:
    """What became of the promises that were neither kept nor missed; '' where there are none."""
    counts = Counter(tags)
    told = {
        Verdict.CANNOT_JUDGE: "cannot be judged",
        Verdict.TOO_FEW: "had too few cases",
        Verdict.IN_PROGRESS: "still had cases open",
        Verdict.NO_TARGET: "has no target",
    }
    parts = [f"{counts[verdict]} {words_}" for verdict, words_ in told.items() if counts[verdict]]
    return f"{words.capital(listed(parts))}." if parts else ""


def belief(rows: Sequence[Row], provisional: bool, final_on: date, is_closed: bool) -> list[str]:
    """Can these figures be believed? What may still change them, and what they rest on."""
    said = []
    restated = sum(1 for row in rows if row["restated"])
    if is_closed:
        until = f"until {words.day(final_on)} a late or corrected record may still change them"
        said.append(f"The figures are provisional: {until}." if provisional else "The figures are final.")
    if restated:
        they = "it was" if restated == 1 else "they were"
        said.append(f"{counted(restated, 'figure')} changed after {they} first published.")
    counts = [row for row in rows if isinstance(row["unknown"], int) and isinstance(row["cases"], int)]
    cases, unknown = sum(row["cases"] for row in counts), sum(row["unknown"] for row in counts)
    if cases:
        lacking = (
            f"{unknown:,} ({words.share(unknown / cases)}) could not be judged: a time is absent, or times contradict"
        )
        said.append(
            f"Of {counted(cases, 'case')} {lacking}." if unknown else f"All {counted(cases, 'case')} were judged."
        )
    hinging = [title_of(row["measure"]) for row in rows if row["depends_on_unknown"]]
    if hinging:
        said.append(f"The verdict would be another if those had been missed for: {listed(hinging)}.")
    return said
