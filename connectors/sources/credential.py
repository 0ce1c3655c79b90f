"""The credential a connection names: in the environment, or an Airflow connection. Never in a file of ours."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any

from checks.errors import UsageError

AIRFLOW = "airflow:"


@dataclass(frozen=True)
class Login:
    """Who asks; its `repr` shows no secret. `key` is a private key's text, or the path of its file."""

    user: str = ""
    password: str = field(default="", repr=False)
    key: str = field(default="", repr=False)


def credential(where: str, secret: str) -> str:
    """The value of a secret as a header can hold it, '' where none is named; raises UsageError when there is none.

    Args:
        secret: the name of an environment variable, or `airflow:` and the id of a connection.
    """
    value = _value(secret).strip()
    if secret and (not value.isascii() or not value.isprintable() or not value):
        raise _unset(where, secret, "it is not set, or no header can hold it")
    return value


def login(where: str, user: str, secret: str, key: str = "") -> Login:
    """User, password and private key as a connection names them; an Airflow connection brings its own user.

    Raises UsageError when one is named and not there.
    """
    found = Login(user or _airflow(secret or key, "login"), _value(secret), _value(key, "private_key"))
    for name, value in ((secret, found.password), (key, found.key)):
        if name and not value:
            raise _unset(where, name, "it is not set")
    return found


def _unset(where: str, name: str, found: str) -> UsageError:
    return UsageError(f"{where}, secret {name}", found, "a credential", "Set it where the command or the DAG runs.")


def _value(name: str, kind: str = "password") -> str:
    return _airflow(name, kind) if name.startswith(AIRFLOW) else os.environ.get(name, "") if name else ""


def _airflow(name: str, kind: str) -> str:
    """The login, password or private key of an Airflow connection; '' where `name` is none, or it has none."""
    if not name.startswith(AIRFLOW):
        return ""
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowException

    try:
        connection = BaseHook.get_connection(name.removeprefix(AIRFLOW))
    except AirflowException:
        return ""
    if kind == "private_key":
        extra = _extra(connection.extra)
        return str(extra.get("private_key") or extra.get("key_file") or "")
    return str(getattr(connection, kind) or "")


def _extra(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
