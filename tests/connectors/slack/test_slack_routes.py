"""The file of routes: what it says, and every way in which it is refused, in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.changes import Kind, Subject
from checks.errors import UsageError
from checks.hours import Occasion
from checks.routing import choose
from connectors.settings import Settings
from connectors.slack.routes import load, routes_of

GOOD = """
routes:
  - name: control room
    when: {force: norfolk, severity: high, hours: "22:00-06:00", bank_holiday: false}
    channel: C0123456789
    mention: S0123456789
    owner: Duty inspector
    quiet_hours: ["23:00-24:00", "00:00-05:00"]
    in_quiet_hours: no_mention
  - name: rest
    channel: G0123456789
"""


def file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "routes.yaml"
    path.write_text(text, "utf-8")
    return path


def test_a_table(tmp_path: Path) -> None:
    first, rest = load(file(tmp_path, GOOD), ("norfolk",))
    assert (first.channel, first.mention, first.owner, first.holds) == (
        "C0123456789", "S0123456789", "Duty inspector", False,
    )  # fmt: skip
    assert [str(each) for each in first.quiet] == ["23:00-24:00", "00:00-05:00"]
    assert str(first.matcher) == "force norfolk; severity high; hours 22:00-06:00; except on bank holidays"
    assert (rest.channel, rest.matcher.matches_all, rest.holds) == ("G0123456789", True, True)


REST = "\n  - {name: rest, channel: C0123456789}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it lists no routes"),
        ("routes: []", "it lists no routes"),
        ("routes: {a: b}", "it lists no routes"),
        ("[unclosed", "this is no YAML"),
        ("routes: !!python/object:os.system {}", "this is no YAML"),
        (GOOD + "channels: {}", "there is no key channels"),
        ("routes: [x]", "it is no mapping"),
        ("routes: [{channel: C0123456789}]", "it has no name"),
        ("routes:\n  - {name: a, chanel: C0123456789}", "Did you mean channel?"),
        ("routes:\n  - {name: a}", "its channel is no ID"),
        ("routes:\n  - {name: a, channel: '#control-room'}", "its channel is no ID"),
        ("routes:\n  - {name: a, channel: c0123456789}", "its channel is no ID"),
        ("routes:\n  - {name: a, channel: C0123456789, mention: U0123456789, owner: x}", "its mention is no ID"),
        ("routes:\n  - {name: a, channel: C0123456789, mention: S0123456789}", "a user group but has no owner"),
        ("routes:\n  - {name: a, channel: C0123456789, owner: 'a.smith@example.org'}", "the owner holds an address"),
        ("routes:\n  - {name: a, channel: C0123456789, owner: 'Smith 07700 900123'}", "the owner holds an address"),
        ("routes:\n  - {name: a, channel: C0123456789, when: {kinds: x}}", "there is no key kinds"),
        ("routes:\n  - {name: a, channel: C0123456789, when: {force: norfolc}}", "no force is called norfolc"),
        ("routes:\n  - {name: a, channel: C0123456789, when: {force: kent}}", "does not take everything"),
        ("routes:\n  - {name: a, channel: C0123456789, when:}", "what it matches is no mapping"),
        ("routes:\n  - {name: a, channel: C0123456789, channel: C0123456780}", "the key channel is there twice"),
        ("routes:" + REST + REST.lstrip("\n"), "two routes are called rest"),
        ("routes:" + REST + "  - {name: b, channel: C0123456789}", "route b is never reached: rest"),
        (
            "routes:\n  - {name: a, channel: C0123456789, when: {hours: '06:00-22:00'}}"
            "\n  - {name: b, channel: C0123456789, when: {hours: '21:00-06:00'}}" + REST,
            "the hours 06:00-22:00 and 21:00-06:00 of routes a and b overlap",
        ),
        ("routes:\n  - {name: a, channel: C0123456789, quiet_hours: '9'}", "quiet_hours 9 are no hours"),
        ("routes:\n  - {name: a, channel: C0123456789, quiet_hours: '00:00-24:00'}", "its quiet hours never end"),
        ("routes:\n  - {name: a, channel: C0123456789, quiet_hours: ['1:00-3:00', '2:00-4:00']}", "overlap"),
        ("routes:\n  - {name: a, channel: C0123456789, in_quiet_hours: hold}", "set without quiet_hours"),
        (
            "routes:\n  - {name: a, channel: C0123456789, quiet_hours: '1:00-3:00', in_quiet_hours: drop}",
            "in_quiet_hours is something else",
        ),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(file(tmp_path, text), ("norfolk", "kent"))
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert "routes.yaml" in str(caught.value)


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(UsageError, match="it cannot be read"):
            load(path)
    binary = tmp_path / "b.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="it cannot be read"):
        load(binary)


@pytest.mark.parametrize(
    ("data", "kind", "measure", "channel"),
    [
        ("C00000DATA", Kind.CANNOT_JUDGE, "", "C00000DATA"),
        ("C00000DATA", Kind.CANNOT_JUDGE, "answer_999", "C00000DATA"),
        ("C00000DATA", Kind.KEPT_AGAIN, "", "C00000DATA"),
        ("C00000DATA", Kind.KEPT_AGAIN, "answer_999", "C0123456789"),
        ("", Kind.CANNOT_JUDGE, "", "C0123456789"),
    ],
)
def test_without_a_file_data_goes_to_the_data_channel(data: str, kind: Kind, measure: str, channel: str) -> None:
    from datetime import UTC, datetime

    routes = routes_of(Settings(slack_channel="C0123456789", slack_data_channel=data))
    subject = Subject(kind, "norfolk", "", None, measure, "")
    assert choose(routes, subject, Occasion(datetime(2026, 3, 2, tzinfo=UTC))).route.channel == channel


def test_the_routes_of_the_readme_are_routes(tmp_path: Path) -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text("utf-8")
    shown = next(block for block in readme.split("```") if block.startswith("yaml\nroutes:"))
    routes = load(file(tmp_path, shown.removeprefix("yaml\n")), ("norfolk",))
    assert [route.name for route in routes] == ["Norfolk by night", "everything else"]
