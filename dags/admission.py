"""Admission: from a delivered file to rows in the lake, quarantined rows, or an unfit delivery; nothing in between."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from checks.database import UNREADABLE, connect
from checks.logs import Log
from connectors.lake.merge import merge
from connectors.lake.pseudonyms import Pseudonyms
from connectors.lake.tables import Lake
from connectors.lake.tombstones import Tombstones
from connectors.lake.withdrawing import Withdrawn, withdraw, withdraw_marked
from connectors.sources.delivery import Source
from dags.delivered import UNFIT, UNKNOWN, WITHDRAWN
from dags.examining import Earlier, Examined, Quarantined, examine

ERASED = "erased"
_WAS_ERASED = "This record was erased earlier; it is not admitted again, and nothing of it is kept."


@dataclass(frozen=True)
class Personal:
    """How references to persons' records are kept: as pseudonyms, if any, and not at all once they were erased."""

    pseudonyms: Pseudonyms | None = None
    erased: Tombstones | None = None


def lacking(log: Log, columns: tuple[str, ...]) -> str:
    """The contract columns a delivery does not carry at all, qualified: what no measure may read from its rows."""
    return ",".join(f"{log.name}.{column.name}" for column in log.columns if column.name not in columns)


@dataclass(frozen=True)
class Admitted:
    """What became of a delivery: how many of its rows were new or corrected, and how many said nothing new.

    Neither counts the rows that withdrew a record; the examined delivery's reason does.
    """

    examined: Examined
    rows_admitted: int
    rows_unchanged: int


def admit(
    lake: Lake,
    source: Source,
    path: Path,
    as_at: datetime,
    delivery_id: str,
    earlier: Earlier,
    scheduled: bool,
    personal: Personal = Personal(),
) -> Admitted:
    """Examine a delivery and, if it is fit, merge its good rows; an unfit one leaves no row in the lake.

    Raises NotAnsweringError when a file of the lake cannot be read; the rows of other forces are merged all the same.
    """
    with tempfile.TemporaryDirectory(prefix="pledge-staging-") as folder:
        seen, staged = examine(source, path, Path(folder), as_at, earlier, scheduled, personal.pseudonyms)
        if staged and personal.erased:
            _keep_out(seen, personal.erased.rows(staged))
        if staged is None or seen.fitness == UNFIT:
            return Admitted(seen, 0, 0)
        done = merge(lake, staged, seen.refused_rows, delivery_id, lacking(staged.log, staged.columns))
        if source.delivers == "snapshot":
            ours = {*earlier.ids, delivery_id}
            withdrawn = Withdrawn(withdraw(lake, staged, seen.refused_rows, delivery_id, ours), 0)
        else:
            withdrawn = withdraw_marked(lake, staged, seen.refused_rows, delivery_id)
        seen.reason = _told(withdrawn)
        # Rows that say nothing new may be this delivery's own, merged by a run that was killed before it could say so.
        before = held_rows(lake, staged.log.name, seen.forces, delivery_id) - done.changed if done.unchanged else 0
        return Admitted(seen, done.changed + before, done.unchanged - before + withdrawn.unknown)


def _told(withdrawn: Withdrawn) -> str:
    counted = ((withdrawn.gone, WITHDRAWN), (withdrawn.unknown, UNKNOWN))
    return "; ".join(f"{count:,} {what}" for count, what in counted if count)


def _keep_out(seen: Examined, erased: set[int]) -> None:
    """Refuse rows that were erased earlier; whatever else was wrong with them, nothing they say is kept."""
    others = [row for row in seen.quarantined if row.row_number not in erased]
    seen.quarantined = others + [Quarantined(number, "", ERASED, _WAS_ERASED, {}) for number in sorted(erased)]


def held_rows(lake: Lake, log: str, forces: Collection[str], delivery_id: str) -> int:
    """How many rows of the lake came with a delivery that speaks of these forces."""
    files = lake.files(log, force=forces)
    if not files:
        return 0
    con = connect()
    try:
        found = con.execute(
            "select count(*) from read_parquet($files, union_by_name = true) where delivery_id = $delivery_id",
            {"files": files, "delivery_id": delivery_id},
        ).fetchone()
    except UNREADABLE as error:
        raise lake.unreadable(log, forces) from error
    finally:
        con.close()
    return int(found[0]) if found else 0
