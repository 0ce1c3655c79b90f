"""What a reader could solve for: how far apart the counts lie that fit everything that is published.

One system is a matrix times the suppressed cells = what is published of them, no cell below 0. Many small systems are
solved as one (their matrices side by side): a solver takes a hundred times longer to be called than to solve one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

# Tables drawn at random before cells are asked for one by one; what a solver may be off by; unknowns solved at once.
_SAMPLES, _ROUNDING, _AT_ONCE = 3, 1e-6, 20_000
# What was found before: by digest of the system, the places of the cells that are found out.
Memory = MutableMapping[str, list[int]]


@dataclass(frozen=True)
class System:
    """Suppressed cells (columns of `known`, a sparse matrix) bound by lines (its rows, each adding up to a value).

    `truth` has the cells' counts, `asked` says which of them must not be found out.
    """

    known: Any
    values: np.ndarray
    truth: np.ndarray
    asked: np.ndarray

    def digest(self, threshold: int) -> str:
        """Tells this question from every other: the same digest has the same answer, on any day."""
        said = hashlib.sha256(repr((self.known.shape, threshold)).encode())
        for part in (self.known.indptr, self.known.indices, self.known.data, self.values, self.truth, self.asked):
            said.update(np.ascontiguousarray(part, dtype=np.float64).tobytes())
        return said.hexdigest()


def found_out(systems: Sequence[System], threshold: int, memory: Memory) -> list[list[int]]:
    """For each system the places of the cells asked for whose count lies in an interval narrower than the threshold.

    `memory` is asked first, and told what it did not know.
    """
    named = [system.digest(threshold) for system in systems]
    new = {name: system for name, system in zip(named, systems, strict=True) if name not in memory}
    for name, places in zip(new, _narrow(list(new.values()), threshold), strict=True):
        memory[name] = places
    return [memory[name] for name in named]


def _narrow(systems: Sequence[System], threshold: int) -> list[list[int]]:
    spans = [_Span(system, threshold) for system in systems]
    draw = np.random.default_rng(2008)
    for _ in range(_SAMPLES):
        many = [span for span in spans if len(span.open()) > _SAMPLES]
        _widen([(span, sign * drawn) for span in many for drawn in [span.at_random(draw)] for sign in (1.0, -1.0)])
    while asking := [(span, place) for span in spans if (place := span.next()) is not None]:
        _widen([(span, span.alone(place, sign)) for span, place in asking for sign in (1.0, -1.0)])
    return [[int(place) for place in span.open()] for span in spans]


class _Span:
    """The least and the most each cell of a system was seen to have so far; every table that fits widens them."""

    def __init__(self, system: System, threshold: int) -> None:
        self.system, self._threshold = system, threshold
        self.most = float(system.truth.sum() + threshold)
        self._low, self._high = system.truth.astype(float), system.truth.astype(float)
        self._solved: set[int] = set()

    def open(self) -> np.ndarray:
        """The places asked for that were not yet seen far enough apart."""
        return np.flatnonzero(self.system.asked & (self._high - self._low + _ROUNDING < self._threshold))

    def next(self) -> int | None:
        """A place to solve for; None when each was, or need not be."""
        place = next((int(each) for each in self.open() if each not in self._solved), None)
        if place is not None:
            self._solved.add(place)
        return place

    def alone(self, place: int, sign: float) -> np.ndarray:
        wanted = np.zeros(len(self.system.truth))
        wanted[place] = sign
        return wanted

    def at_random(self, draw: np.random.Generator) -> np.ndarray:
        wanted = np.zeros(len(self.system.truth))
        wanted[self.open()] = draw.normal(size=len(self.open()))
        return wanted

    def widen(self, table: np.ndarray) -> None:
        np.minimum(self._low, table, out=self._low)
        np.maximum(self._high, table, out=self._high)


def _widen(asking: Sequence[tuple[_Span, np.ndarray]]) -> None:
    """Find for each question the table that answers it best."""
    for together in _batches(asking):
        solved = _solve(together)
        if solved is None and len(together) > 1:  # one that the solver cannot do must not spoil the others
            for each in together:
                _widen([each])
        elif solved is not None:
            for (span, _), table in zip(together, solved, strict=True):
                span.widen(table)


def _batches(asking: Sequence[tuple[_Span, np.ndarray]]) -> Iterator[list[tuple[_Span, np.ndarray]]]:
    batch: list[tuple[_Span, np.ndarray]] = []
    for each in asking:
        batch.append(each)
        if sum(len(wanted) for _, wanted in batch) >= _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _solve(together: Sequence[tuple[_Span, np.ndarray]]) -> list[np.ndarray] | None:
    from scipy.optimize import linprog
    from scipy.sparse import block_diag

    known = block_diag([span.system.known for span, _ in together], format="csr")
    values = np.concatenate([span.system.values for span, _ in together])
    most = np.concatenate([np.full(len(wanted), span.most) for span, wanted in together])
    bounds = np.column_stack([np.zeros(len(most)), most])
    done = linprog(
        np.concatenate([wanted for _, wanted in together]), A_eq=known, b_eq=values, bounds=bounds, method="highs"
    )
    if done.status != 0:
        return None
    ends = np.cumsum([len(wanted) for _, wanted in together])
    return np.split(done.x, ends[:-1])
