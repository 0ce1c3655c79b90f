"""Small numbers: hidden, and so that nobody can solve for them. The reader who tries is here, in plain counting."""

from __future__ import annotations

import os
import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from checks.suppression import Line, suppress

THRESHOLD, ROUNDING = 5, 1e-6


def test_what_is_large_or_nothing_is_published() -> None:
    assert suppress({"force": [12], "a": [7], "b": [5], "c": [0]}, [Line("force", ("a", "b", "c"))]) == frozenset()


def test_nothing_is_nothing() -> None:
    assert suppress({}, []) == frozenset()


def test_exactly_at_the_threshold() -> None:
    assert suppress({"a": [4]}, []) == {"a"}
    assert suppress({"a": [5]}, []) == frozenset()
    assert suppress({"a": [1]}, []) == {"a"}
    assert suppress({"a": [4]}, [], threshold=0) == frozenset()


def test_one_small_cell_takes_the_next_with_it() -> None:
    counts = {"force": [30], "a": [3], "b": [7], "c": [20]}
    assert suppress(counts, [Line("force", ("a", "b", "c"))]) == {"a", "b"}


def test_two_small_cells_whose_sum_is_small_need_a_third() -> None:
    counts = {"force": [30], "a": [1], "b": [2], "c": [27]}
    assert suppress(counts, [Line("force", ("a", "b", "c"))]) == {"a", "b", "c"}


def test_the_total_goes_where_nothing_else_is_left() -> None:
    assert suppress({"force": [3], "a": [3], "b": [0]}, [Line("force", ("a", "b"))]) == {"force", "a"}


def test_what_no_member_has_is_protected() -> None:
    """Two cases of no area are got by subtraction, though no row states them."""
    assert suppress({"force": [22], "a": [10], "b": [10]}, [Line("force", ("a", "b"))]) != frozenset()


def test_a_line_that_does_not_add_up_binds_nothing() -> None:
    assert suppress({"force": [9], "a": [8], "b": [3]}, [Line("force", ("a", "b"))]) == {"b"}


def test_every_column_is_protected() -> None:
    counts = {"force": [90, 30], "a": [20, 2], "b": [30, 0], "c": [40, 28]}
    assert suppress(counts, [Line("force", ("a", "b", "c"))]) >= {"a", "c"}


# Small cells with equally large neighbours: the order in which they are looked at decides which goes with them.
_IN_ANOTHER_ORDER = """
import random
from checks.suppression import Line, suppress
draw, number = random.Random(0), range(7)
counts = {f"a{a}m{m}": [draw.choice([0, 2, 6, 7, 8, 9])] for a in number for m in number}
lines = [Line(f"m{m}", tuple(f"a{a}m{m}" for a in number)) for m in number]
lines += [Line(f"a{a}", tuple(f"a{a}m{m}" for m in number)) for a in number]
counts |= {line.total: [sum(counts[cell][0] for cell in line.members)] for line in lines}
print(sorted(suppress(counts, lines)))
"""


def test_what_one_night_hides_the_next_does_not_show() -> None:
    """Sets have another order in every process; a reader with two publications must not have two answers."""
    said = {
        subprocess.run(
            [sys.executable, "-c", _IN_ANOTHER_ORDER],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in (1, 2, 3)
    }
    assert len(said) == 1


@given(st.data())
@settings(max_examples=20, deadline=None)
def test_what_was_solved_before_changes_no_answer(data: st.DataObject) -> None:
    memory: dict[str, list[int]] = {}
    for _ in range(3):
        counts, lines = data.draw(tables())
        assert suppress(counts, lines, THRESHOLD, memory) == suppress(counts, lines, THRESHOLD)
        known = dict(memory)
        suppress(counts, lines, THRESHOLD, memory)
        assert memory == known


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, list[int]], list[Line]]:
    """Areas by months with both totals: the year and the force; at times a month of no area."""
    areas, months = draw(st.integers(2, 3)), draw(st.integers(2, 3))
    small = st.one_of(st.integers(0, 6), st.integers(0, 12))
    inner = [[draw(small) for _ in range(months)] for _ in range(areas)]
    counts = {f"a{a}m{m}": [inner[a][m]] for a in range(areas) for m in range(months)}
    lines = []
    for m in range(months):
        counts[f"m{m}"] = [sum(inner[a][m] for a in range(areas))]
        lines.append(Line(f"m{m}", tuple(f"a{a}m{m}" for a in range(areas))))
    for a in range(areas):
        counts[f"a{a}"] = [sum(inner[a])]
        lines.append(Line(f"a{a}", tuple(f"a{a}m{m}" for m in range(months))))
    counts["all"] = [sum(map(sum, inner))]
    lines += [Line("all", tuple(f"m{m}" for m in range(months))), Line("all", tuple(f"a{a}" for a in range(areas)))]
    return counts, lines


