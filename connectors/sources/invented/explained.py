"""What the closing promise owes for the misses that were planted: nobody explains any of them in the invented logs."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd

from connectors.sources.invented.planted import MISSED, PENDING
from connectors.sources.invented.truth import STANDARD, cases_of
from connectors.sources.invented.window import moment, moments_of, to_local

# `message_answered`, attendance, appointments, and the measures of commitments 7 to 10.
OWING = (
    "message_answered",
    "attend_emergency",
    "attend_vulnerable",
    "attend_priority",
    "appointment_offered",
    "appointment_kept",
    "meeting_held",
    "update_published",
    "contact_agreed",
    "victim_updated",
    "dissatisfaction_acknowledged",
    "handling_discussed",
    "in_person_offered",
    "plan_agreed",
    "plan_kept",
)
_WITHIN = np.timedelta64(28, "D")


def owed_explanations(cases: pd.DataFrame, as_at: datetime) -> pd.DataFrame:
    """The cases of `explained`: a miss younger than 28 local days is still to be explained, an older one was not.

    Args:
        cases: in the shape of `Truth.cases`; where a miss does not say when it happened, nothing is said at all.
    """
    owing = cases["measure"].isin(OWING) & (cases["standard"] == STANDARD) & (cases["state"] == MISSED)
    missed = cases[owing]
    if missed["missed_at"].isna().any():
        missed = missed[:0]
    parts = [_of_force(str(force), theirs, as_at) for force, theirs in missed.groupby("force", sort=False)]
    return pd.concat([cases[:0], *parts], ignore_index=True)


def _of_force(force: str, missed: pd.DataFrame, as_at: datetime) -> pd.DataFrame:
    missed_at = moments_of(missed, "missed_at")
    (judged,) = to_local(np.array([moment(as_at)]))
    state = np.where(to_local(missed_at) + _WITHIN < judged, MISSED, PENDING).astype(object)
    names = (missed["measure"] + "/" + missed["case_id"]).to_numpy(object)
    return cases_of("explained", force, names, missed_at, state, np.full(len(names), "", dtype=object))
