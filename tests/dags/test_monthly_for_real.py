"""The DAG `monthly` run by Airflow itself, signed through its API, and the site behind Airflow's login."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.airflow_processes import airflow, environment, free_port, running
from tests.journey.logs import call, write
from tests.journey.pledge import Pledge, one

PASSWORDS = {"registrar": "one of the test", "officer": "another of the test", "chief": "a third of the test"}
USERS = "registrar:user,officer:user,chief:viewer"
PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


class Server:
    """Airflow's API server and scheduler, over a store with one closed month."""

    def __init__(self, home: Path, pledge: Pledge, address: str) -> None:
        self.home, self.pledge, self.address = home, pledge, address

    def signed_in(self, user: str) -> httpx.Client:
        said = httpx.post(f"{self.address}/auth/token", json={"username": user, "password": PASSWORDS[user]})
        bearer = {"Authorization": f"Bearer {said.json()['access_token']}"}
        return httpx.Client(base_url=self.address, headers=bearer, timeout=30)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("monthly")
    pledge, home, port = Pledge(folder / "pledge"), folder / "airflow", free_port()
    home.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("PLEDGE_")]:
            patch.delenv(name)
        days = [f"2026-03-{day:02}" for day in (1, 2, 15, 31)]
        write(pledge.input, "calls", [call(f"c{day}", f"{day} 12:00:00", 5) for day in days])
        assert pledge.run("2026-04-01T05:00:00Z").code == 0
        site = pledge.folder / "site"
        assert pledge("report", "--out", str(site)).code == 0
    (home / "passwords.json").write_text(json.dumps(PASSWORDS), "utf-8")
    ours = environment(
        home,
        port,
        AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS=USERS,
        AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE=str(home / "passwords.json"),
        AIRFLOW__API__WORKERS="1",
        PLEDGE_LAKE=str(pledge.lake),
        PLEDGE_STORE=pledge.store,
        PLEDGE_SITE=str(site),
        PLEDGE_REGISTRARS="registrar",
        PYTHONPATH=str(_plugin_entry(folder / "entry")),
    )
    assert airflow(home, ours, "db", "migrate").returncode == 0
    assert airflow(home, ours, "dags", "reserialize").returncode == 0
    address = f"http://127.0.0.1:{port}"
    with running(home, ours, "api-server", "--port", str(port)) as said, running(home, ours, "scheduler"):
        _until(lambda: _answers(f"{address}/api/v2/monitor/health"), said)
        yield Server(home, pledge, address)


def _plugin_entry(folder: Path) -> Path:
    """The entry points of pyproject.toml as an installed distribution has them, where this one was installed before."""
    import tomllib

    declared = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]["entry-points"]["airflow.plugins"]
    folder.mkdir()
    if not set(declared) & entry_points(group="airflow.plugins").names:
        info = folder / "policing_pledge_plugin-0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: policing-pledge-plugin\nVersion: 0\n", "utf-8")
        lines = [f"{name} = {target}\n" for name, target in declared.items()]
        (info / "entry_points.txt").write_text(f"[airflow.plugins]\n{''.join(lines)}", "utf-8")
    return folder


