"""Small numbers in what is published: suppressed, and so many others with them that none can be got by subtraction.

A cell is one published row with its counts (the columns). Cells are bound by lines: a total and the members that add up
to it, column by column (a force and its areas, a force and its neighbourhoods, a year and its months). Primary: a cell
with a count of 1 to `threshold` - 1 in any column. Secondary: whatever else must go, so that in every column the counts
of a suppressed cell could lie anywhere in an interval at least `threshold` wide, for a reader who knows every published
cell, every line, and that no count is below 0.

What a total has beyond its members (cases of no area) is never published, but follows from the rest: it is protected
like a cell that is.

It is decided year by year, and what was decided of a year that is over stays, whatever comes later: the next
publication must not show what this one hides, nor hide what is known. So that no later year can tell, a reader is taken
to know more than is published: for the cells that end in a year, every cell that ended before the year before it; and
once more when the next year is decided, then also every cell that begins in it. What later years publish binds none of
the cells that are left unknown to them.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from checks.commitment import Measure
from checks.exposing import Cell, Line, Published
from checks.logs import LOGS
from checks.secondary import Hiding
from checks.solving import Memory

# The years in which a cell begins and ends; it ends in the year after at the latest.
Years = tuple[int, int]


def counts_persons(measure: Measure) -> bool:
    """Whether a measure counts records of persons, or what was missed of them."""
    return "missed_cases" in measure.sql or any(LOGS[log].personal for log in measure.logs)


@dataclass(frozen=True)
class _Remainder:
    """What the total of a line (by its place) has beyond its members."""

    line: int


def _timeless(_: Cell) -> Years:
    return 0, 0


def suppress(
    counts: Mapping[Any, Sequence[int]],
    lines: Iterable[Line],
    threshold: int = 5,
    memory: Memory | None = None,
    years_of: Callable[[Any], Years] = _timeless,
) -> frozenset[Cell]:
    """The cells that must not be published.

    Args:
        counts: the counts of each cell, every one with the same columns.
        lines: how cells add up; a line that does not (a case counted in two members) binds nothing, nor does one of
            cells that are not there.
        threshold: 0 or 1 = nothing is suppressed.
        memory: what was solved before, on another night, and is now; it changes no answer.
        years_of: when a cell begins and ends; the members of a line lie within its total.
    """
    memory = {} if memory is None else memory
    cells_of: dict[int, list[Cell]] = defaultdict(list)
    for cell in counts:
        cells_of[years_of(cell)[1]].append(cell)
    lines_of: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        lines_of[years_of(line.total)[1]].append(line)
    hidden: set[Cell] = set()
    for year in sorted(cells_of):
        near = {cell: counts[cell] for each in range(year - 3, year + 1) for cell in cells_of.get(each, ())}
        bound = [line for each in range(year - 2, year + 1) for line in lines_of.get(each, ())]
        question = _digest(near, bound, hidden, threshold)
        if question not in memory:
            found = _hidden_in(year, near, bound, hidden, threshold, memory, years_of)
            memory[question] = [place for place, cell in enumerate(cells_of[year]) if cell in found]
        hidden.update(cells_of[year][place] for place in memory[question])
    return frozenset(hidden)


def _digest(
    counts: Mapping[Any, Sequence[int]], lines: Sequence[Line], hidden: Collection[Cell], threshold: int
) -> str:
    """Tells this table, and what is decided of it, from every other."""
    place = {cell: number for number, cell in enumerate(counts)}
    known = [(_name(cell), cell in hidden, *row) for cell, row in counts.items()]
    said = hashlib.sha256(repr((threshold, known)).encode())
    for line in lines:
        said.update(repr([place.get(cell, -1) for cell in line.cells]).encode())
    return said.hexdigest()


@lru_cache(100_000)  # each is asked for in four years
def _name(cell: Any) -> str:
    return str(cell)


def _hidden_in(
    year: int,
    counts: Mapping[Any, Sequence[int]],
    lines: Sequence[Line],
    settled: Collection[Cell],
    threshold: int,
    memory: Memory,
    years_of: Callable[[Any], Years],
) -> Collection[Cell]:
    """The cells to hide of those that end in a year; `settled` are those of earlier years that are hidden."""
    table, bound = _complete(counts, lines)
    spans = {cell: years_of(lines[cell.line].total if isinstance(cell, _Remainder) else cell) for cell in table}
    small = [cell for cell, row in table.items() if any(0 < count < threshold for count in row)]
    sides = _sides(year, small, spans)
    if not any(side.exposed for side in sides):
        return ()
    new = [cell for cell in small if spans[cell][1] == year]
    before = {cell for cell in table if cell in settled}
    remainders = {cell for cell in table if isinstance(cell, _Remainder)}
    hiding = Hiding(table, bound, threshold, before | remainders | set(new))
    published = Published(table, hiding.of_cell, threshold, memory)
    # In a fixed order: what one night hides the next must not show.
    todo = sorted({*new, *before}, key=str)
    while todo:
        hiding.hide_alone(todo, sides[0].open_to_hide)
        todo = []
        for side in sides:  # what is safe remains so: who knows less solves less
            side.exposed = published.exposed(side.exposed, hiding.hidden & side.unknown)
            todo += hiding.hide_more(side.exposed, side.open_to_hide)
    return hiding.hidden


@dataclass
class _Side:
    """Cells not to be exposed to a reader for whom only `unknown` cells are hidden, if by hiding those open to it."""

    exposed: Sequence[Cell]
    unknown: set[Cell]
    open_to_hide: Collection[Cell]


def _sides(year: int, small: Sequence[Cell], spans: Mapping[Cell, Years]) -> tuple[_Side, _Side]:
    """The small cells that end in a year, and once more those that end in the year before."""
    ours = {cell for cell, (_, last) in spans.items() if last == year}
    before = {cell for cell, (_, last) in spans.items() if last == year - 1}
    long_before = {cell for cell, (_, last) in spans.items() if last == year - 2}
    reaching = {cell for cell in ours if spans[cell][0] < year}
    return (
        _Side([cell for cell in small if cell in ours], ours | before, ours),
        _Side([cell for cell in small if cell in before], reaching | before | long_before, reaching),
    )


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
