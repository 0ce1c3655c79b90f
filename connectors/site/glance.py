"""At a glance: the ten commitments of a force in one period, worst first, and whether the figures can be believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from checks.commitment import measures
from checks.feeds import ALL, last_day
from checks.revision import LOOK_BACK_DAYS, period_end
from checks.verdict import Verdict
from connectors.site import addresses, sentences, words
from connectors.site.page import Page
from connectors.site.reading import Period, Reading, Row


def pages(reading: Reading) -> Iterator[Page]:
    """A page for every force and month or year it has figures of by the main standard."""
    for (force, kind), starts in sorted(reading.starts.items()):
        if force != ALL and kind in ("month", "year"):
            yield from (_page(reading, force, (kind, start)) for start in reversed(starts))


def _page(reading: Reading, force: str, period: Period) -> Page:
    said, name = words.period(*period), reading.name(force)
    content = glance(reading, force, period)
    return Page(
        addresses.force_period(*period, force),
        f"{name}, {said}",
        "force_period.html",
        content,
        description=content["headline"],
        crumbs=(("Periods", addresses.periods()), (said, addresses.period(*period))),
        run=reading.newest_run_of(reading.figures_of(force, period)),
    )


def glance(reading: Reading, force: str, period: Period) -> dict[str, Any]:
    """Everything the page of a force and period says."""
    rows = reading.figures_of(force, period)
    told = commitments(reading, force, period)
    blind = _blind(reading, force, period)
    for each in told:
        each["sentences"] = list(_stands(each, blind))
    tags = [each["tag"] for each in told if each["number"]]
    closing = next((each["tag"] for each in told if not each["number"]), "")
    is_closed = reading.is_closed(period)
    said = words.period(*period)
    final_on = period_end(*period) + timedelta(days=LOOK_BACK_DAYS + 1)
    return {
        "force": force,
        "name": reading.name(force),
        "period": said,
        "kind": period[0],
        "is_closed": is_closed,
        "provisional": reading.is_provisional(period),
        "headline": sentences.headline(reading.name(force), said, tags, is_closed, closing),
        "others": sentences.others(tags) if is_closed else "",
        "worst": min(tags, key=words.WORST_FIRST.__getitem__, default=""),
        "belief": [
            *sentences.belief(rows, reading.is_provisional(period), final_on, is_closed),
            *signed(reading, period),
        ],
        "feeds": list(_feeds(reading, force, period, rows)),
        "sealed": bool(reading.known.newest["hash"]),
        "commitments": told,
        "budgets": budgets(reading, force) if period[0] == "month" and not is_closed else [],
        "beside": _beside(reading, force, period),
        "before_and_after": _neighbours(reading, force, period),
        "standard": standard_title(reading),
    }


def signed(reading: Reading, period: Period) -> list[str]:
    """What there is to say of a month's signature; nothing of other periods, and of months that are not over."""
    kind, start = period
    if kind != "month" or not reading.is_closed(period):
        return []
    own = [row for row in reading.signings if row["month"] == start]
    return [sentences.signed(own, reading.known.published)]


def commitments(reading: Reading, force: str, period: Period) -> list[dict[str, Any]]:
    """The commitments, worst first; each with its measures."""
    rows = reading.figures_of(force, period)
    verdicts = {row["commitment"]: row for row in reading.commitments_of(force, period)}
    found = []
    for number, title in words.COMMITMENTS.items():
        own = sorted((row for row in rows if row["commitment"] == number), key=_worst_first)
        if not own and number not in verdicts:
            continue
        found.append(_commitment(number, title, verdicts.get(number), own))
    return sorted(found, key=lambda each: (words.WORST_FIRST[each["tag"]], -each["shortfall"], each["number"] or 99))


def tags(reading: Reading, force: str, period: Period) -> dict[str, str]:
    """The verdict of each commitment by its number, as it is worded."""
    rows = reading.figures_of(force, period)
    return {str(row["commitment"]): _tag(row, _deciding(row, rows)) for row in reading.commitments_of(force, period)}


def worst_missed(reading: Reading, force: str, period: Period) -> str:
    """Why the worst of the missed commitments was missed; '' where none was."""
    rows = reading.figures_of(force, period)
    missed = [row for row in reading.commitments_of(force, period) if row["verdict"] == Verdict.MISSED]
    if not missed:
        return ""
    worst = max(missed, key=lambda row: max(map(sentences.shortfall, _deciding(row, rows)), default=-1.0))
    return sentences.commitment_reason(str(worst["verdict"]), _deciding(worst, rows))


def _deciding(verdict: Row | None, rows: Sequence[Row]) -> list[Row]:
    """The figures that decided about a commitment."""
    decided_by = verdict["decided_by"].split(",") if verdict else []
    return [row for row in rows if row["measure"] in decided_by]


def _tag(verdict: Row | None, deciding: Sequence[Row]) -> str:
    """The verdict of a commitment as it is worded: "kept" by the grace of unknown cases is another word."""
    tag = str(verdict["verdict"]) if verdict else ""
    hinges = tag == Verdict.KEPT and any(row["depends_on_unknown"] for row in deciding)
    return words.CONDITIONAL if hinges else tag