def _answers(address: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(address).status_code == 200
    return False


def _until(seen: Callable[[], Any], said: Path, seconds: float = 150) -> Any:
    late = time.monotonic() + seconds
    while time.monotonic() < late:
        if found := seen():
            return found
        time.sleep(0.3)
    raise AssertionError(said.read_text("utf-8", "replace")[-3000:])


def test_nobody_sees_a_page_without_a_login(server: Server) -> None:
    stranger, chief = httpx.Client(base_url=server.address), server.signed_in("chief")
    for address in ("/pledge/index.html", "/pledge/site.css", "/pledge/", "/pledge/nothing.html"):
        assert stranger.get(address).status_code == 401, address
        assert stranger.get(address, headers={"Authorization": "Bearer forged"}).status_code in (401, 403)
    page = chief.get("/pledge/index.html")
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "private, no-store"
    assert chief.get("/pledge/site.css").headers["content-type"].startswith("text/css")
    assert chief.get("/pledge/").headers["location"].endswith("/pledge/index.html")
    assert chief.get("/pledge/nothing.html").status_code == 404
    views = one(each for each in chief.get("/api/v2/plugins").json()["plugins"] if each["name"] == "policing_pledge")
    assert views["external_views"][0]["href"] == "/pledge/index.html"


@pytest.mark.parametrize(
    "address",
    [
        "/pledge/../pledge.sqlite", "/pledge/%2e%2e/pledge.sqlite", "/pledge/..%2fpledge.sqlite",
        "/pledge/%2e%2e%2fsigning-key.pem", "/pledge//etc/passwd", "/pledge/%2fetc%2fpasswd", "/pledge/built.json",
        "/pledge/..%5cpledge.sqlite", "/pledge/index.html%00.css", "/pledge/./index.html/../../pledge.sqlite",
    ],
)  # fmt: skip
def test_no_request_leaves_the_site(server: Server, address: str) -> None:
    with server.signed_in("chief") as chief:
        request = httpx.Request("GET", f"{server.address}{address}", headers=chief.headers)
        request.url = httpx.URL(request.url).copy_with(raw_path=address.encode())  # as it is, no dot taken away
        said = chief.send(request)
    # What leaves /pledge is Airflow's own to answer: its page, never one of our files.
    assert said.status_code in (400, 404) or b'<div id="root"' in said.content, said.content[:300]
    assert b"SQLite format" not in said.content and b"PRIVATE KEY" not in said.content and b"root:" not in said.content


def test_a_month_is_signed_by_a_registrar_and_published(server: Server) -> None:
    with server.signed_in("registrar") as registrar, server.signed_in("officer") as officer:
        registrar.patch("/api/v2/dags/monthly", json={"is_paused": False}).raise_for_status()
        begun = registrar.post(
            "/api/v2/dags/monthly/dagRuns",
            json={"dag_run_id": "march", "logical_date": "2026-04-01T09:00:00Z", "conf": {}},
        )
        assert begun.status_code == 200, begun.text
        run, log = "/api/v2/dags/monthly/dagRuns/march", server.home / "scheduler.log"
        asked = f"{run}/taskInstances/ask_registrar/-1/hitlDetails"
        state = f"{run}/taskInstances/ask_registrar"
        _until(lambda: registrar.get(state).json().get("state") == "awaiting_input", log)
        shown = registrar.get(asked).json()
        assert shown["subject"] == "Sign the figures of 2026-03?"
        assert "No night is missing." in shown["body"]
        assert not (server.pledge.folder / "published" / "2026-03").exists(), "nothing is published that nobody signed"
        # Airflow 3.3 loses an answer given before its scheduler has seen that the task waits; no person is so quick.
        paused = "executor event with state success for task instance TaskInstanceKey(dag_id='monthly', task_id='ask_"
        _until(lambda: paused in log.read_text("utf-8", "replace"), log)
        time.sleep(1)
        answer = {"chosen_options": ["Sign"], "params_input": {"note": "seen"}}
        assert officer.patch(asked, json=answer).status_code == 403, "no officer signs"
        assert registrar.patch(asked, json=answer).status_code == 200
        _until(lambda: registrar.get(run).json()["state"] in ("success", "failed"), log)
        states = {
            each["task_id"]: each["state"] for each in registrar.get(f"{run}/taskInstances").json()["task_instances"]
        }
        assert set(states.values()) == {"success"}, states
    signed = one(server.pledge.rows("signings"))
    assert signed["signed_by"] == "registrar" and signed["decision"] == "signed" and signed["via"] == "airflow"
    assert signed["month"] == "2026-03-01" and signed["note"] == "seen"
    assert not signed["provisional"] and not signed["restated"]
    assert signed["run_id"] == one(server.pledge.rows("runs"))["run_id"]
    assert (server.pledge.folder / "published" / "2026-03" / "verdicts.csv").is_file()
    assert (server.pledge.folder / "site-published" / "index.html").is_file()
