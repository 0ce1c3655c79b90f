"""What the night's messages are told: figures, commitments and deliveries, taken from the store."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from checks.commitment import measures
from checks.feeds import ALL
from checks.standard import Standard, rule_for
from connectors.slack.night import BadDelivery, CommitmentVerdict, Figure, Night
from connectors.store import read
from connectors.store.decisions import decided_run
from connectors.store.write import run_number
from dags.plan import Plan
from dags.sealing import head, sealed_manifest


def night(conn: Connection, plan: Plan, standard: Standard, zone: str) -> Night:
    """The digest of a run: yesterday's figures (local), what was restated, and what did not come."""
    number = run_number(conn, plan.run_id)
    since = decided_run(conn, number) or number - 1
    local_day = plan.moment.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    day = {"period": "day", "from": local_day, "to": local_day, "standard": standard.name}
    figures = [
        _figure(row, standard)
        for row in read.read_table(conn, "verdicts", day, plan.run_id)
        if row["force"] != ALL and not row["neighbourhood"]
    ]
    commitments = [
        CommitmentVerdict(row["force"], row["commitment"], row["verdict"], _titles(row["decided_by"]))
        for row in read.read_table(conn, "commitments", day, plan.run_id)
        if row["force"] != ALL and not row["area"]
    ]
    return Night(
        run_id=plan.run_id,
        as_at=plan.moment,
        local_day=local_day,
        figures=tuple(figures),
        commitments=tuple(commitments),
        deliveries=tuple(_unfit(conn, since, number)),
        chain_head=_chain_head(conn),
    )


def _chain_head(conn: Connection) -> tuple[int, str] | None:
    last = head(read.run_rows(conn))
    return (int(sealed_manifest(conn, last)["position"]), str(last["hash"])) if last else None


def _titles(names: str) -> tuple[str, ...]:
    known = measures()
    return tuple(known[name].title if name in known else name for name in names.split(",") if name)


def _figure(row: dict[str, Any], standard: Standard) -> Figure:
    rule = rule_for(standard, row["measure"], row["force"], row["period_start"])
    return Figure(
        force=row["force"],
        measure=row["measure"],
        title=measures()[row["measure"]].title,
        commitment=row["commitment"],
        verdict=row["verdict"],
        period=row["period"],
        period_start=row["period_start"],
        numerator=row["numerator"],
        denominator=row["denominator"],
        area=row["area"],
        unknown=row["unknown"],
        target=row["target"],
        rate_low=row["rate_low"],
        rate_high=row["rate_high"],
        depends_on_unknown=row["depends_on_unknown"],
        limit=rule.limit_in_words if rule else "",
    )


def _unfit(conn: Connection, since: int, number: int) -> list[BadDelivery]:
    """What came unfit since changes were last decided: a run that was killed then may have taken it in."""
    new = {row["run_id"] for row in read.run_rows(conn) if since < row["run_number"] <= number}
    return [
        BadDelivery(row["force"], row["log"], row["fitness"], row["reason"])
        for row in read.read_table(conn, "deliveries")
        if row["fitness"] != "fit" and row["run_id"] in new
    ]