def _commitment(number: int, title: str, verdict: Row | None, rows: Sequence[Row]) -> dict[str, Any]:
    deciding = _deciding(verdict, rows)
    tag = _tag(verdict, deciding)
    return {
        "number": number,
        "title": title,
        "tag": tag,
        "why": sentences.commitment_reason(tag, deciding),
        "assurance": sentences.commitment_assurance(rows),
        "budget": "",
        "shortfall": max(map(sentences.shortfall, deciding), default=-1.0),
        "logs": sorted(
            {log for row in rows if row["measure"] in measures() for log in measures()[row["measure"]].logs}
        ),
        "measures": [_measure(row) for row in rows],
    }


def _stands(commitment: Mapping[str, Any], blind: Mapping[str, str]) -> Iterator[str]:
    """How a commitment stands, to be read on its own: each figure that counts, and whether its logs came fit."""
    counting = [each for each in commitment["measures"] if each["target"] is not None]
    for each in counting:
        yield each["sentence"]
    if not counting:
        yield "The promise names no share that must be met: its figures are published without a verdict."
    amiss = [blind[log] for log in commitment["logs"] if log in blind]
    if amiss:
        yield f"{words.capital('; '.join(amiss))}."


def _measure(row: Row) -> dict[str, Any]:
    name = row["measure"]
    known = measures().get(name)
    kept = (
        "measure", "numerator", "denominator", "rate", "rate_low", "rate_high", "target", "unknown", "excluded",
        "pending", "rate_if_unknown_missed", "met", "missed", "timed", "p50_seconds", "assurance", "signal",
        "restated", "restated_why",
    )  # fmt: skip
    return {
        **{key: row[key] for key in kept},
        "tag": words.tag_of(row),
        "title": sentences.title_of(name),
        "promise": known.promise if known else "",
        "sentence": sentences.full(row),
    }


def _worst_first(row: Row) -> tuple[Any, ...]:
    return words.WORST_FIRST[words.tag_of(row)], -sentences.shortfall(row), row["measure"]


def _feeds(reading: Reading, force: str, period: Period, rows: Sequence[Row]) -> Iterator[str]:
    """What did not come, or came unfit, for a period; nothing where every log came fit."""
    first, last = period[1], last_day(*period)
    for gap in reading.gaps_in(force, first, last):
        days = words.days(max(gap.first_day, first), min(gap.last_day, last))
        yield f"{words.capital(gap.log)} for {days} came unfit and have not been made good."
    blind = [row["measure"] for row in rows if row["verdict"] == Verdict.CANNOT_JUDGE]
    if blind:
        logs = sorted({log for name in blind if name in measures() for log in measures()[name].logs})
        titles = words.listed([sentences.title_of(name) for name in blind])
        yield f"Nothing fit to judge from was delivered for: {titles}. They need {words.listed(logs)}."


def _blind(reading: Reading, force: str, period: Period) -> dict[str, str]:
    """For each log with a gap in the period the days that cannot be judged."""
    first, last = period[1], last_day(*period)
    return {
        gap.log: f"{gap.log} for {words.days(max(gap.first_day, first), min(gap.last_day, last))} came unfit"
        for gap in reading.gaps_in(force, first, last)
    }


def _beside(reading: Reading, force: str, period: Period) -> list[dict[str, Any]]:
    """The same cases under the other standards."""
    names = [name for name in reading.known.standards if name not in reading.known.main]
    rows = reading.figures_of(force, period, names)
    return [
        {
            "standard": row["standard"],
            "standard_title": reading.known.standards[row["standard"]].title,
            "title": sentences.title_of(row["measure"]),
            "measure": row["measure"],
            "tag": words.tag_of(row),
            "figure": sentences.figure(row),
        }
        for row in sorted(rows, key=lambda row: (row["standard"], _worst_first(row)))
    ]


def budgets(reading: Reading, force: str) -> list[dict[str, Any]]:
    """How many more misses each promise still allows in the open month, the tightest first."""
    own = [row for row in reading.known.budgets if row["force"] == force and not row["area"]]
    told = [
        {
            "commitment": row["commitment"],
            "title": sentences.title_of(row["measure"]),
            "left": row.get("misses_left"),
            "broken": row.get("already_broken", False),
            "sentence": row["sentence"],
        }
        for row in own
    ]
    return sorted(told, key=lambda row: (not row["broken"], row["left"] is None, row["left"] or 0, row["title"]))


def _neighbours(reading: Reading, force: str, period: Period) -> dict[str, tuple[str, str]]:
    """The periods before and after, (words, address), where the force has a page of them."""
    kind, start = period
    starts = reading.starts[force, kind]
    place = starts.index(start)
    beside = {"before": starts[place - 1 : place] if place else [], "after": starts[place + 1 : place + 2]}
    return {
        side: (words.period(kind, found[0]), addresses.force_period(kind, found[0], force))
        for side, found in beside.items()
        if found
    }


def standard_title(reading: Reading) -> Mapping[str, str]:
    """The title of the main standard, and its name, by which its page is found."""
    newest = max(
        (reading.known.standards[name] for name in reading.known.main if name in reading.known.standards),
        key=lambda standard: standard.in_force_from,
        default=None,
    )
    return {"name": newest.name if newest else "", "title": newest.title if newest else ""}
