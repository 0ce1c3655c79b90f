"""Who asks, as a connection names it: the environment or an Airflow connection, and never a word of it in a message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checks.errors import UsageError
from connectors.sources.credential import login


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NORFOLK", " with blanks and ü ")
    found = login("here", "pledge", "NORFOLK", "NORFOLK")
    assert (found.user, found.password, found.key) == ("pledge", " with blanks and ü ", " with blanks and ü ")
    assert "ü" not in repr(found)
    with pytest.raises(UsageError, match="here, secret NOWHERE: it is not set"):
        login("here", "pledge", "NORFOLK", "NOWHERE")


def test_an_airflow_connection(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    stated = {"conn_type": "generic", "login": "reader", "password": "s3cret", "extra": {"key_file": "/keys/norfolk"}}
    monkeypatch.setenv("AIRFLOW_CONN_NORFOLK", json.dumps(stated))
    found = login("here", "", "airflow:norfolk", "airflow:norfolk")
    assert (found.user, found.password, found.key) == ("reader", "s3cret", "/keys/norfolk")
    assert login("here", "other", "airflow:norfolk").user == "other"
    with pytest.raises(UsageError, match="secret airflow:nowhere: it is not set"):
        login("here", "", "airflow:nowhere")
