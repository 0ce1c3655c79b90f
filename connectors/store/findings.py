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
# What makes two rows of a key differ. A sentence follows from the rest.
_SIGNAL_SAYS = ("measure", "count", "of", "cases", "base_rate", "compared_with", "p_adjusted", "notable")
_DELAY_SAYS = ("n", "left_out", "p50_seconds", "p90_seconds", "mean_seconds", "share", "costs_most")
GONE = "No record of this kind is left to look at."


def record_signals(conn: Connection, run_id: str, rows: Sequence[Row], forces: Collection[str]) -> int:
    """Add the signals of a run that differ from what the store says; returns how many.

    Args:
        rows: dicts of the columns of `integrity_signals`, one for each signal, force and area. Those of an area are
            written when notable, or when the store speaks of that area already.
        forces: whose records were looked at: what stands of them and is not in `rows` has no record left.
    """
    standing = _standing(conn, integrity_signals, forces)
    new = {_key(integrity_signals, row): row for row in rows}
    told = {key: row for key, row in new.items() if not row["area"] or row["notable"] or key in standing}
    gone = {
        key: {"measure": row["measure"], "sentence": GONE}
        for key, row in standing.items()
        if key not in new and row["of"]
    }
    return _add_changed(conn, integrity_signals, run_id, {**told, **gone}, standing, _SIGNAL_SAYS)


def record_delays(
    conn: Connection, run_id: str, rows: Sequence[Row], forces: Collection[str], whole: Callable[[Any], bool]
) -> int:
    """Add the stages of a run that differ from what the store says; returns how many.

    Args:
        rows: dicts of the columns of `delays` without run_id.
        forces: whose records were looked at.
        whole: whether a month (its first day) was looked at as a whole; others stand as they are.
    """
    standing = {key: row for key, row in _standing(conn, delays, forces).items() if whole(row["period_start"])}
    new = {_key(delays, row): row for row in rows if whole(row["period_start"])}
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
        said = cleaned(table, {name: _rounded(row.get(name)) for name in (*says, "sentence") if name in table.c})
        before = standing.get(key)
        if before is None or not all(_same(said[name], before[name]) for name in says):
            written.append({**dict(zip(KEYS[table.name], key, strict=True)), **said, **_of(run_id, number)})
    if written:
        conn.execute(insert(table), written)
    return len(written)


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
