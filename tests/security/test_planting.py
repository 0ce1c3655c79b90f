"""No secret and no personal value in logs, tables, tracebacks, pages or messages: planted, then looked for.

What may hold what, and why:

    references       the desk's own tables, commands and pages, to find the record again; with a pseudonym key nowhere.
                     Never standard error, Airflow's log, OpenLineage, the night's message or what is published.
    unreadable text  `kept_values` of the quarantine and the commands that print it: what is to be mended there.
    officers' words  the table of explanations, the command that lists them and the desk's own pages, not those for
                     outside: the store is the force's own.
    all others       nowhere at all: neither secrets, nor cells the contract does not know, nor records not split.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import make_url

from tests.conftest import Logins
from tests.journey.every_log import NIGHTS
from tests.journey.pledge import COMMAND, Said
from tests.security import planted
from tests.security.planted import Planted
from tests.security.searching import places
from tests.slack_server import SlackServer

SECRETS = {
    "slack token": "xoxb-canary-1111",
    "app token": "xapp-canary-2222",
    "database": "canary-password-3333",
    "source": "canary-credential-4444",
    "aws": "canary-aws-5555",
}
READING = (
    "verdicts", "commitments", "breaches", "quarantine", "runs", "budget", "exclusions", "delays", "integrity",
    "alerts", "revisions", "explanations", "signings", "accesses", "erasures", "comparisons", "funnels", "doctor",
    "settings", "verdicts --published", "standards list", "verify", "cases --measure answer_999",
    "cases --measure contact_agreed", "sensitivity --measure message_answered", "series --measure answer_999",
    "sql --measure attend_emergency", "slack listen --help",
    "trace --measure answer_999 --force norfolk --period day --start 2026-03-01 --history",
    "erase --log calls --before 2026-03-01 --dry-run --reason r",
)  # fmt: skip
# What has neither a lake nor a store, nor a form.
ALONE = ("settings", "standards list", "slack listen --help")

# The tasks of the nightly DAG one after the other, as Airflow's task runner calls them, with the lineage of each.
TASKS = """
import logging, os, sys, traceback
from datetime import datetime, UTC
from types import SimpleNamespace
from dags import airflow_steps as steps
from dags.lineage import lineage_of
logging.basicConfig(level=logging.INFO, stream=sys.stderr, force=True)
logging.getLogger("pledge").disabled = False
night = datetime(2026, 3, 5, 6, tzinfo=UTC)
dag_run = SimpleNamespace(run_id="night", run_after=night, run_type="scheduled")
admitted = steps.admit(logical_date=night, dag_run=dag_run)
plan = admitted["plan"]
forces = steps.forces(plan)
for force in forces:
    steps.judge(plan, force)
steps.record(plan, forces)
steps.announce(plan)
steps.publish(plan)
for step in ("admit", "judge", "record", "announce", "publish"):
    print(lineage_of(step, {"plan": plan, "force": "norfolk"}, admitted))
try:
    os.environ["PLEDGE_STORE"] = "postgresql+psycopg://u:canary-password-3333@127.0.0.1:1/x"
    steps.admit(logical_date=datetime(2026, 3, 6, 6, tzinfo=UTC), dag_run=dag_run)
except Exception:
    traceback.print_exc()
import dags.steps
def broken(*_):
    raise ZeroDivisionError("Olive Canaryheath")
dags.steps.judge = broken
steps.judge(plan, "norfolk")
"""


class _Leaky(BaseHTTPRequestHandler):
    """A source that answers with people's words where records were asked for."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"error": planted.ANSWERED, "token": self.headers.get("X-Key")}).encode())

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture(scope="module")
def leaky() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Leaky)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def _environment(folder: Path, slack: SlackServer) -> dict[str, str]:
    (folder / "secrets").mkdir()
    (folder / "secrets" / "slack").write_text(SECRETS["slack token"])
    return {
        "PLEDGE_SLACK_TOKEN_FILE": str(folder / "secrets" / "slack"),
        "PLEDGE_SLACK_APP_TOKEN": SECRETS["app token"],
        "PLEDGE_SLACK_URL": slack.url,
        "PLEDGE_SLACK_CHANNEL": "C0123456789",
        "PLEDGE_SOURCES": str(folder / "sources"),
        "PLEDGE_SIGNING_KEY": str(folder / "secrets" / "signing-key.pem"),
        "PLEDGE_CHAIN_HEAD": str(folder / "chain-head.txt"),
        "NORFOLK_KEY": SECRETS["source"],
        "AWS_SECRET_ACCESS_KEY": SECRETS["aws"],
        "AWS_ACCESS_KEY_ID": "id",
    }


