"""A delivery as rows of the store: of `deliveries`, `quarantine` and `expectation_results`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from connectors.sources.delivery import Source
from dags.admission import Admitted
from dags.examining import Quarantined
from dags.plan import Plan
from expectations.quality import RuleResult

Row = dict[str, Any]


def delivery_row(plan: Plan, source: Source, path: Path, delivery_id: str, digest: str, done: Admitted) -> Row:
    """What became of a delivery; `digest` is the SHA-256 of its file."""
    seen = done.examined
    return {
        "delivery_id": delivery_id,
        "run_id": plan.run_id,
        "source": source.name,
        "log": source.log,
        "force": seen.force,
        "location": str(path),
        "received_at": plan.moment,
        "rows_read": seen.rows_read,
        "rows_admitted": done.rows_admitted,
        "rows_quarantined": len(seen.refused_rows),
        "rows_unchanged": done.rows_unchanged,
        "sha256": digest,
        "fitness": seen.fitness,
        "reason": seen.reason,
        "columns": ",".join(seen.columns),
        "covers_from": seen.covers_from,
        "covers_to": seen.covers_to,
    }


def quarantine_row(delivery_id: str, log: str, row: Quarantined) -> Row:
    """A refused row of a delivery, by one rule that refused it."""
    return {
        "delivery_id": delivery_id,
        "row_number": row.row_number,
        "log": log,
        "key": row.key,
        "rule": row.rule,
        "sentence": row.sentence,
        "kept_values": row.kept_values,
    }


def result_row(plan: Plan, result: RuleResult, force: str, log: str, delivery_id: str) -> Row:
    """One answer of GX; the suite is told apart by delivery, the expectation by the rule it stands for."""
    return {
        "run_id": plan.run_id,
        "suite": f"{result.suite}/{delivery_id}" if delivery_id else result.suite,
        "expectation": f"{result.expectation} ({result.rule})",
        "force": force,
        "log": log,
        "column": result.column,
        "delivery_id": delivery_id,
        "severity": result.severity,
        "success": result.success,
        "observed": result.observed,
        "unexpected": result.unexpected,
        "detail": result.detail,
    }
