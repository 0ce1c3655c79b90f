"""Which suppressed cells a reader could find out: asked of small parts of a table first, of all of it where that is
not enough.

A cell that could lie in a wide enough interval although everything outside its part were known is *safe*; one that
could not although nothing outside were known is *found out*. Both hold for the whole table, too. So what a part says
is true on any later night on which the part is the same, however much has come since.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from checks.solving import Memory, System, found_out

Cell = Hashable
# The parts of a table a cell reaches into, its own first.
Parts = Callable[[Any], Sequence[Hashable]]


class Line(NamedTuple):
    """Cells that add up to one."""

    total: Cell
    members: tuple[Cell, ...]

    @property
    def cells(self) -> tuple[Cell, ...]:
        return (self.total, *self.members)


@dataclass(frozen=True)
class Published:
    """A table as a reader has it, but for the cells that are hidden: their counts and the lines they are bound by."""

    table: Mapping[Cell, np.ndarray]
    of_cell: Mapping[Cell, Sequence[Line]]
    threshold: int
    memory: Memory
    parts: Parts | None = None

    def exposed(self, asked: Collection[Cell], hidden: set[Cell]) -> list[Cell]:
        """Those of the hidden cells asked for one of whose small counts lies in an interval narrower than the
        threshold; in a fixed order."""
        found: set[Cell] = set()
        open_ = set(asked)
        if self.parts is not None:
            windows = self._windows(open_, hidden, self.parts)
            open_ = self._narrow(windows, open_, hidden, _every)
            found = self._narrow(windows, open_, hidden, lambda window, line: hidden.intersection(line.cells) <= window)
        found |= self._narrow(self._connected(open_ - found, hidden), open_ - found, hidden, _every)
        return sorted(found, key=str)

    def _windows(self, asked: Collection[Cell], hidden: Collection[Cell], parts: Parts) -> list[set[Cell]]:
        """The hidden cells that reach into each part in which a cell asked for is at home."""
        wanted = {parts(cell)[0] for cell in asked}
        found: dict[Hashable, set[Cell]] = {part: set() for part in wanted}
        for cell in hidden:
            for part in wanted.intersection(parts(cell)):
                found[part].add(cell)
        return list(found.values())

    def _connected(self, asked: Collection[Cell], hidden: Collection[Cell]) -> Iterator[set[Cell]]:
        """The hidden cells that hang together with those asked for by lines."""
        left = set(asked)
        while left:
            group, edge = set(), [left.pop()]
            while edge:
                cell = edge.pop()
                if cell not in group:
                    group.add(cell)
                    edge += [one for line in self.of_cell.get(cell, ()) for one in line.cells if one in hidden]
            left -= group
            yield group

    def _narrow(
        self,
        windows: Collection[set[Cell]] | Iterator[set[Cell]],
        asked: Collection[Cell],
        hidden: Collection[Cell],
        is_known: Callable[[set[Cell], Line], bool],
    ) -> set[Cell]:
        """The cells asked for that are narrow in a window, when these lines are known, and all cells outside of it."""
        systems: list[System] = []
        owners: list[list[Cell]] = []
        for window in windows:
            cells = sorted(window, key=str)
            ours = list(self._systems(cells, asked, partial(is_known, window)))
            systems += ours
            owners += [cells] * len(ours)
        places = found_out(systems, self.threshold, self.memory)
        return {cells[place] for cells, narrow in zip(owners, places, strict=True) for place in narrow}

    def _systems(
        self, cells: Sequence[Cell], asked: Collection[Cell], is_known: Callable[[Line], bool]
    ) -> Iterator[System]:
        """What a reader knows of cells, for every column that has a small count in one of them."""
        lines = [
            line
            for line in dict.fromkeys(line for one in cells for line in self.of_cell.get(one, ()))
            if is_known(line)
        ]
        rows = np.array([self.table[cell] for cell in cells])
        small = (rows > 0) & (rows < self.threshold) & np.array([cell in asked for cell in cells])[:, np.newaxis]
        if not lines or not small.any():
            return
        known, values = self._equations(cells, lines)
        for column in np.flatnonzero(small.any(axis=0)):
            yield System(known, values[:, column], rows[:, column].astype(float), small[:, column])

    def _equations(self, cells: Sequence[Cell], lines: Sequence[Line]) -> tuple[Any, np.ndarray]:
        """Lines as equations of these cells: matrix times cells = what the others leave, column by column."""
        from scipy.sparse import csr_array

        place = {one: number for number, one in enumerate(cells)}
        entries: list[tuple[int, int, int]] = []
        values = np.zeros((len(lines), len(self.table[cells[0]])))
        for row, line in enumerate(lines):
            for one, sign in ((line.total, 1), *((member, -1) for member in line.members)):
                if one in place:
                    entries.append((row, place[one], sign))
                else:
                    values[row] -= sign * self.table[one]
        rows, columns, signs = zip(*entries, strict=True)
        return csr_array((signs, (rows, columns)), shape=(len(lines), len(cells)), dtype=float), values


def _every(_window: set[Cell], _line: Line) -> bool:
    return True
