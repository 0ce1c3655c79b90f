"""What the site says of figures, in sentences: pure, from the rows of the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from checks.commitment import measures
from checks.series import is_measured
from checks.verdict import Verdict
from connectors.site import words
from connectors.site.words import CONDITIONAL, SUPPRESSED, counted, listed

Row = Mapping[str, Any]
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
    if not row["denominator"] and row["timed"] and row["p50_seconds"] is not None:
        return f"half of {row['timed']:,} within {words.seconds(row['p50_seconds'])}"
    if not row["denominator"]:
        waiting = f", {row['pending']:,} still open" if row["pending"] else ""
        return f"no case to judge{waiting}"
    target = f", target {words.target(row['target'])}" if row["target"] is not None else ""
    of = f"what was measured ({counted(row['timed'], 'case')})" if is_measured(row) else f"{row['denominator']:,}"
    return f"{words.rate(row)} of {of}{target}"


def full(row: Row) -> str:
    """A figure in whole sentences: verdict, n, rate with interval and target, what the unknown cases could change."""
    verdict = words.tag_word(words.tag_of(row)).lower()
    said = [f"{words.capital(title_of(row['measure']))}: {verdict}, {figure(row)}."]
    if row["rate_low"] not in (None, SUPPRESSED):
        said.append(f"The 95 % interval is {words.interval(row)}.")
    said.append(unknowns(row))
    return " ".join(filter(None, said))


def unknowns(row: Row) -> str:
    """What the cases that could not be judged would change."""
    count = row["unknown"]
    if count == SUPPRESSED or row["verdict"] == Verdict.CANNOT_JUDGE or not row["cases"]:
        return ""
    if not count:
        return "Every case could be judged."
    cases = counted(count, "case")
    if row["rate_if_unknown_missed"] in (None, SUPPRESSED) or not row["denominator"] or is_measured(row):
        return f"{cases} could not be judged."
    would = f"were all of them missed, it would be {words.share(row['rate_if_unknown_missed'])}"
    flips = ", and the promise missed" if row["depends_on_unknown"] else ""
    return f"{cases} could not be judged: {would}{flips}."


def commitment_reason(tag: str, deciding: Sequence[Row]) -> str:
    """Why a commitment has its verdict, by the measures that decided it, the worst two."""
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


def headline(name: str, period: str, tags: Sequence[str], is_closed: bool, closing: str = "") -> str:
    """`In March 2026 Norfolk Constabulary kept three of the eight promises that could be judged, and missed five.`

    Args:
        tags: those of the ten commitments.
        closing: that of the closing promise, which is none of the ten.
    """
    counts = Counter(tags)
    kept, missed, perhaps = counts[Verdict.KEPT], counts[Verdict.MISSED], counts[CONDITIONAL]
    judged = kept + missed + perhaps
    if not is_closed and not judged:
        return f"{period} is not over: {name} has no verdicts for it yet."
    if not judged and (counts[Verdict.TOO_FEW] or counts[Verdict.IN_PROGRESS]):
        return f"For {period} it cannot be said yet, or from so few cases, whether {name} kept its promises."
    if not judged:
        return f"None of the promises of {name} could be judged for {period}."
    if judged == 1 and not perhaps:
        said = f"In {period} {name} {'kept' if kept else 'missed'} the one promise that could be judged."
    else:
        of = f"{in_letters(kept) if kept else 'none'} of the {in_letters(judged)} promises that could be judged"
        said = f"In {period} {name} kept {of}{f', and missed {in_letters(missed)}' if missed else ''}."
    if perhaps:
        were = "one was" if perhaps == 1 else f"{in_letters(perhaps)} were"
        said += f" Whether {were} kept depends on cases that could not be judged."
    if closing in (Verdict.KEPT, Verdict.MISSED):
        said += f" The closing promise, to say why one was broken, was {Verdict(closing).value}."
    return said


def others(tags: Sequence[str]) -> str:
    """What became of the promises that were neither kept nor missed; '' where there are none."""
    counts = Counter(tags)
    told = {
        Verdict.CANNOT_JUDGE: ("cannot be judged", "cannot be judged"),
        Verdict.TOO_FEW: ("had too few cases", "had too few cases"),
        Verdict.IN_PROGRESS: ("still has cases open", "still have cases open"),
        Verdict.NO_TARGET: ("has no target", "have no target"),
    }
    parts = [f"{in_letters(n)} {verb[n > 1]}" for verdict, verb in told.items() if (n := counts[verdict])]
    return f"{words.capital(listed(parts))}." if parts else ""


def in_letters(count: int) -> str:
    """`three`; from ten on `12`, as the style of statistics pages has it."""
    small = "no one two three four five six seven eight nine".split()
    return small[count] if 0 <= count < len(small) else f"{count:,}"


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
        said.append(f"Had all of those been missed, what is kept would be missed for: {listed(hinging)}.")
    return said


def signed(signings: Sequence[Row], published: bool) -> str:
    """Whether a registrar signed a closed month, and whether it is still what was signed.

    Args:
        signings: what was decided of the month, the newest first.
        published: outside the house the registrar is not named.
    """
    if not signings:
        return "No registrar has signed off this month yet."
    newest = signings[0]
    who = "a registrar" if published else f"{newest['signed_by']}, a registrar,"
    on = words.day(newest["signed_at"].date())
    if newest["decision"] == "refused":
        return f"On {on} {who} outside the operational line refused to sign this month{_note(newest, published)}."
    now = "some have been restated since" if newest["restated"] else "none has changed since"
    missing = f" Nights were missing then: {newest['missing_nights']}." if newest["provisional"] else ""
    return f"The figures were signed on {on} by {who} outside the operational line; {now}.{missing}"


def _note(signing: Row, published: bool) -> str:
    return f" ({signing['note']})" if signing["note"] and not published else ""
