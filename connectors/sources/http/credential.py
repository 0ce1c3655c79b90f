"""The credential a connection names: in the environment, or an Airflow connection's password. Never in a file."""

from __future__ import annotations

import os

from checks.errors import UsageError

AIRFLOW = "airflow:"


def credential(where: str, secret: str) -> str:
    """The value of a secret, '' where none is named.

    Args:
        secret: the name of an environment variable, or `airflow:` and the id of a connection.

    Raises UsageError when there is none of that name.
    """
    if not secret:
        return ""
    found = _of_airflow(secret.removeprefix(AIRFLOW)) if secret.startswith(AIRFLOW) else os.environ.get(secret, "")
    value = found.strip()
    if not value.isascii() or not value.isprintable() or not value:
        do = "Set it where the command or the DAG runs."
        raise UsageError(f"{where}, secret {secret}", "it is not set, or no header can hold it", "a credential", do)
    return value


def _of_airflow(connection_id: str) -> str:
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowException

    try:
        return BaseHook.get_connection(connection_id).password or ""
    except AirflowException:
        return ""
