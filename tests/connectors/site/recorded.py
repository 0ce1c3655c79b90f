"""Stores with figures as runs record them, for sites to be built from: quick to make, of any size."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from checks.commitment import measures
from checks.feeds import last_day
from checks.standard import Rule
from checks.verdict import MeasureVerdict, commitment_verdict
from connectors.store.engine import open_store
from connectors.store.figures import record_commitments, record_figures
from connectors.store.write import add_delivery, finish_run, start_run
from dags.plan import SHIPPED_STANDARDS
from expectations.published import load

MAIN = "policing_pledge_2008"
AS_AT = datetime(2026, 5, 1, 5, tzinfo=UTC)
Row = dict[str, Any]


@cache
def rules() -> dict[str, Rule]:
    """The rules of the main standard by measure."""
    return {rule.measure: rule for rule in load(SHIPPED_STANDARDS)[MAIN].rules if not rule.force}


def figure(measure: str = "answer_999", force: str = "norfolk", met: int = 95, of: int = 100, **values: Any) -> Row:
    """A figure of a closed month, judged as the main standard would."""
    rule = rules()[measure]
    target, period, start = rule.target, values.pop("period", "month"), values.pop("start", date(2026, 4, 1))
    unknown = values.get("unknown", 0)
    verdict = _verdict(met, of, rule.minimum_n, target, last_day(period, start) >= AS_AT.date())
    return {
        "standard": MAIN, "commitment": rule.commitment, "measure": measure, "force": force, "period": period,
        "period_start": start, "cases": of + unknown, "met": met, "missed": of - met, "unknown": unknown,
        "numerator": met, "denominator": of, "target": target, "minimum_n": rule.minimum_n, "verdict": verdict,
        "depends_on_unknown": verdict == "kept" and target is not None and met < target * (of + unknown),
        "assurance": "hit_or_miss",
    } | values  # fmt: skip


def _verdict(met: int, of: int, least: int, target: float | None, is_open: bool) -> str:
    if target is None:
        return "no_target"
    if is_open:
        return "in_progress"
    return "too_few" if of < least else "kept" if met >= target * of else "missed"


def commitments(figures: Iterable[Row]) -> list[Row]:
    """The verdicts of the commitments these figures decide."""
    together: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in figures:
        if not (row.get("area") or row.get("neighbourhood")):
            key = tuple(row[name] for name in ("standard", "commitment", "force", "period", "period_start"))
            together[key].append(row)
    return [
        {**dict(zip(("standard", "commitment", "force", "period", "period_start"), key, strict=True)), **_decided(rows)}
        for key, rows in together.items()
    ]


def _decided(rows: Sequence[Row]) -> Row:
    verdict, by = commitment_verdict(
        MeasureVerdict(row["measure"], row["verdict"], row["target"] is not None) for row in rows
    )
    return {"verdict": verdict, "decided_by": ",".join(by)}


def record(
    url: str,
    figures: Sequence[Row],
    run_id: str = "r1",
    as_at: datetime = AS_AT,
    deliveries: Sequence[Row] = (),
    standards: Sequence[str] = (MAIN,),
) -> None:
    """A finished run that says these figures."""
    engine = open_store(url)
    with engine.begin() as conn:
        start_run(conn, {"run_id": run_id, "as_at": as_at, "started_at": as_at, "standards": list(standards)})
        for number, delivery in enumerate(deliveries):
            row = {"delivery_id": f"{run_id}-{number}", "run_id": run_id, "log": "calls", "received_at": as_at}
            add_delivery(conn, {**row, "sha256": f"{run_id}{number}", "fitness": "fit", "rows_read": 5} | delivery)
        charted = {(row["measure"], row["force"], row["period"], row["period_start"]): row for row in figures}
        said = ("signal", "signal_rules", "signal_why", "assurance", "trial")
        record_figures(
            conn,
            run_id,
            figures,
            lambda row: {
                name: value
                for name, value in charted[row["measure"], row["force"], row["period"], row["period_start"]].items()
                if name in said
            },
        )
        record_commitments(conn, run_id, commitments(figures))
        finish_run(conn, run_id, finished_at=as_at + timedelta(minutes=9), hash=f"{run_id:0<64}"[:64])
    engine.dispose()


def country(forces: Sequence[str], months: int, seed: int = 1) -> Iterator[Row]:
    """Figures of every measure in every force: the months before AS_AT, and their years."""
    chance = random.Random(seed)
    starts = [_month_before(AS_AT.date().replace(day=1), back) for back in range(months, -1, -1)]
    for force in forces:
        for name in measures():
            if name not in rules():
                continue
            for start in starts:
                of = chance.randrange(20, 900)
                met = of - chance.randrange(0, max(2, of // 6))
                yield figure(name, force, met, of, start=start, unknown=chance.randrange(3), restated=False)
            for year in sorted({start.year for start in starts}):
                yield figure(name, force, 900, 1000, period="year", start=date(year, 1, 1))


def _month_before(month: date, back: int) -> date:
    index = month.year * 12 + month.month - 1 - back
    return date(index // 12, index % 12 + 1, 1)