@pytest.fixture(
    scope="module", params=["as delivered", *(["with pseudonyms"] if os.environ.get("PLEDGE_CHAOS") else [])]
)
def full(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, leaky: str, shared_logins: Logins
) -> Iterator[Planted]:
    folder = tmp_path_factory.mktemp("planted")
    keyed = request.param == "with pseudonyms"
    owner = make_url(shared_logins.url(shared_logins.owner)).set(password=SECRETS["database"])
    store = f"sqlite:///{folder / 'pledge.sqlite'}" if keyed else owner.render_as_string(hide_password=False)
    with SlackServer(token=SECRETS["slack token"]) as slack, pytest.MonkeyPatch.context() as monkeypatch:
        for name in [each for each in os.environ if each.startswith("PLEDGE_") or "proxy" in each.lower()]:
            monkeypatch.delenv(name)
        for name, value in _environment(folder, slack).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
        (folder / "tmp").mkdir()
        monkeypatch.setattr("tempfile.tempdir", None)
        full = Planted(folder, store)
        if keyed:
            key = folder / "secrets" / "pseudonyms.key"
            assert full("pseudonyms", "new-key", str(key)).code == 0
            monkeypatch.setenv("PLEDGE_PSEUDONYM_KEY", str(key))
        _night(full)
        _read(full)
        _fail(full, leaky, monkeypatch)
        _by_airflow(full)
        full.dump()
        (folder / "slack.json").write_text(json.dumps([slack.calls, slack.messages], default=str))
        yield full


def _night(full: Planted) -> None:
    planted.deliver(full.pledge.input)
    command = [COMMAND, "run", "--input", str(full.pledge.input), "--as-at", NIGHTS[0]]
    ours = {**os.environ, "PLEDGE_LOG": "json"}
    done = subprocess.run([*command, *full.pledge.places], env=ours, capture_output=True, timeout=900)
    assert done.returncode == 0 and done.stdout, done.stderr[-3000:]
    full.said["run in JSON lines"] = Said(0, done.stdout, done.stderr.decode())
    full("explain", "--measure", "answer_999", "--force", "norfolk", "--day", "2026-03-01", "--reason", "other",
         "--text", planted.WORDS, "--by", "an inspector")  # fmt: skip
    full("check", "calls", str(full.pledge.input / "calls.csv"))


def _read(full: Planted) -> None:
    for words in READING:
        alone = words in ALONE
        said = full(*words.split(), *(() if alone else ("--format", "json")), places=not alone)
        assert said.code in (0, 1), (words, said.err)
    full("quarantine", "--format", "table")
    assert full("report", "--published", "--out", str(full.folder / "outside")).code == 0
    pack = full.folder / "pack.zip"
    said = full("pack", "--measure", "answer_999", "--force", "norfolk", "--period", "2026-03-01", "--out", str(pack))
    assert said.code == 0, said.err


