"""What a run finds beside its figures, signals and delays: written only where it differs from what stands."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from math import isclose
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from connectors.store.newest import KEYS, newest
from connectors.store.tables import delays, integrity_signals
from connectors.store.write import cleaned, run_number

Row = Mapping[str, Any]
Stands = Callable[[tuple[Any, ...], Row], bool]
# What makes two rows of a key differ. A sentence follows from the rest.
_SIGNAL_SAYS = ("measure", "count", "of", "cases", "base_rate", "compared_with", "p_adjusted", "notable")
_DELAY_SAYS = ("n", "left_out", "p50_seconds", "p90_seconds", "mean_seconds", "share", "costs_most")
GONE = "No record of this kind is left to look at."


def none_stands(_: tuple[Any, ...], __: Row) -> bool:
    return False


def changed(table: Table, now: Sequence[Row], before: Sequence[Row]) -> frozenset[tuple[Any, ...]]:
    """The keys of a table (`integrity_signals` or `delays`) under which two looks found something else."""
    says = _SIGNAL_SAYS if table is integrity_signals else _DELAY_SAYS
    new, old = ({_key(table, row): _said(table, row, says) for row in rows} for rows in (now, before))
    both = new.keys() & old.keys()
    differ = {key for key in both if not all(_same(new[key][name], old[key][name]) for name in says)}
    return frozenset(differ | (new.keys() ^ old.keys()))


def record_signals(
    conn: Connection, run_id: str, rows: Sequence[Row], forces: Collection[str], stands: Stands = none_stands
) -> int:
    """Add the signals of a run that differ from what the store says; returns how many.

    Args:
        rows: dicts of the columns of `integrity_signals`, one for each signal, force and area. Those of an area are
            written when notable, or when the store speaks of that area already.
        forces: whose records were looked at: what stands of them and is not in `rows` has no record left.
        stands: whether a row of the store (by key) is left as it is, whatever `rows` says.
    """
    standing = _standing(conn, integrity_signals, forces)
    kept = {key for key, row in standing.items() if stands(key, row)}
    new = {key: row for row in rows if (key := _key(integrity_signals, row)) not in kept}
    told = {key: row for key, row in new.items() if not row["area"] or row["notable"] or key in standing}
    gone = {
        key: {"measure": row["measure"], "sentence": GONE}
        for key, row in standing.items()
        if key not in new and key not in kept and row["of"]
    }
    return _add_changed(conn, integrity_signals, run_id, {**told, **gone}, standing, _SIGNAL_SAYS)


def record_delays(
    conn: Connection,
    run_id: str,
    rows: Sequence[Row],
    forces: Collection[str],
    whole: Callable[[Any], bool],
    stands: Stands = none_stands,
) -> int:
    """Add the stages of a run that differ from what the store says; returns how many.

    Args:
        rows: dicts of the columns of `delays` without run_id.
        forces: whose records were looked at.
        whole: whether a month (its first day) was looked at as a whole; others stand as they are.
        stands: whether a row of the store (by key) is left as it is, whatever `rows` says.
    """
    found = {key: row for key, row in _standing(conn, delays, forces).items() if whole(row["period_start"])}
    kept = {key for key, row in found.items() if stands(key, row)}
    standing = {key: row for key, row in found.items() if key not in kept}
    new = {key: row for row in rows if whole(row["period_start"]) and (key := _key(delays, row)) not in kept}
    gone: dict[tuple[Any, ...], Row] = {
        key: {} for key, row in standing.items() if key not in new and (row["n"] or row["left_out"])
    }
    return _add_changed(conn, delays, run_id, {**new, **gone}, standing, _DELAY_SAYS)


def _standing(conn: Connection, table: Table, forces: Collection[str]) -> dict[tuple[Any, ...], Row]:
    rows = conn.execute(select(newest(table, table.c.force.in_(sorted(forces))))).mappings()
    return {_key(table, row): row for row in map(dict, rows)}


def _key(table: Table, row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in KEYS[table.name])


def _add_changed(
    conn: Connection,
    table: Table,
    run_id: str,
    new: Mapping[tuple[Any, ...], Row],
    standing: Mapping[tuple[Any, ...], Row],
    says: Sequence[str],
) -> int:
    number = run_number(conn, run_id)
    written = []
    for key, row in new.items():
        said = _said(table, row, (*says, "sentence"))
        before = standing.get(key)
        if before is None or not all(_same(said[name], before[name]) for name in says):
            written.append({**dict(zip(KEYS[table.name], key, strict=True)), **said, **_of(run_id, number)})
    if written:
        conn.execute(insert(table), written)
    return len(written)


def _said(table: Table, row: Row, says: Sequence[str]) -> dict[str, Any]:
    return cleaned(table, {name: _rounded(row.get(name)) for name in says if name in table.c})


def _rounded(value: Any) -> Any:
    """Without the digits that depend on the order in which a sum was taken, so that two runs write the same."""
    return float(f"{value:.12g}") if isinstance(value, float) else value


def _of(run_id: str, number: int) -> dict[str, Any]:
    return {"run_id": run_id, "run_number": number}


def _same(new: Any, old: Any) -> bool:
    """Whether two values say the same: the last digit of a sum depends on the order in which it was taken."""
    if isinstance(new, float) and isinstance(old, float):
        return isclose(new, old, rel_tol=1e-9, abs_tol=1e-300)
    return bool(new == old)
