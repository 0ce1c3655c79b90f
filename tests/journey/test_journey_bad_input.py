"""Wrong usage, wrong settings, systems that do not answer: one sentence, the right exit code, nothing half done."""

from __future__ import annotations

import re
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journey.conftest import AS_AT
from tests.journey.logs import call, write
from tests.journey.pledge import Pledge, Said, run_here, run_there


def refused(said: Said, code: int, *words: str) -> None:
    """One sentence of where, what was found, what was expected and what to do; no traceback, no data."""
    assert said.code == code, said.err
    assert said.out == b""
    assert "Traceback" not in said.err
    assert said.sentence.startswith("pledge: ")
    for word in words:
        assert word in said.sentence, said.sentence


def untouched(pledge: Pledge) -> None:
    assert {path.name for path in pledge.folder.iterdir()} <= {"logs", "standards", "sources", "file"}


@pytest.fixture
def ready(pledge: Pledge) -> Pledge:
    write(pledge.input, "calls", [call("a", "2026-03-02 10:00:00")])
    return pledge


WRONG_CALLS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "no such folder": (("--input", "nowhere"), ("nowhere", "no such folder")),
    "folder without logs": (("--input", "."), ("no log is in it", "calls.csv")),
    "nothing named": ((), ("nothing to read",)),
    "unknown source": (("--source", "nosuch"), ("nosuch", "bank_calls")),
    "no file for a source": (("--source", "bank_calls=missing.csv"), ("missing.csv", "no such file")),
    "a source without a place": (("--source", "bank_calls"), ("bank_calls", "location")),
    "unknown standard": (("--standard", "policing_pledge_2009"), ("policing_pledge_2009", "policing_pledge_2008")),
    "misspelt force": (("--force", "norflok"), ("norflok", "norfolk")),
    "window backwards": (("--from", "2026-03-02", "--to", "2026-03-01"), ("2026-03-02 is after 2026-03-01",)),
    "no day": (("--from", "2026-02-30"), ("--from", "2026-02-30", "YYYY-MM-DD")),
    "no moment": (("--as-at", "yesterday"), ("--as-at", "yesterday", "ISO 8601")),
    "a moment before all logs": (("--as-at", "0001-01-01"), ("--as-at", "1990")),
    "unknown option": (("--foerce", "norfolk"), ("--foerce",)),
    "unknown form": (("--format", "yaml"), ("yaml", "json")),
}


