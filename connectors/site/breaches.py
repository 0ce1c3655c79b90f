"""The register of broken promises and why they were broken: by force, then by measure and by month, newest first.

Of the standard whose verdicts stand on the first pages; the site for outside has none of it, because it is made of
record references and small numbers.
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import Select, Text, cast, func, literal_column, select

from checks.explanation import REASONS
from connectors.site import addresses, sentences, words
from connectors.site.page import File, Page
from connectors.site.reading import Reading, Row
from connectors.spreadsheets import not_a_formula
from connectors.store.tables import breaches, explanations

NAVIGATION = (("Breaches", addresses.breaches()),)
SHOWN = 250
"""Rows of a list on its page, so that a page stays small; its download has all."""
STATUSES = {"open": "○ Nobody has answered", "acknowledged": "◐ Seen", "explained": "● Explained",
            "withdrawn": "– Withdrawn at its source"}  # fmt: skip
COLUMNS = (
    "local_day", "measure", "area", "neighbourhood", "case_id", "due_at", "elapsed_seconds", "severity", "status",
    "reason", "text", "explained_at", "breach_id",
)  # fmt: skip
# Whole numbers as they stand: PostgreSQL takes two parameters of the same value for two expressions.
_MONTH = func.substr(cast(breaches.c.local_day, Text), literal_column("1"), literal_column("7"))


@dataclass
class Register:
    """How many breaches of a force have which status, by measure and month; `newest` tells two states apart."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    newest: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    reasons: Counter[str] = field(default_factory=Counter)

    def of(self, *, measure: str = "", month: str = "") -> Counter[str]:
        """By status, of one measure, one month, or all."""
        found: Counter[str] = Counter()
        for (of_measure, of_month, status), count in self.counts.items():
            if measure in ("", of_measure) and month in ("", of_month):
                found[status] += count
        return found

    @property
    def measures(self) -> list[str]:
        return sorted({measure for measure, _, _ in self.counts}, key=sentences.title_of)

    @property
    def months(self) -> list[str]:
        """The newest first; '' = nobody knows when."""
        return sorted({month for _, month, _ in self.counts}, reverse=True)


def pages(reading: Reading) -> Iterator[Page | File]:
    if reading.known.published:
        return
    found = _registers(reading)
    registers = {force: found.get(force, Register()) for force in reading.forces}
    yield _first(reading, registers)
    for force, register in registers.items():
        yield _of_force(reading, force, register)
        for measure in register.measures:
            yield from _list(reading, force, register, measure=measure)
        for month in filter(None, register.months):
            yield from _list(reading, force, register, month=month)


def _registers(reading: Reading) -> dict[str, Register]:
    main = breaches.c.standard.in_(sorted(reading.known.main))
    found: dict[str, Register] = defaultdict(Register)
    key = (breaches.c.force, breaches.c.measure, _MONTH, breaches.c.status)
    counted = select(*key, func.count(), func.max(breaches.c.opened_run), func.max(breaches.c.closed_run)).where(main)
    for force, measure, month, status, count, opened, closed in reading.conn.execute(counted.group_by(*key)):
        register = found[force]
        register.counts[measure, month or "", status] += count
        for part in (measure, month or ""):
            register.newest[part].append([status, count, opened, closed or ""])
    newest = _newest_explanations()
    told = (
        select(breaches.c.force, breaches.c.measure, _MONTH, newest.c.reason, func.count(), func.max(newest.c.at))
        .join(newest, newest.c.breach_id == breaches.c.breach_id)
        .where(main)
        .group_by(breaches.c.force, breaches.c.measure, _MONTH, newest.c.reason)
    )
    for force, measure, month, reason, count, at in reading.conn.execute(told):
        found[force].reasons[reason] += count
        for part in (measure, month or ""):
            found[force].newest[part].append([reason, count, at])
    return found


def _newest_explanations() -> Any:
    """Each breach's newest explanation."""
    age = func.row_number().over(partition_by=explanations.c.breach_id, order_by=explanations.c.recorded_at.desc())
    aged = select(
        explanations.c.breach_id,
        explanations.c.reason,
        explanations.c.text,
        explanations.c.recorded_at.label("at"),
        age.label("age"),
    ).where(explanations.c.breach_id != "")
    ranked = aged.subquery()
    return select(ranked).where(ranked.c.age == 1).subquery()


