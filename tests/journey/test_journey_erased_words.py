"""Erasure reaches what repeats a record elsewhere: officers' words, the watch's list, what a source answered."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.dags.test_watching import message
from tests.journey.logs import write
from tests.journey.pledge import Pledge, Row, one
from tests.journey.test_journey_erasure import holding
from tests.police_uk_server import PoliceUkServer
from tests.slack_server import SlackServer

PLANTED, WORDS = "URN-7731-planted", "she rang twice"
NIGHTS = ("2026-03-02T06:00:00Z", "2026-03-03T06:00:00Z")
WHY = ("--reason", "asked for by the person", "--author", "DPO")
DESCRIPTION = """/*---
log: calls
force: norfolk
format: jsonl
connection:
  http: https://calls.norfolk.example/
  records: calls
  id: id
---*/
select
    row_number, id as call_id, '999' as line, 'public' as kind, note as area,
    moment(received, '%Y-%m-%d %H:%M:%S') as received_at, moment(answered, '%Y-%m-%d %H:%M:%S') as answered_at,
    null as abandoned_at, null as ended_at
from raw
"""


def answered(call_id: str, day: int, seconds: int) -> Row:
    at = f"2026-02-{day} 10:00"
    return {"id": call_id, "received": f"{at}:00", "answered": f"{at}:{seconds}", "note": "north"}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pledge]:
    """Two nights that fetch the calls, answers to what was missed, and a watch that lists an open message."""
    pledge = Pledge(tmp_path_factory.mktemp("lived"))
    (pledge.folder / "sources").mkdir()
    (pledge.folder / "sources" / "telephone.sql").write_text(DESCRIPTION, "utf-8")
    with pytest.MonkeyPatch.context() as patch, PoliceUkServer({}) as server, SlackServer() as slack:
        for name in [name for name in os.environ if name.startswith("PLEDGE_") or name.lower().endswith("_proxy")]:
            patch.delenv(name)
        patch.setenv("PLEDGE_SOURCES", str(pledge.folder / "sources"))
        calls: list[Any] = [answered(f"feb{n}", 10 + n, (11, 20)[n % 2]) for n in range(8)]
        server.other["calls"] = [*calls, answered(PLANTED, 14, 17)]
        write(
            pledge.input, "messages", [message(PLANTED, "2026-02-28T23:00:00Z"), message("m1", "2026-03-01T10:00:00Z")]
        )
        night(pledge, server, NIGHTS[0])
        breaches = {row["case_id"]: row["breach_id"] for row in pledge.rows("breaches", "--measure", "answer_999")}
        explain(pledge, breaches[PLANTED], f"Of the caller {WORDS}")
        explain(pledge, breaches["feb1"], f"As with {PLANTED.lower()}.")
        explain(pledge, breaches["feb3"], "The line was down")
        patch.setenv("PLEDGE_SLACK_TOKEN", slack.token)
        patch.setenv("PLEDGE_SLACK_URL", slack.url)
        patch.setenv("PLEDGE_SLACK_CHANNEL", "C0123456789")
        assert pledge("watch", "--as-at", "2026-03-01T20:00:00Z", "--within", "20").code == 0
        assert PLANTED in str(slack.posted())
        for name in ("TOKEN", "URL", "CHANNEL"):
            patch.delenv(f"PLEDGE_SLACK_{name}")
        night(pledge, server, NIGHTS[1])
        explain(pledge, breaches["feb5"], f"{WORDS}: {PLANTED}")  # no run has sealed it yet
        assert pledge("report").code == 0
        yield pledge


def night(pledge: Pledge, server: PoliceUkServer, as_at: str) -> None:
    said = pledge.run(as_at, "--source", f"telephone={server.url}")
    assert said.code == 0, said.err


def explain(pledge: Pledge, breach: str, text: str) -> None:
    said = pledge("explain", breach, "--reason", "other", "--text", text, "--by", "Sgt 1234")
    assert said.code == 0, said.err


@pytest.fixture
def copy(lived: Pledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pledge:
    shutil.copytree(lived.folder, tmp_path / "copy")
    monkeypatch.setenv("PLEDGE_SOURCES", str(tmp_path / "copy" / "sources"))
    kept = tmp_path / "retention.yaml"
    kept.write_text("retention: {calls: 1, messages: 1}\n", "utf-8")
    monkeypatch.setenv("PLEDGE_RETENTION", str(kept))
    return Pledge(tmp_path / "copy")


BY_DATE = ("--log", "calls", "--log", "messages", "--before", "2026-03-01")


@pytest.mark.parametrize(
    "asked", [("--key", PLANTED), BY_DATE, ("--by-retention", "--as-at", "2026-03-02T12:00:00Z")], ids=lambda a: a[0]
)
def test_nothing_of_it_is_in_any_file(copy: Pledge, asked: tuple[str, ...]) -> None:
    explained = copy.rows("explanations")
    places = {
        path.relative_to(copy.folder).parts[0].removesuffix("-wal") for path in map(Path, holding(copy.folder, PLANTED))
    }
    assert places >= {"lake", "pledge.sqlite", "fetched", "logs", "site"}
    why = () if "--by-retention" in asked else WHY
    said = copy("erase", *asked, *why)
    assert said.code == 0, said.err
    for text in (PLANTED, PLANTED.lower(), WORDS):
        assert [path for path in holding(copy.folder, text) if "/logs/" not in path] == []
    left = {row["breach_id"]: row for row in copy.rows("explanations")}
    for row in explained:  # that it was explained, when, why and by whom stays
        assert left[row["breach_id"]] == {**row, "text": left[row["breach_id"]]["text"]}
    kept = ["The line was down"] if asked[0] == "--key" else []
    assert [row["text"] for row in left.values() if row["text"]] == kept

    verified = copy("verify", "--format", "json")
    assert verified.code == 0, verified.out.decode() + verified.err
    assert f"the words of {4 - len(kept)} explanations" in verified.err
    again = copy.run("2026-03-04T06:00:00Z")
    assert again.code == 0, again.err
    assert copy("verify").code == 0


def test_words_taken_without_a_record_are_named(copy: Pledge) -> None:
    """Also where an erasure took others: each is named by its record, or it is missed."""
    assert copy("erase", "--key", PLANTED, *WHY).code == 0
    breach = one(row for row in copy.rows("explanations") if row["text"])["breach_id"]
    with closing(sqlite3.connect(copy.folder / "pledge.sqlite")) as db:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute("update explanations set text = '' where breach_id = ?", (breach,))
        db.execute("drop trigger explanations_no_update")
        db.execute("update explanations set text = '' where breach_id = ?", (breach,))
        db.commit()
    said = copy("verify", "--format", "json")
    assert said.code == 4
    assert breach in str(said.rows)