@pytest.mark.parametrize("case", WRONG_CALLS)
def test_wrong_calls_are_refused_before_anything_is_written(
    ready: Pledge, case: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    options, words = WRONG_CALLS[case]
    names_input = any(option in ("--input", "--source") for option in options) or case == "nothing named"
    given = () if names_input else ("--input", str(ready.input))
    refused(ready("run", *given, *options), 2, *words)
    (tmp_path / "empty").rmdir()
    untouched(ready)


def test_a_force_that_nobody_delivered(ready: Pledge) -> None:
    refused(ready("run", "--input", str(ready.input), "--as-at", AS_AT, "--force", "essex"), 2, "essex", "norfolk")
    assert [row["status"] for row in ready.rows("runs")] == ["failed"]


STANDARD = """\
name: ours_2026
title: Ours
publisher: Us
source: Ours
in_force: {from: 2026-01-01}
measures:
  - measure: answer_999
    limit: 12 seconds
    target: 90 percent of them
    target_source: Ours
    definition: {clock_start: presented_to_force, abandoned: short_excluded, limit: within}
    source: Ours
"""


def test_a_standard_with_a_typo(ready: Pledge, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ready.folder / "standards"
    folder.mkdir()
    (folder / "2026-01-01_ours.yaml").write_text(STANDARD)
    monkeypatch.setenv("PLEDGE_STANDARDS", str(folder))
    refused(ready.run(AS_AT, "--standard", "ours_2026"), 2, "2026-01-01_ours.yaml:9", "target")
    untouched(ready)
    said = run_here("standards", "validate")
    assert said.code == 2
    assert b"2026-01-01_ours.yaml:9" in said.out
    (folder / "2026-01-01_ours.yaml").write_text(STANDARD.replace("90 percent of them", "90 %"))
    assert ready.run(AS_AT, "--standard", "ours_2026").code == 0


def test_a_misspelt_setting(ready: Pledge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLEDGE_STROE", "sqlite:///x.sqlite")
    refused(ready.run(AS_AT), 2, "PLEDGE_STROE", "PLEDGE_STORE")
    untouched(ready)


def a_file(pledge: Pledge) -> Path:
    path = pledge.folder / "file"
    path.write_text("in the way")
    return path


def another_database(pledge: Pledge) -> str:
    with sqlite3.connect(pledge.folder / "file") as conn:
        conn.execute("create table runs (name text)")
    return f"sqlite:///{pledge.folder / 'file'}"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


BAD_STORES: dict[str, tuple[Callable[[Pledge], str], int, str]] = {
    "no URL": (lambda _: "pledge.sqlite", 2, "cannot be read"),
    "another kind": (lambda _: "mysql://user@host/db", 2, "mysql"),
    "no database": (lambda pledge: f"sqlite:///{a_file(pledge)}", 2, "not a SQLite database"),
    "a file in the way": (lambda pledge: f"sqlite:///{a_file(pledge)}/pledge.sqlite", 2, "folder cannot be made"),
    "another's database": (another_database, 2, "other tables of the same names"),
    "nobody there": (lambda _: f"postgresql+psycopg://u:secret@127.0.0.1:{free_port()}/db", 3, "does not answer"),
}


@pytest.mark.parametrize("case", BAD_STORES)
def test_a_store_that_cannot_be_used(ready: Pledge, case: str) -> None:
    store, code, word = BAD_STORES[case]
    ready.store = store(ready)
    said = ready.run(AS_AT)
    refused(said, code, word)
    assert "secret" not in said.err
    untouched(ready)


def test_a_lake_that_cannot_be_written(ready: Pledge) -> None:
    ready.lake = a_file(ready) / "lake"
    refused(ready.run(AS_AT), 2, str(ready.lake), "folder cannot be used")
    untouched(ready)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("verdicts",), "no such file"),
        (("runs",), "no such file"),
        (("cases", "--measure", "answer_999"), "there is none"),
        (("sensitivity", "--measure", "answer_999"), "there is none"),
        (("sql", "--measure", "answer_999"), "there is none"),
    ],
)
def test_reading_before_the_first_run(pledge: Pledge, arguments: tuple[str, ...], word: str) -> None:
    refused(pledge(*arguments), 2, word, "pledge run")
    untouched(pledge)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("verdicts", "--measure", "anser_999"), ("anser_999", "answer_999")),
        (("cases", "--measure", "nothing_like_it"), ("nothing_like_it", "answer_999")),
        (("cases",), ("--measure",)),
        (("verdicts", "--run", "nosuch"), ("nosuch", "pledge runs")),
        (("cases", "--measure", "answer_999", "--run", "nosuch"), ("nosuch",)),
        (("sensitivity", "--measure", "answer_999", "--run", "nosuch"), ("nosuch",)),
        (("sensitivity", "--measure", "answer_999", "--force", "essex"), ("essex", "norfolk")),
        (("sensitivity", "--measure", "answer_999", "--period", "week"), ("week",)),
        (("verdicts", "--from", "2026-03-02", "--to", "2026-03-01"), ("2026-03-02 is after",)),
        (("verdicts", "--commitment", "five"), ("--commitment",)),
        (("standards", "show", "nosuch"), ("nosuch", "policing_pledge_2008")),
        (("nosuch",), ("nosuch",)),
    ],
)
def test_wrong_questions(judged: Pledge, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    refused(judged(*arguments) if arguments != ("nosuch",) else run_here(*arguments), 2, *words)


def test_check_of_what_cannot_be_checked(pledge: Pledge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(pledge.folder)
    refused(run_here("check", "calls", "nowhere.csv"), 2, "nowhere.csv", "no such file")
    write(pledge.folder, "calls", [call("a", "2026-03-02 10:00:00")])
    refused(run_here("check", "callz", "calls.csv"), 2, "callz", "calls")
    refused(run_here("check", "messages", "calls.csv", "--source", "bank_calls"), 2, "bank_calls", "calls")


def test_an_unforeseen_error_is_one_sentence_and_a_file(ready: Pledge, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("the password is hunter2")

    monkeypatch.setattr("dags.steps.judge", broken)
    said = ready.run(AS_AT)
    refused(said, 1, "ZeroDivisionError", "report")
    assert "hunter2" not in said.err
    found = re.search(r"in (\S+\.txt)", said.sentence)
    assert found
    written = Path(found[1])
    assert "Traceback" in written.read_text()
    written.unlink()
    assert [row["status"] for row in ready.rows("runs")] == ["failed"]


def test_it_is_the_same_in_a_process_of_its_own(tmp_path: Path) -> None:
    said = run_there("run", "--input", "nowhere", cwd=tmp_path)
    refused(said, 2, "nowhere: no such folder")
    assert len(said.err.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