def _fail(full: Planted, leaky: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors provoked on purpose; each has to be a sentence."""
    bad = full.folder / "bad"
    bad.mkdir()
    (bad / "calls.csv").write_text(f"1,norfolk,{planted.HEADLESS},{planted.HEADLESS},2026-03-01 10:00:00\n")
    (bad / "incidents.csv").write_bytes(planted.HEADLESS.encode() + b"\0" * 500)
    (bad / "messages.csv").write_bytes(f"message_id,{planted.HEADLESS}\nx,".encode() + b"\xff\xfe\n")
    (bad / "duties.jsonl").write_text(f'{{"duty_id": "{planted.HEADLESS}"\n["{planted.HEADLESS}"]\n')
    (bad / "surveys.parquet").write_bytes(b"PAR1" + planted.HEADLESS.encode() + b"PAR1")
    full("run", "--input", str(bad), "--as-at", NIGHTS[1])
    for log, file in (("calls", "calls.csv"), ("messages", "messages.csv"), ("duties", "duties.jsonl")):
        full("check", log, str(bad / file))
    sources = full.folder / "sources"
    sources.mkdir()
    connection = f"connection:\n  http: {leaky}\n  records: calls\n  header: X-Key\n  secret: NORFOLK_KEY\n"
    select = "select row_number, call_id, '999' as line, 'public' as kind, null as received_at from raw"
    (sources / "phones.sql").write_text(f"/*---\nlog: calls\nforce: norfolk\n{connection}---*/\n{select}")
    wrong = select.replace("call_id,", "error('no such call: ' || call_id) as call_id,")
    (sources / "wrong.sql").write_text(f"/*---\nlog: calls\nforce: norfolk\n---*/\n{wrong}")
    full("run", "--source", "phones", "--as-at", NIGHTS[1])
    full("check", "calls", str(full.pledge.input / "calls.csv"), "--source", "wrong")
    _unforeseen(full, monkeypatch)
    down = make_url("postgresql+psycopg://u@127.0.0.1:1/x").set(password=SECRETS["database"])
    full("runs", "--store", down.render_as_string(hide_password=False), places=False)
    with pytest.MonkeyPatch.context() as here:
        here.setenv("PLEDGE_STORE", down.render_as_string(hide_password=False))
        full("settings", places=False)
        full("doctor", places=False)


def _unforeseen(full: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw leaves its traceback in a file: without what the error said, which may be anybody's words."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError(f"{planted.ANSWERED} {SECRETS['database']}") from ValueError(planted.ANSWERED)

    with pytest.MonkeyPatch.context() as here:
        here.setattr("dags.steps.judge", broken)
        said = full("run", "--input", str(full.pledge.input), "--as-at", "2026-03-04T07:00:00Z")
    assert "ZeroDivisionError" in said.sentence
    (written,) = (full.folder / "tmp").glob("pledge-traceback-*.txt")
    assert "Traceback" in written.read_text() and "in broken" in written.read_text()


def _by_airflow(full: Planted) -> None:
    """The tasks' own log and lineage; the last of them builds the desk's site."""
    ours = dict(os.environ) | {
        "AIRFLOW_HOME": str(full.folder / "airflow"), "PLEDGE_INPUT": str(full.pledge.input),
        "PLEDGE_LAKE": str(full.pledge.lake), "PLEDGE_STORE": full.pledge.store,
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", TASKS], env=ours, capture_output=True, timeout=900)
    assert b"does not answer" in done.stderr and b"ZeroDivisionError" in done.stderr, done.stderr[-3000:]
    assert done.stdout.count(b"OperatorLineage") == 5, done.stderr[-3000:]
    assert (full.folder / "site" / "index.html").is_file()
    full.said["airflow"] = Said(done.returncode, done.stdout, done.stderr.decode())


def _left(full: Planted, text: str) -> set[str]:
    """Where a text was left, by the part of the product that left it; what was delivered is not counted."""
    found = places(full.folder, text)
    return {name.split("/")[0] if not name.startswith("tables/") else name for name in found} - {"logs", "bad"}


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_said_or_kept(full: Planted, secret: str) -> None:
    assert full.saying(SECRETS[secret]) == set()
    assert _left(full, SECRETS[secret]) <= ({"secrets"} if secret == "slack token" else set())


def test_no_key_is_said_or_kept(full: Planted) -> None:
    keys = [*full.folder.rglob("signing-key.pem"), *full.folder.rglob("pseudonyms.key")]
    assert keys
    for key in keys:
        line = max(key.read_text().splitlines(), key=len)
        assert len(line) > 30
        assert full.saying(line) == set()
        assert places(full.folder, line) == [str(key.relative_to(full.folder))]


@pytest.mark.parametrize("words", [planted.UNKNOWN, planted.UNSPLIT, planted.HEADLESS, planted.ANSWERED])
def test_what_is_in_no_contract_is_said_and_kept_nowhere(full: Planted, words: str) -> None:
    assert full.saying(words) == set()
    assert _left(full, words) == set()


def test_what_cannot_be_read_is_kept_for_the_desk_alone(full: Planted) -> None:
    printed = {"quarantine --format table", "quarantine --format json"}
    assert full.saying(planted.UNREADABLE) - {said for said in full.said if said.startswith("check ")} <= printed
    assert _left(full, planted.UNREADABLE) <= {"tables/quarantine", "pledge.sqlite"}


def test_an_officers_words_stay_in_the_store(full: Planted) -> None:
    listed = {"explanations --format json"}
    assert {said for said in full.saying(planted.WORDS) if not said.startswith("explain ")} <= listed
    assert _left(full, planted.WORDS) <= {"tables/explanations", "pledge.sqlite", "site"}


def test_references_are_for_the_desk_and_with_a_key_for_nobody(full: Planted, request: pytest.FixtureRequest) -> None:
    keyed = "with pseudonyms" in request.node.callspec.id
    outside = {"outside", "published", "slack.json", "pack.zip", "airflow", "tmp"}
    in_words = {name for name, said in full.said.items() if planted.REFERENCE in said.err}
    assert in_words == set()
    assert "airflow" not in full.saying(planted.REFERENCE)
    assert _left(full, planted.REFERENCE).isdisjoint(outside)
    if keyed:
        assert full.saying(planted.REFERENCE) == set()
        assert _left(full, planted.REFERENCE) == set()
    else:
        assert full.saying(planted.REFERENCE) > {"cases --measure answer_999 --format json"}


def test_no_command_ended_in_a_traceback(full: Planted) -> None:
    assert [words for words, said in full.said.items() if "Traceback" in said.err and words != "airflow"] == []