def _first(reading: Reading, registers: Mapping[str, Register]) -> Page:
    rows = [
        {"name": reading.name(force), "address": addresses.breaches(force), "counts": register.of()}
        for force, register in registers.items()
    ]
    reasons: Counter[str] = Counter()
    for register in registers.values():
        reasons += register.reasons
    return Page(
        addresses.breaches(),
        "Broken promises and their explanations",
        "breaches.html",
        {"rows": rows, "statuses": STATUSES, "reasons": _reasons(reasons)},
        description="Every case in which a promise was missed, what became of it, and why it happened.",
        in_az=True,
    )


def _reasons(counted: Counter[str]) -> list[dict[str, Any]]:
    return [{"words": REASONS.get(code, code), "count": count} for code, count in counted.most_common()]


def _of_force(reading: Reading, force: str, register: Register) -> Page:
    name = reading.name(force)
    measures: list[dict[str, Any]] = [
        {
            "title": words.capital(sentences.title_of(measure)),
            "address": addresses.breaches_of(force, measure),
            "counts": register.of(measure=measure),
        }
        for measure in register.measures
    ]
    months = [
        {
            "title": _month_title(month),
            "address": addresses.breaches_of(force, month) if month else "",
            "counts": register.of(month=month),
        }
        for month in register.months
    ]
    content = {
        "name": name,
        "force": force,
        "measures": sorted(measures, key=lambda row: -sum(row["counts"].values())),
        "months": months,
        "statuses": STATUSES,
        "counts": register.of(),
        "reasons": _reasons(register.reasons),
    }
    return Page(
        addresses.breaches(force),
        f"Broken promises: {name}",
        "breaches_force.html",
        content,
        description=f"Missed cases of {name} by measure and month, and the explanations given.",
        crumbs=((name, addresses.force(force)), ("Breaches", addresses.breaches())),
        in_az=True,
    )


def _month_title(month: str) -> str:
    return words.period("month", date.fromisoformat(f"{month}-01")) if month else "Day not known"


def _list(
    reading: Reading, force: str, register: Register, *, measure: str = "", month: str = ""
) -> Iterator[Page | File]:
    part, name = measure or month, reading.name(force)
    what = words.capital(sentences.title_of(measure)) if measure else _month_title(month)
    inputs = [sorted(register.newest[part], key=str)]
    counts = register.of(measure=measure, month=month)
    chosen = _chosen(reading, force, measure, month)
    yield Page(
        addresses.breaches_of(force, part),
        f"{what}: broken promises of {name}",
        "breaches_list.html",
        partial(_listed, reading, chosen, counts, addresses.breaches_of(force, part, "csv"), measure),
        inputs=inputs,
        description=f"{words.counted(counts.total(), 'miss', 'misses')}, the newest first.",
        crumbs=((name, addresses.force(force)), ("Breaches", addresses.breaches(force))),
    )
    yield File(addresses.breaches_of(force, part, "csv"), partial(_csv, reading, chosen), inputs)


def _chosen(reading: Reading, force: str, measure: str, month: str) -> Select[Any]:
    newest = _newest_explanations()
    chosen = (
        select(breaches, newest.c.reason, newest.c.text, newest.c.at.label("explained_at"))
        .outerjoin(newest, newest.c.breach_id == breaches.c.breach_id)
        .where(breaches.c.standard.in_(sorted(reading.known.main)), breaches.c.force == force)
        .order_by(breaches.c.local_day.desc(), breaches.c.due_at.desc(), breaches.c.breach_id)
    )
    return chosen.where(breaches.c.measure == measure) if measure else chosen.where(_MONTH.in_([month]))


def _listed(reading: Reading, chosen: Select[Any], counts: Counter[str], download: str, measure: str) -> dict[str, Any]:
    rows = [_row(dict(row)) for row in reading.conn.execute(chosen.limit(SHOWN)).mappings()]
    return {
        "rows": rows, "counts": counts, "total": counts.total(), "statuses": STATUSES, "download": download,
        "by_measure": bool(measure),
    }  # fmt: skip


def _row(row: Row) -> Row:
    return row | {
        "title": words.capital(sentences.title_of(row["measure"])),
        "place": ", ".join(filter(None, (row["area"], row["neighbourhood"]))) or words.NOTHING,
        "took": words.seconds(row["elapsed_seconds"]) if row["elapsed_seconds"] is not None else "not done by then",
        "status": STATUSES[row["status"]],
        "reason": REASONS.get(row["reason"] or "", row["reason"] or ""),
        "text": row["text"] or "",
    }


def _csv(reading: Reading, chosen: Select[Any]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in reading.conn.execute(chosen, execution_options={"yield_per": 5_000}).mappings():
        writer.writerow([_cell(row[name]) for name in COLUMNS])
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else not_a_formula(value)
