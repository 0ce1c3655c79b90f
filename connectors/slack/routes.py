"""The file of routes: read, checked, refused in one sentence.

routes:
  - name: control room
    when: {force: norfolk, severity: high, hours: "22:00-06:00"}
    channel: C0123456789
    mention: S0123456789
    owner: Duty inspector
    quiet_hours: "23:00-05:00"
    in_quiet_hours: hold            # or no_mention
  - name: all the rest              # the last one, without `when`: it takes everything
    channel: C0123456789
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from checks.changes import Kind
from checks.errors import UsageError
from checks.hours import Hours, cover_the_day
from checks.matching import Matcher, hours_in, matcher_of, unknown_key
from checks.routing import Route, reached_twice, unreachable
from connectors.settings import Settings
from connectors.slack.phrases import without_values
from connectors.yaml_text import LARGEST, StatedTwiceError, parsed

KEYS = ("name", "when", "channel", "mention", "owner", "quiet_hours", "in_quiet_hours")
CHANNEL, USER_GROUP = r"[CG][A-Z0-9]{5,}", r"S[A-Z0-9]{5,}"
_OWNER, _NAME = 60, 60


def routes_of(settings: Settings, forces: Collection[str] = ()) -> list[Route]:
    """The routes of PLEDGE_SLACK_ROUTES; without it, what cannot be judged goes to the data channel, the rest to the
    one channel. Raises UsageError."""
    if settings.slack_routes:
        return load(Path(settings.slack_routes), forces)
    rest = Route("everything else", settings.slack_channel)
    if not settings.slack_data_channel:
        return [rest]
    channel = settings.slack_data_channel
    # What cannot be judged, and that it can be again, is told to those who mend the data.
    blind = Matcher({"kind": frozenset({Kind.CANNOT_JUDGE.value})})
    return [Route("not to be judged", channel, blind), Route("data", channel, _about_data()), rest]


def _about_data() -> Matcher:
    return Matcher({"measure": frozenset({""})})


def load(path: Path, forces: Collection[str] = ()) -> list[Route]:
    """The checked routes of a file; `forces` are the slugs of the reference data. Raises UsageError."""
    content = _content(path)
    if not isinstance(content, Mapping) or not isinstance(content.get("routes"), list) or not content["routes"]:
        raise UsageError(str(path), "it lists no routes", "routes: and a list of them", "Write one at least.")
    for key in content:
        if key != "routes":
            raise unknown_key(str(path), str(key), ["routes"])
    routes = [_route(path, n, entry, forces) for n, entry in enumerate(content["routes"], 1)]
    _refuse_table(str(path), routes)
    return routes


def _content(path: Path) -> object:
    do = "Correct PLEDGE_SLACK_ROUTES or the file."
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(str(path), "it is larger than 1 MB", "a file of routes", do)
        return parsed(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise UsageError(str(path), "it cannot be read", "a YAML file of routes in UTF-8", do) from None
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        twice = isinstance(error, StatedTwiceError)
        found = f"the key {error.problem} is there twice" if twice else "this is no YAML"
        raise UsageError(f"{path}{line}", found, "a YAML file of routes", "Correct the line.") from None
    except yaml.YAMLError:
        raise UsageError(str(path), "this is no YAML", "a YAML file of routes", do) from None


def _route(path: Path, number: int, entry: object, forces: Collection[str]) -> Route:
    where = f"{path}, route {number}"
    if not isinstance(entry, Mapping):
        raise UsageError(where, "it is no mapping", f"keys of {', '.join(KEYS)}", "Correct it.")
    for key in entry:
        if key not in KEYS:
            raise unknown_key(where, str(key), KEYS)
    name = _text(where, entry, "name", _NAME)
    if not name:
        raise UsageError(where, "it has no name", "a name, which `pledge route explain` says", "Give it one.")
    where = f"{path}, route {name}"
    matcher = matcher_of(where, entry["when"], forces) if "when" in entry else Matcher()
    quiet = hours_in(where, "quiet_hours", entry["quiet_hours"]) if "quiet_hours" in entry else ()
    mention, owner = _id(where, entry, "mention", USER_GROUP), _owner(where, entry)
    if mention and not owner:
        found = "it mentions a user group but has no owner"
        raise UsageError(where, found, "the group in words, for who cannot see it", "Add owner.")
    return Route(
        name, _id(where, entry, "channel", CHANNEL), matcher, mention, owner, quiet, _holds(where, entry, quiet)
    )


def _holds(where: str, entry: Mapping[str, Any], quiet: tuple[Hours, ...]) -> bool:
    then = entry.get("in_quiet_hours", "hold")
    if then not in ("hold", "no_mention"):
        raise UsageError(where, "in_quiet_hours is something else", "hold or no_mention", "Correct it.")
    if "in_quiet_hours" in entry and not quiet:
        raise UsageError(where, "in_quiet_hours is set without quiet_hours", "both or neither", "Add quiet_hours.")
    if then == "hold" and cover_the_day(quiet):
        raise UsageError(where, "its quiet hours never end", "an hour at which it is said", "Shorten them.")
    return bool(then == "hold")


def _text(where: str, entry: Mapping[str, Any], key: str, limit: int) -> str:
    said = entry.get(key, "")
    if not isinstance(said, str) or len(said) > limit or not said.isprintable():
        raise UsageError(where, f"{key} is no text of one line", f"at most {limit} characters", "Correct it.")
    return said.strip()


def _owner(where: str, entry: Mapping[str, Any]) -> str:
    owner = _text(where, entry, "owner", _OWNER)
    if without_values(owner) != owner:
        found = "the owner holds an address, a number or a quotation"
        raise UsageError(where, found, "a role in words, such as Duty inspector", "Correct it.")
    return owner


def _id(where: str, entry: Mapping[str, Any], key: str, pattern: str) -> str:
    said = entry.get(key, "")
    if key == "mention" and said == "" and key not in entry:
        return ""
    if not isinstance(said, str) or not re.fullmatch(pattern, said):
        example = "a channel's ID such as C0123456789" if key == "channel" else "a user group's ID such as S0123456789"
        raise UsageError(where, f"its {key} is no ID", example, "Copy it from Slack; a name does not do.")
    return said


def _refuse_table(where: str, routes: Sequence[Route]) -> None:
    names = [route.name for route in routes]
    twice = next((name for n, name in enumerate(names) if name in names[:n]), "")
    if twice:
        raise UsageError(where, f"two routes are called {twice}", "a name of its own for each", "Rename one.")
    if not routes[-1].matcher.matches_all:
        found = f"the last route, {names[-1]}, does not take everything"
        raise UsageError(where, found, "a last route without `when`", "Add one, so that nothing is lost.")
    clash = reached_twice(routes)
    if clash:
        found = f"the hours {clash[2]} of routes {clash[0].name} and {clash[1].name} overlap"
        raise UsageError(where, found, "hours that exclude each other", "Shorten one of the two.")
    lost = unreachable(routes)
    if lost:
        found = f"route {lost[0].name} is never reached: {lost[1].name} and those before it take what it matches"
        raise UsageError(where, found, "the special before the general", "Move it up, or remove it.")
