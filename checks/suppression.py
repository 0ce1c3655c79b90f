"""Small numbers in what is published: suppressed, and so many others with them that none can be got by subtraction.

A cell is one published row with its counts (the columns). Cells are bound by lines: a total and the members that add up
to it, column by column (a force and its areas, a force and its neighbourhoods, a year and its months). Primary: a cell
with a count of 1 to `threshold` - 1 in any column. Secondary: whatever else must go, so that in every column the counts
of a suppressed cell could lie anywhere in an interval at least `threshold` wide, for a reader who knows every published
cell, every line, and that no count is below 0.

What a total has beyond its members (cases of no area) is never published, but follows from the rest: it is protected
like a cell that is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from checks.commitment import Measure
from checks.exposing import Cell, Line, Published
from checks.logs import LOGS
from checks.solving import Memory


def counts_persons(measure: Measure) -> bool:
    """Whether a measure counts records of persons, or what was missed of them."""
    return "missed_cases" in measure.sql or any(LOGS[log].personal for log in measure.logs)


@dataclass(frozen=True)
class _Remainder:
    """What the total of a line (by its place) has beyond its members."""

    line: int


def suppress(
    counts: Mapping[Any, Sequence[int]],
    lines: Iterable[Line],
    threshold: int = 5,
    memory: Memory | None = None,
) -> frozenset[Cell]:
    """The cells that must not be published.

    Args:
        counts: the counts of each cell, every one with the same columns.
        lines: how cells add up; a line that does not (a case counted in two members) binds nothing, nor does one of
            cells that are not there.
        threshold: 0 or 1 = nothing is suppressed.
        memory: what was solved before, on another night, and is now; it changes no answer.
    """
    memory, lines = {} if memory is None else memory, list(lines)
    if not counts:
        return frozenset()
    cells, question = list(counts), _digest(counts, lines, threshold)
    if question not in memory:
        hidden = _hidden(counts, lines, threshold, memory)
        memory[question] = [place for place, cell in enumerate(cells) if cell in hidden]
    return frozenset(cells[place] for place in memory[question])


def _digest(counts: Mapping[Any, Sequence[int]], lines: Sequence[Line], threshold: int) -> str:
    """Tells this table from every other."""
    place = {cell: number for number, cell in enumerate(counts)}
    said = hashlib.sha256(repr((threshold, [(str(cell), *row) for cell, row in counts.items()])).encode())
    for line in lines:
        said.update(repr([place.get(cell, -1) for cell in line.cells]).encode())
    return said.hexdigest()


def _hidden(counts: Mapping[Any, Sequence[int]], lines: Sequence[Line], threshold: int, memory: Memory) -> set[Cell]:
    table, bound = _complete(counts, lines)
    primary = {cell for cell, row in table.items() if any(0 < count < threshold for count in row)}
    hidden = primary | {cell for cell in table if isinstance(cell, _Remainder)} if primary else set()
    of_cell: dict[Cell, list[Line]] = {}
    for line in bound:
        for cell in (line.total, *line.members):
            of_cell.setdefault(cell, []).append(line)
    published = Published(table, of_cell, threshold, memory)
    # In a fixed order: what one night hides the next must not show.
    exposed = todo = sorted(primary, key=str)
    while todo:
        _hide_alone(hidden, [*todo], table, of_cell, threshold)
        exposed = published.exposed(exposed, hidden)  # the others are safe, and remain so: who knows less solves less
        todo = _hide_more(hidden, exposed, table, of_cell)
    return {cell for cell in hidden if not isinstance(cell, _Remainder)}


def _complete(counts: Mapping[Any, Sequence[int]], lines: Iterable[Line]) -> tuple[dict[Cell, np.ndarray], list[Line]]:
    """The cells with the remainders of lines, and the lines that hold with them."""
    # Columns that say the same (cases judged, denominator) are looked at once.
    rows = np.unique(np.array(list(counts.values()), dtype=np.int64).reshape(len(counts), -1), axis=1)
    table: dict[Cell, np.ndarray] = dict(zip(counts, rows, strict=True))
    bound: list[Line] = []
    for place, line in enumerate(lines):
        members = tuple(cell for cell in line.members if cell in counts)
        if line.total not in counts or not members:
            continue
        rest = table[line.total] - sum(table[cell] for cell in members)
        if (rest < 0).any():
            continue
        if rest.any():
            table[_Remainder(place)] = rest
            members = (*members, _Remainder(place))
        bound.append(Line(line.total, members))
    return table, bound


def _hide_alone(
    hidden: set[Cell],
    todo: list[Cell],
    table: Mapping[Cell, np.ndarray],
    of_cell: Mapping[Cell, Sequence[Line]],
    threshold: int,
) -> None:
    """Where a suppressed cell is the only one of its line, or those of a line are too small together, hide another."""
    while todo:
        for line in of_cell.get(todo.pop(), ()):
            while (further := _lacking(line, hidden, table, threshold)) is not None:
                hidden.add(further)
                todo.append(further)


def _lacking(line: Line, hidden: set[Cell], table: Mapping[Cell, np.ndarray], threshold: int) -> Cell | None:
    """The cell to hide besides, None where the line is safe by itself: the smallest published one that helps."""
    ours = [cell for cell in line.members if cell in hidden]
    total_hidden = line.total in hidden
    if not ours or (total_hidden and len(ours) == 0):
        return _smallest(line.members, hidden, table) if total_hidden else None
    if total_hidden:
        return None  # the total is free: what bounds it is found by solving
    together = sum(table[cell] for cell in ours)
    small = [(table[cell] > 0) & (table[cell] < threshold) for cell in ours]
    exposed = np.any(small, axis=0) & (together < threshold)
    if len(ours) > 1 and not exposed.any():
        return None
    return _smallest(line.members, hidden, table) or line.total


def _smallest(cells: Iterable[Cell], hidden: set[Cell], table: Mapping[Cell, np.ndarray]) -> Cell | None:
    """The published cell of the smallest counts that are not all 0, so that the least is lost."""
    open_ = [cell for cell in cells if cell not in hidden and table[cell].any()]
    return min(open_, key=lambda cell: (int(table[cell].sum()), str(cell)), default=None)


def _hide_more(
    hidden: set[Cell], exposed: Sequence[Cell], table: Mapping[Cell, np.ndarray], of_cell: Mapping[Cell, Sequence[Line]]
) -> list[Cell]:
    """For each cell that is found out hide another one of its lines; returns those."""
    more: list[Cell] = []
    for cell in exposed:
        further = _another(cell, hidden, table, of_cell)
        if further is not None:
            hidden.add(further)
            more.append(further)
    return more


def _another(
    cell: Cell, hidden: set[Cell], table: Mapping[Cell, np.ndarray], of_cell: Mapping[Cell, Sequence[Line]]
) -> Cell | None:
    """A published cell of the cell's lines, or of the lines of those it is suppressed with."""
    seen, edge = {cell}, [cell]
    while edge:
        near = [one for at in edge for line in of_cell.get(at, ()) for one in (line.total, *line.members)]
        further = _smallest(near, hidden, table)
        if further is not None:
            return further
        edge = [one for one in dict.fromkeys(near) if one not in seen]
        seen.update(edge)
    return None
