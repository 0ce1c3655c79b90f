"""Settings come from the environment; secrets are never shown and misspelt ones never ignored."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.errors import UsageError
from connectors.settings import Settings, load, masked


def test_defaults() -> None:
    settings = load({"PATH": "/bin", "PLEDGE_STORE": ""})
    assert settings == Settings()
    assert settings.store == "sqlite:///.pledge/pledge.sqlite"
    assert settings.default_standard == "policing_pledge_2008"


def test_values_from_the_environment() -> None:
    settings = load({"PLEDGE_LAKE": "s3://bucket/lake", "PLEDGE_SLACK_TOKEN": "xoxb-1"})
    assert (settings.lake, settings.slack_token) == ("s3://bucket/lake", "xoxb-1")


@pytest.mark.parametrize(
    ("name", "do"),
    [("PLEDGE_SLACK_TOKN", "Did you mean PLEDGE_SLACK_TOKEN?"), ("PLEDGE_XYZ", "Remove it")],
)
def test_an_unknown_setting_is_refused_without_its_value(name: str, do: str) -> None:
    with pytest.raises(UsageError) as caught:
        load({name: "hunter2"})
    assert str(caught.value).startswith(f"environment variable {name}: it is not a setting; ")
    assert do in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_the_list_masks_secrets() -> None:
    environ = {"PLEDGE_SLACK_TOKEN": "xoxb-hunter2", "PLEDGE_STORE": "postgresql://pledge:hunter2@db/pledge"}
    settings = load(environ)
    listed = {name: (value, default) for name, value, default, _ in settings.listed()}
    assert listed["PLEDGE_SLACK_TOKEN"] == ("***", "")
    assert listed["PLEDGE_STORE"] == ("postgresql://pledge:***@db/pledge", "sqlite:///.pledge/pledge.sqlite")
    assert {n: v for n, v, _, _ in load({}).listed()}["PLEDGE_SLACK_TOKEN"] == "", "not set is told from set"
    assert all(meaning for *_, meaning in settings.listed())
    assert "hunter2" not in f"{settings.listed()} {settings!r}"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql+psycopg://u:p@h:5432/d", "postgresql+psycopg://u:***@h:5432/d"),
        ("postgresql://u:p@ss:w/rd@h/d", "postgresql://u:***@h/d"),
        (
            "postgresql://h/d?user=u&password=p&sslmode=require",
            "postgresql://h/d?user=u&password=***&sslmode=require",
        ),
        ("https://acc.blob.core/x?sv=1&sig=abc", "https://acc.blob.core/x?sv=1&sig=***"),
        ("s3://bucket/lake", "s3://bucket/lake"),
        (".pledge/lake", ".pledge/lake"),
        ("sqlite:////data/p.sqlite", "sqlite:////data/p.sqlite"),
        ("https://slack.com/api/", "https://slack.com/api/"),
    ],
)
def test_masked_addresses(address: str, shown: str) -> None:
    assert masked(address) == shown


def test_the_compose_example_and_readme_name_only_settings_that_exist() -> None:
    root = Path(__file__).parents[2]
    known = {name for name, *_ in Settings().listed()}
    example = root / "docker" / ".env.example"
    if not example.exists():
        pytest.skip("docker/.env.example does not exist yet")
    lines = [line.strip().lstrip("# ") for line in example.read_text("utf-8").splitlines()]
    named = {line.partition("=")[0] for line in lines if line.startswith("PLEDGE_") and "=" in line}
    assert named <= known


def test_a_secret_may_come_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("xoxb-1\n", encoding="utf-8")
    settings = load({"PLEDGE_SLACK_TOKEN_FILE": str(tmp_path / "token"), "PLEDGE_STORE_FILE": ""})
    assert settings.slack_token == "xoxb-1"
    assert settings.store == Settings().store, "an empty variable counts as not set"


def test_a_setting_given_both_ways_is_refused_without_its_value(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("xoxb-1", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load({"PLEDGE_SLACK_TOKEN": "hunter2", "PLEDGE_SLACK_TOKEN_FILE": str(tmp_path / "token")})
    assert "PLEDGE_SLACK_TOKEN and PLEDGE_SLACK_TOKEN_FILE: both are set" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("content", "found"), [(None, "No such file"), (b"\xff\xfe", "UnicodeDecodeError")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, found: str) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    with pytest.raises(UsageError, match=found) as caught:
        load({"PLEDGE_SLACK_TOKEN_FILE": str(tmp_path / "token")})
    assert str(tmp_path / "token") in str(caught.value)


def test_a_misspelt_variable_of_a_file_is_refused_too() -> None:
    with pytest.raises(UsageError, match="PLEDGE_SLACK_TOKN_FILE: it is not a setting"):
        load({"PLEDGE_SLACK_TOKN_FILE": "/run/secrets/token"})
