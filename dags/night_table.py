"""The night's figures as tables to read in a terminal: one force in full, several beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from connectors.slack.phrases import percent, period_of, whole
from dags.tables import aligned

Row = Mapping[str, Any]
# More forces than these do not fit beside each other.
_BESIDE = 5


def night_table(rows: Sequence[Row]) -> str:
    """The figures of one period, a line for each measure; '' when there are none.

    Args:
        rows: verdicts of whole forces, all of the same period.
    """
    forces = sorted({row["force"] for row in rows})
    if not forces:
        return ""
    when = period_of(rows[0]["period"], rows[0]["period_start"])
    blocks = [forces[first : first + _BESIDE] for first in range(0, len(forces), _BESIDE)]
    if len(forces) == 1:
        return f"{forces[0]}, {when}\n\n{_in_full(rows)}"
    return "\n\n".join(f"{', '.join(block)}, {when}\n\n{_beside(rows, block)}" for block in blocks)


def _in_full(rows: Sequence[Row]) -> str:
    head = ("promise", "measure", "share", "of", "95 % interval", "unknown", "target", "verdict")
    lines = [
        (*_promise(row), _share(row), _of(row), _interval(row), str(row["unknown"] or ""), _target(row), _words(row))
        for row in _in_order(rows)
    ]
    return aligned(lines, head, right=(0, 2, 3, 4, 5, 6))


def _beside(rows: Sequence[Row], forces: Sequence[str]) -> str:
    cells = {(row["measure"], row["force"]): f"{_share(row)}  {_words(row)}".strip() for row in rows}
    measures = {row["measure"]: row for row in _in_order([row for row in rows if row["force"] in forces])}
    lines = [
        (*_promise(row), _target(row), *(cells.get((name, force), "") for force in forces))
        for name, row in measures.items()
    ]
    return aligned(lines, ("promise", "measure", "target", *forces))


def _in_order(rows: Sequence[Row]) -> Iterator[Row]:
    """By promise, the closing one (0) last."""
    yield from sorted(rows, key=lambda row: (row["commitment"] or 11, row["measure"], row["force"]))


def _promise(row: Row) -> tuple[str, str]:
    return str(row["commitment"] or "closing"), row["measure"]


def _share(row: Row) -> str:
    target = Fraction(str(row["target"])) if row["target"] is not None else Fraction(0)
    return percent(row["numerator"], row["denominator"], target) if row["denominator"] else "–"


def _of(row: Row) -> str:
    """How many cases the share is of; a share that was measured (of hours, of officers) is of no number of cases."""
    return "" if row["timed"] or not row["denominator"] else f"{row['denominator']:,}"


def _interval(row: Row) -> str:
    if not _of(row) or row["rate_low"] is None:
        return ""
    return f"{row['rate_low'] * 100:.1f} to {row['rate_high'] * 100:.1f}"


def _target(row: Row) -> str:
    return whole(row["target"]) if row["target"] is not None else ""


def _words(row: Row) -> str:
    return str(row["verdict"]).replace("_", " ")