@given(tables())
@settings(max_examples=60, deadline=None)
def test_nobody_can_solve_for_a_small_number(drawn: tuple[dict[str, list[int]], list[Line]]) -> None:
    counts, lines = drawn
    hidden = suppress(counts, lines, THRESHOLD)
    small = {cell for cell, (count,) in counts.items() if 0 < count < THRESHOLD}
    assert small <= hidden
    for line in lines:
        ours = [cell for cell in (line.total, *line.members) if cell in hidden]
        assert len(ours) != 1, f"{ours} is got by subtraction"
    for cell in small:
        low, high = solved(cell, counts, lines, hidden)
        assert high is None or high - low >= THRESHOLD - ROUNDING, f"{cell} lies in {low} to {high}"


@st.composite
def histories(draw: st.DrawFn) -> tuple[dict[str, list[int]], list[Line]]:
    """Areas and their force over years of three parts, with the years and any three parts in a row."""
    areas, years = draw(st.integers(2, 3)), draw(st.integers(3, 4))
    small = st.one_of(st.integers(0, 3), st.integers(0, 9))
    counts: dict[str, list[int]] = {}
    lines = []
    for area in range(areas):
        parts = [draw(small) for _ in range(3 * years)]
        counts |= {f"{at // 3} {at // 3} area{area} part{at}": [count] for at, count in enumerate(parts)}
        for at in range(3 * years - 2):
            named = (f"year{at // 3}",) if at % 3 == 0 else ()
            for name in (f"rolling{at}", *named):
                total = f"{at // 3} {(at + 2) // 3} area{area} {name}"
                counts[total] = [sum(parts[at : at + 3])]
                members = tuple(f"{each // 3} {each // 3} area{area} part{each}" for each in range(at, at + 3))
                lines.append(Line(total, members))
    for cell in [cell for cell in counts if "area0" in cell]:
        members = tuple(cell.replace("area0", f"area{area}") for area in range(areas))
        counts[cell.replace("area0", "force")] = [sum(counts[each][0] for each in members)]
        lines.append(Line(cell.replace("area0", "force"), members))
    of_force = [[cell.replace("area0", "force") for cell in line.cells] for line in lines if "area0" in line.total]
    return counts, [*lines, *(Line(total, tuple(members)) for total, *members in of_force)]


def years_of(cell: str) -> tuple[int, int]:
    first, last, *_ = cell.split()
    return int(first), int(last)


@given(histories())
@settings(max_examples=15, deadline=None)
def test_years_decided_one_after_the_other_tell_nothing_together(
    drawn: tuple[dict[str, list[int]], list[Line]],
) -> None:
    counts, lines = drawn
    hidden = suppress(counts, lines, THRESHOLD, years_of=years_of)
    small = {cell for cell, (count,) in counts.items() if 0 < count < THRESHOLD}
    assert small <= hidden
    for cell in sorted(small):
        low, high = solved(cell, counts, lines, hidden, in_whole_numbers=False)
        assert high is None or high - low >= THRESHOLD - ROUNDING, f"{cell} lies in {low} to {high}"


@given(histories(), st.integers(0, 2))
@settings(max_examples=8, deadline=None)
def test_what_is_decided_of_a_year_stays_whatever_comes_later(
    drawn: tuple[dict[str, list[int]], list[Line]], last: int
) -> None:
    counts, lines = drawn
    then = {cell: row for cell, row in counts.items() if years_of(cell)[1] <= last}
    memory: dict[str, list[int]] = {}
    before = suppress(then, [line for line in lines if line.total in then], THRESHOLD, memory, years_of)
    now = suppress(counts, lines, THRESHOLD, memory, years_of)
    assert now == suppress(counts, lines, THRESHOLD, None, years_of)
    assert before == now & then.keys()


def solved(
    cell: str,
    counts: dict[str, list[int]],
    lines: list[Line],
    hidden: frozenset[str],
    in_whole_numbers: bool = True,
) -> tuple[float, float | None]:
    """The least and the most a hidden count can be; None where nothing bounds it."""
    most = max(count for (count,) in counts.values()) + 4 * THRESHOLD
    low, high = (_extreme(cell, counts, lines, hidden, most, upwards, in_whole_numbers) for upwards in (False, True))
    return low, None if high >= most - ROUNDING else high


def _extreme(
    cell: str,
    counts: dict[str, list[int]],
    lines: list[Line],
    hidden: frozenset[str],
    most: int,
    upwards: bool,
    in_whole_numbers: bool,
) -> float:
    """Another solver than the one that hides: every table, of whole numbers or of any, a reader could think of."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    cells = list(counts)
    rows, right = [], []
    for line in lines:
        row = np.zeros(len(cells))
        row[cells.index(line.total)] = 1
        for member in line.members:
            row[cells.index(member)] = -1
        rows.append(row)
        right.append(0)
    low = [0 if one in hidden else counts[one][0] for one in cells]
    high = [most if one in hidden else counts[one][0] for one in cells]
    wanted = np.array([(-1 if upwards else 1) if one == cell else 0 for one in cells])
    done = milp(wanted, constraints=LinearConstraint(np.array(rows), right, right), bounds=Bounds(low, high),
                integrality=np.full(len(cells), int(in_whole_numbers)))  # fmt: skip
    return abs(done.fun)
