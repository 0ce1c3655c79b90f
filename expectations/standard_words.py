"""A standard, and how two of them differ, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from checks.commitment import measures
from checks.standard import NATIONAL, Rule, Standard
from expectations.standard_limit import CARRIED, word_without_limit

_USUAL_SEVERITY = "medium"
# In a list of differences the switch would be taken for the limit itself.
_SWITCH = {"limit": "a case exactly at the limit"}


def in_words(standard: Standard) -> list[str]:
    """One sentence or two for each thing the standard says: what it is, its source, its note, each row."""
    named = f"{standard.title} ({standard.name})"
    said = [
        f"{named}, published by {standard.publisher}, is in force {_span(standard)}.",
        f"Source: {_stopped(standard.source)}",
    ]
    said += [_stopped(standard.note)] if standard.note else []
    return said + [" ".join(_row(rule, standard)) for rule in standard.rules]


def _row(rule: Rule, standard: Standard) -> Iterator[str]:
    yield f"{_whose(rule)}: {measures()[rule.measure].title} (commitment {rule.commitment})."
    if _dates(rule) != _dates(standard):
        yield f"In force {_span(rule)}."
    yield _limit_sentence(rule)
    yield _target_sentence(rule)
    chosen = ", ".join(f"{switch} = {value}" for switch, value in rule.definition.items())
    yield f"Counted with {chosen}."
    if rule.severity != _USUAL_SEVERITY:
        yield f"Severity of a miss: {rule.severity}."
    yield f"Source: {_stopped(rule.source)}"
    if rule.note:
        yield _stopped(rule.note)


_WITHOUT_LIMIT = {
    "none": "No limit: the time is published as it is.",
    "recorded": "Yes or no: it must be recorded.",
    CARRIED: "Each case carries its own limit: the time that was promised or agreed.",
}


def _limit_sentence(rule: Rule) -> str:
    return f"The limit is {_limit(rule)}." if rule.limits else _WITHOUT_LIMIT[_limit(rule)]


def _target_sentence(rule: Rule) -> str:
    if rule.target_numerator is None:
        return "No target: the figure is published without a verdict."
    share = "Every case" if rule.minimum_n == 1 and rule.target_in_words == "100 %" else rule.target_in_words
    need = "" if share == "Every case" else f"; a verdict needs {rule.minimum_n} cases"
    must = "must be met" if share == "Every case" else "of cases must be met"
    return f"{share} {must}{need} (target: {rule.target_source.rstrip('.')})."


def differences(a: Standard, b: Standard) -> list[str]:
    """What changes from one standard to the other, in sentences; [] when both judge alike.

    A force's own row is compared with the other standard's national one where that has no row for the force.
    """
    said = []
    if _dates(a) != _dates(b):
        said.append(f"In force {_span(a)} in {a.name}, {_span(b)} in {b.name}.")
    keys = dict.fromkeys((rule.measure, rule.force) for rule in (*a.rules, *b.rules))
    for measure, force in keys:
        said += _row_differences(a, b, measure, force)
    return said


def _row_differences(a: Standard, b: Standard, measure: str, force: str) -> list[str]:
    mine, others = (_rows(each, measure, force) or _rows(each, measure, NATIONAL) for each in (a, b))
    if not mine or not others:
        there, rule = (a, mine[0]) if mine else (b, others[0])
        return [f"{_whose(rule)} stands only in {there.name}."]
    said = [
        f"{_label(measure, force)}: {what} {first} in {a.name}, {second} in {b.name}."
        for one, other in zip(mine, others, strict=False)
        for what, first, second in _changes(one, other, _dates(one) == _dates(a) and _dates(other) == _dates(b))
    ]
    more = [(a, rule) for rule in mine[len(others) :]] + [(b, rule) for rule in others[len(mine) :]]
    return said + [f"{_whose(rule)} {_span(rule)} stands only in {each.name}." for each, rule in more]


def _rows(standard: Standard, measure: str, force: str) -> list[Rule]:
    rows = [rule for rule in standard.rules if (rule.measure, rule.force) == (measure, force)]
    return sorted(rows, key=lambda rule: rule.in_force_from)


def _changes(one: Rule, other: Rule, dates_are_the_standards: bool) -> Iterator[tuple[str, str, str]]:
    said = [
        ("limit", _limit(one), _limit(other)),
        ("target", one.target_in_words, other.target_in_words),
        ("minimum number of cases", str(one.minimum_n), str(other.minimum_n)),
        *((_SWITCH.get(s, s), value, other.definition[s]) for s, value in one.definition.items()),
        ("severity", one.severity, other.severity),
    ]
    if not dates_are_the_standards:
        said.append(("in force", _span(one), _span(other)))
    return (change for change in said if change[1] != change[2])


def _limit(rule: Rule) -> str:
    return rule.limit_in_words or word_without_limit(measures()[rule.measure])


def _whose(rule: Rule) -> str:
    return _label(rule.measure, rule.force)


def _label(measure: str, force: str) -> str:
    return f"{measure} for {force}" if force else measure


def _dates(dated: Rule | Standard) -> tuple[date, date | None]:
    return dated.in_force_from, dated.in_force_to


def _span(dated: Rule | Standard) -> str:
    start, end = _dates(dated)
    return f"from {_day(start)}" + (f" to {_day(end)}" if end else "")


def _day(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"


def _stopped(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
