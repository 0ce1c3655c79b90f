"""The steps of the DAG `monthly` as Airflow's tasks call them; heavy imports are inside them.

What a registrar is shown is fixed by the first step and carried to the last: a night that runs while the signature is
awaited changes what stands, not what was signed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from airflow.sdk import PokeReturnValue
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from dags.airflow_steps import _settings, _told, log

SIGN, REFUSE = "Sign", "Refuse"


def registrars() -> Any:
    """Who is asked, as Airflow wants them; the IDs are those of its own users."""
    from checks.closing import registrars

    return [{"id": name, "name": name} for name in registrars(os.environ.get("PLEDGE_REGISTRARS", ""))]


def month_to_close(asked: str, tick: datetime) -> date:
    """The month asked for, or the one before the local day of this run."""
    from zoneinfo import ZoneInfo

    from connectors.sources.forces import DEFAULT_ZONE
    from dags.when import month

    if asked:
        return month(asked)
    return (tick.astimezone(ZoneInfo(DEFAULT_ZONE)).date().replace(day=1) - timedelta(days=1)).replace(day=1)


def nights(waits: timedelta, logical_date: Any = None, dag_run: Any = None, params: Any = None) -> PokeReturnValue:
    """Is every night of the month there? After `waits` it is closed without them, provisionally.

    Fails then if no run at all has judged from after the month's end: there is nothing to sign.
    """
    from dags import closing

    with _told():
        month = month_to_close((params or {}).get("month", ""), logical_date or dag_run.run_after)
        ready = closing.prepare(_settings(), month)
    begun = dag_run.start_date or dag_run.run_after
    is_over = datetime.now(UTC) >= begun + waits
    if ready is None:
        if is_over:
            raise AirflowFailException(
                f"Month {month:%Y-%m}: no run has judged from after its end; there is no figure."
            )
        log.info("Month %s: no run has judged from after its end yet.", f"{month:%Y-%m}")
        return PokeReturnValue(is_done=False)
    log.info(ready.summary)
    return PokeReturnValue(is_done=is_over or not ready.missing, xcom_value=ready.to_json())


def sign(ready: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """Record what the registrar answered; skips what comes after a refusal."""
    from connectors.store.signings import REFUSED, SIGNED
    from dags import closing

    user = answer.get("responded_by_user") or {}
    if not user:
        raise AirflowFailException("Nobody answered: a signature is given by a person, never by default.")
    decision = SIGNED if answer["chosen_options"] == [SIGN] else REFUSED
    note = str((answer.get("params_input") or {}).get("note") or "")
    at = answer["responded_at"]
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    with _told():
        row, _ = closing.decide(
            _settings(), closing.Closing.from_json(ready), user["id"], decision, note, "airflow", moment
        )
    log.info("%s %s %s.", row["signed_by"], decision, ready["month"])
    if decision == REFUSED:
        raise AirflowSkipException(f"{row['signed_by']} does not sign {ready['month']}: it is not published.")
    return {"month": ready["month"], "signed_by": row["signed_by"]}


def publish(signed: Mapping[str, Any]) -> list[str]:
    """Publish the signed month."""
    from dags import closing
    from dags.when import month

    with _told():
        return closing.publish(_settings(), month(signed["month"]), log.info)
