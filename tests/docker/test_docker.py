"""What the containers promise, as far as it can be checked without an engine (with one: `make containers`)."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.settings import IN_A_FILE, Settings

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text("utf-8"))
    return loaded


def test_the_dockerfile_is_lint_free() -> None:
    hadolint = Path(sys.prefix) / "bin" / "hadolint"
    done = subprocess.run([hadolint, DOCKER / "Dockerfile"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")


def test_every_service_is_hardened_and_pinned(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        tag = re.search(r":([^:{}]*)\}?$", service["image"])
        assert tag and re.match(r"-?\d+\.\d+\.?\d*", tag[1].lstrip("-")), f"{name}: {service['image']} is not pinned"
        assert "healthcheck" in service, name


def test_what_is_open_is_open_to_this_machine_only(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_secrets_are_files_only(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for name, value in (service.get("environment") or {}).items():
            if re.search(r"PASSWORD|SECRET|TOKEN|_KEY\b|_URL|CONN|BACKEND", name) and name != "PLEDGE_SIGNING_KEY":
                assert "/run/secrets/" in value or value.startswith("http://"), name
    assert "secrets" not in compose["services"]["site"] or not compose["services"]["site"]["secrets"]


def test_every_secret_is_made_once_for_nobody_else_and_never_made_anew(compose: dict[str, Any], tmp_path: Path) -> None:
    shutil.copy(DOCKER / "make-secrets.sh", tmp_path)
    told = subprocess.run(["sh", "make-secrets.sh"], cwd=tmp_path, check=True, capture_output=True, text=True)
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    named = {Path(secret["file"]).name for secret in compose["secrets"].values()}
    assert made.keys() == named
    used = {name for service in compose["services"].values() for name in service.get("secrets", [])}
    assert used == named
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert all(made[name] for name in named - {"slack_token", "lake_key_id", "lake_key"})
    assert not any(text in told.stdout for name, text in made.items() if text)

    subprocess.run(["sh", "make-secrets.sh"], cwd=tmp_path, check=True, capture_output=True)
    assert made == {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}


def test_the_keys_are_what_airflow_takes(tmp_path: Path) -> None:
    from cryptography.fernet import Fernet
    from sqlalchemy import make_url

    shutil.copy(DOCKER / "make-secrets.sh", tmp_path)
    subprocess.run(["sh", "make-secrets.sh"], cwd=tmp_path, check=True, capture_output=True)
    secrets = tmp_path / "secrets"
    Fernet((secrets / "airflow_fernet_key").read_bytes())
    for url, password in (("store_url", "store_password"), ("airflow_database_url", "airflow_database_password")):
        assert make_url((secrets / url).read_text()).password == (secrets / password).read_text()


def test_every_variable_has_one_line_why(compose: dict[str, Any]) -> None:
    text = (DOCKER / "compose.yaml").read_text("utf-8")
    wanted = set(re.findall(r"\$\{([A-Z_]+)", text))
    lines = (DOCKER / ".env.example").read_text("utf-8").splitlines()
    given = {line.partition("=")[0]: number for number, line in enumerate(lines) if re.match(r"[A-Z_]+=", line)}
    assert given.keys() == wanted
    for name, number in given.items():
        above = lines[number - 1]
        assert above.startswith("# ") or above.partition("=")[0] in given, f"{name} has no line why"


def test_the_settings_named_exist(compose: dict[str, Any]) -> None:
    known = {name for name, *_ in Settings().listed()}
    named = {
        name.removesuffix(IN_A_FILE)
        for service in compose["services"].values()
        for name in (service.get("environment") or {})
        if name.startswith("PLEDGE_")
    }
    named |= set(re.findall(r"\b(PLEDGE_[A-Z_]+)=", (DOCKER / "Dockerfile").read_text("utf-8")))
    assert named
    assert named <= known


def test_the_image_gets_what_it_copies_and_nothing_else() -> None:
    copied = re.findall(r"^COPY (.+) \S+$", (DOCKER / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    wanted = {source for line in copied for source in line.split()}
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert {line[1:] for line in ignored if line.startswith("!")} == wanted
    assert all((ROOT / source).exists() for source in wanted)


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="docker-compose is not installed here")
def test_compose_takes_the_file(tmp_path: Path) -> None:
    shutil.copytree(DOCKER, tmp_path / "docker")
    done = subprocess.run(
        ["docker-compose", "--file", "docker/compose.yaml", "config"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert "airflow-worker" in done.stdout
