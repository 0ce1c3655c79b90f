"""Which suppressed cells a reader could find out from a table as it is published."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from checks.solving import Memory, System, found_out

Cell = Hashable


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

    def exposed(self, asked: Collection[Cell], hidden: set[Cell]) -> list[Cell]:
        """Those of the hidden cells asked for one of whose small counts lies in an interval narrower than the
        threshold; in a fixed order."""
        systems: list[System] = []
        owners: list[list[Cell]] = []
        for group in self._connected(asked, hidden):
            cells = sorted(group, key=str)
            ours = list(self._systems(cells, asked))
            systems += ours
            owners += [cells] * len(ours)
        places = found_out(systems, self.threshold, self.memory)
        return sorted({cells[at] for cells, narrow in zip(owners, places, strict=True) for at in narrow}, key=str)

    def _connected(self, asked: Collection[Cell], hidden: Collection[Cell]) -> Iterator[set[Cell]]:
        """The hidden cells that hang together with those asked for by lines."""
        seen: set[Cell] = set()
        for first in sorted(asked, key=str):
            if first in seen:
                continue
            group, edge = set[Cell](), [first]
            while edge:
                cell = edge.pop()
                if cell not in group:
                    group.add(cell)
                    edge += [one for line in self.of_cell.get(cell, ()) for one in line.cells if one in hidden]
            seen |= group
            yield group

    def _systems(self, cells: Sequence[Cell], asked: Collection[Cell]) -> Iterator[System]:
        """What a reader knows of a group's cells, for every column that has a small count in one asked for."""
        lines = list(dict.fromkeys(line for one in cells for line in self.of_cell.get(one, ())))
        rows = np.array([self.table[cell] for cell in cells])
        small = (rows > 0) & (rows < self.threshold) & np.array([cell in asked for cell in cells])[:, np.newaxis]
        if not lines or not small.any():
            return
        known, values = self._equations(cells, lines)
        for column in np.flatnonzero(small.any(axis=0)):
            yield System(known, values[:, column], rows[:, column].astype(float), small[:, column])

    def _equations(self, cells: Sequence[Cell], lines: Sequence[Line]) -> tuple[Any, np.ndarray]:
        """What a reader knows of suppressed cells: matrix times cells = values, column by column."""
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
