"""What stands behind the figures: the standards in words, what is not measured, the words and the method."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checks.commitment import measures
from checks.revision import LOOK_BACK_DAYS
from checks.spc import DEFAULT_RULES, RULE_SETS
from checks.standard import Rule
from checks.verdict import Verdict
from connectors.site import addresses, words
from connectors.site.glossary import terms
from connectors.site.page import Page
from connectors.site.reading import Reading

NAVIGATION = (("Standards", addresses.standards()), ("Method", addresses.method()))

NOT_MEASURED = (
    ("Whether the journey to an emergency was safe", 5, "A log says when a unit arrived, not how it drove."),
    ("Whether an appointment fitted the caller's life", 6, "A log says when it was and whether it was kept."),
    ("Whether priorities were agreed at the meeting itself", 7, "A log says that the meeting was held."),
    ("Dignity, beyond what surveys and complaints show", 1, "No log can show how somebody was treated."),
)
"""What the Pledge promises and no log can show: what it is, of which commitment, why."""


def pages(reading: Reading) -> Iterator[Page]:
    yield from _standards(reading)
    yield _not_measured(reading)
    yield Page(
        addresses.method(),
        "What the words mean, and the method",
        "method.html",
        {"groups": _groups(), "rules": RULE_SETS[DEFAULT_RULES], "look_back": LOOK_BACK_DAYS, "states": _states()},
        description="Glossary, how cases are judged and counted, and the statistics.",
        in_az=True,
    )


def _standards(reading: Reading) -> Iterator[Page]:
    known = reading.known
    listed = sorted(known.standards.values(), key=lambda each: (each.in_force_from, each.title))
    yield Page(
        addresses.standards(),
        "Standards",
        "standards.html",
        {
            "standards": [
                {
                    "title": each.title,
                    "publisher": each.publisher,
                    "since": each.in_force_from,
                    "until": each.in_force_to,
                    "rows": len(each.rules),
                    "address": addresses.standard(each.name),
                    "is_main": each.name in known.main,
                }
                for each in listed
            ]
        },
        description="The published limits, targets and definitions the figures are judged by.",
        in_az=True,
    )
    for each in listed:
        yield Page(
            addresses.standard(each.name),
            each.title,
            "standard.html",
            {
                "name": each.name,
                "about": list(known.words.get(each.name, ()))[: -len(each.rules) or None],
                "rules": [_rule(rule, reading) for rule in each.rules],
                "file": each.location,
                "sha256": each.sha256,
                "differences": [
                    {"title": other.title, "address": addresses.standard(other.name), "sentences": list(said)}
                    for other in listed
                    if (said := known.differences.get((each.name, other.name)))
                ],
            },
            description=f"{each.title}, in words, and how it differs from the others.",
            crumbs=(("Standards", addresses.standards()),),
            in_az=True,
        )


def _rule(rule: Rule, reading: Reading) -> dict[str, Any]:
    measure = measures()[rule.measure]
    return {
        "title": words.capital(measure.title),
        "measure": rule.measure,
        "promise": measure.promise,
        "force": reading.name(rule.force) if rule.force else "",
        "limit": rule.limit_in_words or measure.limit,
        "target": rule.target_in_words,
        "target_source": rule.target_source,
        "minimum_n": rule.minimum_n,
        "definition": [
            f"{switch.replace('_', ' ')}: {value.replace('_', ' ')}" for switch, value in rule.definition.items()
        ],
        "note": rule.note,
        "source": rule.source,
    }


def _not_measured(reading: Reading) -> Page:
    """What no log can show, what has no target, and what could not be judged in the newest closed month."""
    main = [each for name, each in reading.known.standards.items() if name in reading.known.main]
    targets = {rule.measure for standard in main for rule in standard.rules if rule.target_numerator is not None}
    judged = {rule.measure for standard in main for rule in standard.rules}
    return Page(
        addresses.not_measured(),
        "What is not measured",
        "not_measured.html",
        {
            "promises": [
                {"what": what, "commitment": f"{number}. {words.COMMITMENTS[number]}", "why": why}
                for what, number, why in NOT_MEASURED
            ],
            "without_target": [_titled(name) for name in measures() if name in judged - targets],
            "elsewhere": [_titled(name) for name in measures() if name not in judged],
            "blind": _blind(reading),
            "month": words.period("month", reading.newest_closed) if reading.newest_closed else "",
        },
        description="What the Pledge promises and no log can show, and what could not be judged.",
        in_az=True,
    )


def _titled(name: str) -> dict[str, str]:
    return {"title": words.capital(measures()[name].title), "name": name}


def _blind(reading: Reading) -> list[dict[str, Any]]:
    """For each force the measures that could not be judged in the newest closed month."""
    month = reading.newest_closed
    found = []
    for force in reading.forces if month else ():
        rows = reading.figures_of(force, ("month", month)) if month else []
        names = [row["measure"] for row in rows if row["verdict"] == Verdict.CANNOT_JUDGE]
        if names:
            titles = sorted(measures()[name].title if name in measures() else name for name in names)
            found.append({"force": reading.name(force), "address": addresses.force(force), "titles": titles})
    return found


def _groups() -> list[dict[str, Any]]:
    return [
        {"name": group, "terms": [{**term._asdict(), "anchor": term.anchor} for term in terms() if term.group == group]}
        for group in dict.fromkeys(term.group for term in terms())
    ]


def _states() -> list[tuple[str, str]]:
    """Which of the reasons for leaving a case out are in use, in words."""
    return [
        ("test", "a test call"),
        ("phantom", "a call nobody made, such as a pocket dial"),
        ("dropped", "the line dropped before anybody could answer"),
        ("duplicate", "recorded twice"),
        ("officer_initiated", "begun by an officer, not by the public"),
        ("no_reply_needed", "a message that asked for nothing"),
        ("caller_asked_later", "the caller asked for a later time"),
        ("short_abandoned", "hung up within the limit"),
        ("cancelled", "cancelled within the limit"),
        ("declined", "declined within the limit"),
        ("closed", "closed within the limit"),
        ("part_month", "a neighbourhood that was active for part of the month only"),
    ]
