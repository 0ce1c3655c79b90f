"""The store's tables, as they are now; `migrations/` says how a store gets there, a test keeps the two equal.

Key columns of text are '' where a level does not apply, never NULL; all forces are `all`. Moments are UTC.
"""

from __future__ import annotations

from connectors.store.tables.alerts import alert_health, announcements, silence_ends, silences
from connectors.store.tables.breaches import acknowledgements, at_risk, breaches, cases, explanations
from connectors.store.tables.columns import metadata
from connectors.store.tables.figures import (
    COMMITMENT,
    COUNTS,
    FIGURE,
    SENSITIVITY,
    commitments,
    definition_counts,
    sensitivity,
    signings,
    verdicts,
)
from connectors.store.tables.findings import (
    COMPARISON,
    DELAY,
    FUNNEL,
    SIGNAL,
    comparisons,
    delays,
    funnels,
    integrity_signals,
)
from connectors.store.tables.nights import deliveries, expectation_results, quarantine, runs
from connectors.store.tables.privacy import accesses, erased, erasures, role_forces

__all__ = [
    "COMMITMENT",
    "COMPARISON",
    "COUNTS",
    "DELAY",
    "FIGURE",
    "FUNNEL",
    "SENSITIVITY",
    "SIGNAL",
    "accesses",
    "acknowledgements",
    "alert_health",
    "announcements",
    "at_risk",
    "breaches",
    "cases",
    "commitments",
    "comparisons",
    "definition_counts",
    "delays",
    "deliveries",
    "erased",
    "erasures",
    "expectation_results",
    "explanations",
    "funnels",
    "integrity_signals",
    "metadata",
    "quarantine",
    "role_forces",
    "runs",
    "sensitivity",
    "signings",
    "silence_ends",
    "silences",
    "verdicts",
]
