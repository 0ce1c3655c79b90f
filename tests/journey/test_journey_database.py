"""A store on PostgreSQL from its making on: its owner sets it up, a writer works, an auditor and readers look."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.conftest import Logins
from tests.journey.logs import call, incident, write
from tests.journey.pledge import Pledge, Said, run_here

AS_AT = "2026-03-03T06:00:00Z"
SOON = str(date.today() + timedelta(days=7))


@pytest.fixture
def places(logins: Logins) -> dict[str, str]:
    return {kind: logins.url(logins.add(kind)) for kind in ("writer", "auditor", "reader", "stranger")} | {
        "owner": logins.url(logins.owner)
    }


def test_each_does_what_is_theirs(
    logins: Logins, places: dict[str, str], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLEDGE_USER", "R. Oberts")
    monkeypatch.chdir(tmp_path)  # beside a store on a server there is no folder for the key

    def by(kind: str, *command: str) -> Said:
        pledge = Pledge(tmp_path, places[kind])
        return pledge(*command)

    def name(kind: str) -> str:
        return f"{kind}_{logins.database}"

    # Before it is set up: the owner alone may make the tables.
    refused = by("writer", "database", "upgrade")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "Let the owner run `pledge database upgrade`" in refused.sentence
    assert by("owner", "database", "upgrade").code == 0
    assert "Say `pledge database roles` first." in by("owner", "database", "grant", "x", "--role", "writer").sentence
    assert by("owner", "database", "roles").code == 0
    for kind, options in {
        "writer": ["--role", "writer"],
        "auditor": ["--role", "auditor"],
        "reader": ["--role", "reader", "--force", "norfolk"],
    }.items():
        said = by("owner", "database", "grant", name(kind), *options)
        assert said.code == 0, said.err
    listed = by("owner", "database", "logins", "--format", "json").rows
    ours = [row for row in listed if row["login"].endswith(logins.database)]  # a server's logins may serve other stores
    assert [(row["login"], row["role"], row["forces"]) for row in ours] == [
        (name("auditor"), "pledge_auditor", "*"),
        (name("reader"), "pledge_reader", "norfolk"),
        (name("writer"), "pledge_writer", "*"),
    ]

    # The writer runs the nights and answers; it grants nothing.
    _deliver(Pledge(tmp_path, places["writer"]))
    for number in (1, 2):
        said = Pledge(tmp_path, places["writer"]).run(AS_AT)
        assert said.code == 0, said.err
        assert len(by("writer", "runs", "--format", "json").rows) == number
    breach = by("writer", "breaches", "--measure", "answer_999", "--force", "norfolk", "--format", "json").rows[0]
    for command in (
        ("acknowledge", breach["breach_id"], "--by", "Sgt 1"),
        ("explain", breach["breach_id"], "--reason", "it_failure", "--text", "x", "--by", "Sgt 1"),
        ("silence", "add", "--measure", "answer_999", "--until", SOON, "--reason", "r", "--by", "A"),
        ("watch", "--as-at", AS_AT),
        ("erase", "--key", "b", "--reason", "asked", "--author", "A. Uthor"),
        ("verify",),
    ):
        said = by("writer", *command)
        assert said.code == 0, f"{command}: {said.err}"
    for command, sentence in {
        ("database", "grant", name("stranger"), "--role", "writer"): "this login may not do that",
        ("database", "roles"): "this login may not do that",
        # A writer sees only what is said of itself.
        ("database", "revoke", name("reader"), "--force", "norfolk"): "does not see it",
    }.items():
        said = by("writer", *command)
        assert (said.code, said.err.count("\n")) == (2, 1), command
        assert sentence in said.sentence

    # The auditor reads all of it, checks the chain, and what it read is on record under its login.
    assert by("auditor", "verify").code == 0
    assert by("auditor", "explanations").code == 0
    said = by("auditor", "breaches", "--format", "json")
    assert said.code == 0
    assert "not in the access log" not in said.err
    accessed = by("auditor", "accesses", "--format", "json").rows
    assert f"R. Oberts ({name('auditor')})" in {row["accessed_by"] for row in accessed}
    assert Pledge(tmp_path, places["auditor"]).run(AS_AT).code == 2

    # The reader has the figures of its force, and no case.
    figures = by("reader", "verdicts", "--format", "json").rows
    assert {row["force"] for row in figures} == {"norfolk"}
    assert {row["force"] for row in by("auditor", "verdicts", "--format", "json").rows} == {"norfolk", "suffolk", "all"}
    for command in ("breaches", "quarantine", "explanations", "accesses"):
        said = by("reader", command)
        assert (said.code, said.out) == (2, b""), command
        assert "this login may not do that" in said.sentence
    assert "this login may not do that" in Pledge(tmp_path, places["reader"]).run(AS_AT).sentence
    assert "Let the owner say `pledge database grant`" in by("stranger", "verdicts").sentence

    # What is taken back is gone at once.
    assert by("owner", "database", "revoke", name("reader"), "--force", "norfolk").code == 0
    assert by("reader", "verdicts", "--format", "json").rows == []
    assert by("owner", "database", "revoke", name("reader")).code == 0
    assert by("reader", "verdicts").code == 2


def _deliver(pledge: Pledge) -> None:
    calls = [call("a", "2026-03-02 10:00:00", 5), call("b", "2026-03-02 10:05:00", 25)]
    calls += [call("c", "2026-03-02 10:15:00", 5, answered_at="half past"), call("d", "2026-03-02 11:05:00", 45)]
    write(pledge.input, "calls", [*calls, call("s", "2026-03-02 10:05:00", 40, force="suffolk", area="west")])
    write(pledge.input, "incidents", [incident("i1", "2026-03-02 12:00:00", 10)])


def test_slips(places: dict[str, str], tmp_path: Any) -> None:
    owner = Pledge(tmp_path, places["owner"])
    sqlite = Pledge(tmp_path)
    assert owner("database", "roles").code == 0
    for said, sentence in {
        owner("database", "grant", "x", "--role", "editor"): "there is no such role",
        owner("database", "grant", "x", "--role", "reader", "--force", "norfok"): "Did you mean norfolk?",
        owner("database", "grant", "x", "--role", "writer", "--force", "norfolk"): "Leave --force out.",
        owner("database", "grant", "nobody's", "--role", "writer"): "the server has no such login",
        owner("database", "revoke", "nobody's"): "the server has no such login",
        sqlite("database", "roles"): "there is no such file",
    }.items():
        assert (said.code, said.err.count("\n")) == (2, 1), said.err
        assert sentence in said.sentence
    assert sqlite("database", "upgrade").code == 0
    assert "SQLite knows no logins" in sqlite("database", "roles").sentence


def test_the_script_needs_no_database() -> None:
    said = run_here("database", "roles", "--sql")
    assert said.code == 0
    assert said.out.startswith(b"-- The roles of the Policing Pledge monitor")
    assert b"ENABLE ROW LEVEL SECURITY" in said.out
