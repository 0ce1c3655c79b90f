"""Which other cells to hide with a small one: the least that helps, in an order that is the same in every process."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from checks.exposing import Cell, Line


class Hiding:
    """A table of cells bound by lines, and those that are `hidden` so far; more become hidden by asking.

    `open_to_hide` are the cells that may be: what was published before cannot be taken back.
    """

    def __init__(
        self, table: Mapping[Cell, np.ndarray], lines: Iterable[Line], threshold: int, hidden: set[Cell]
    ) -> None:
        self.hidden = hidden
        self.of_cell: dict[Cell, list[Line]] = {}
        for line in lines:
            for cell in line.cells:
                self.of_cell.setdefault(cell, []).append(line)
        self._table, self._threshold = table, threshold

    def hide_alone(self, cells: Iterable[Cell], open_to_hide: Collection[Cell]) -> None:
        """Where a hidden cell is the only one of its line, or those of a line are too small together, hide another."""
        todo = [*cells]
        while todo:
            for line in self.of_cell.get(todo.pop(), ()):
                while (further := self._lacking(line, open_to_hide)) is not None:
                    self.hidden.add(further)
                    todo.append(further)

    def hide_more(self, exposed: Sequence[Cell], open_to_hide: Collection[Cell]) -> list[Cell]:
        """For each cell that is found out hide another one of its lines; returns those."""
        more: list[Cell] = []
        for cell in exposed:
            further = self._another(cell, open_to_hide)
            if further is not None:
                self.hidden.add(further)
                more.append(further)
        return more

    def _lacking(self, line: Line, open_to_hide: Collection[Cell]) -> Cell | None:
        """The cell to hide besides, None where the line is safe by itself: the smallest published one that helps."""
        ours = [cell for cell in line.members if cell in self.hidden]
        total_hidden = line.total in self.hidden
        if not ours or (total_hidden and len(ours) == 0):
            return self._smallest(line.members, open_to_hide) if total_hidden else None
        if total_hidden:
            return None  # the total is free: what bounds it is found by solving
        together = sum(self._table[cell] for cell in ours)
        small = [(self._table[cell] > 0) & (self._table[cell] < self._threshold) for cell in ours]
        exposed = np.any(small, axis=0) & (together < self._threshold)
        if len(ours) > 1 and not exposed.any():
            return None
        return self._smallest(line.members, open_to_hide) or (line.total if line.total in open_to_hide else None)

    def _another(self, cell: Cell, open_to_hide: Collection[Cell]) -> Cell | None:
        """A published cell of the cell's lines, or of the lines of those it is suppressed with."""
        seen, edge = {cell}, [cell]
        while edge:
            near = [one for at in edge for line in self.of_cell.get(at, ()) for one in line.cells]
            further = self._smallest(near, open_to_hide)
            if further is not None:
                return further
            edge = [one for one in dict.fromkeys(near) if one not in seen]
            seen.update(edge)
        return None

    def _smallest(self, cells: Iterable[Cell], open_to_hide: Collection[Cell]) -> Cell | None:
        """The published cell of the smallest counts that are not all 0, so that the least is lost."""
        published = (cell for cell in cells if cell in open_to_hide and cell not in self.hidden)
        open_ = [cell for cell in published if self._table[cell].any()]
        return min(open_, key=lambda cell: (int(self._table[cell].sum()), str(cell)), default=None)
