"""Every setting of the product, once: read from the environment, listed by `pledge settings`.

A setting's variable is its field's name in capitals after `PLEDGE_`; an empty variable counts as not set.
What is misspelt is refused instead of being ignored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from checks.errors import UsageError

PREFIX = "PLEDGE_"
IN_A_FILE = "_FILE"
MASK = "***"
LOGS = ("text", "json")
# Greedy up to the last @: a password may itself hold an @, a colon or a slash that nobody encoded.
_USER_PASSWORD = re.compile(r"(?<=://)([^:/@]*):.*@")
_SECRET_PARAMETER = re.compile(
    r"((?:^|[?&;])[^=?&;]*(?:password|pwd|secret|token|signature|sig|key)[^=?&;]*=)[^&;]+", re.IGNORECASE
)


def _setting(default: str, meaning: str, *, secret: bool = False) -> Any:
    return field(default=default, repr=False, metadata={"meaning": meaning, "secret": secret})


@dataclass(frozen=True)
class Settings:
    """The settings as texts ('' = not set). Their `repr` shows no value, because some are secret."""

    lake: str = _setting(".pledge/lake", "folder or URL of the admitted logs (Delta tables)")
    store: str = _setting("sqlite:///.pledge/pledge.sqlite", "SQLAlchemy URL of the store: SQLite or PostgreSQL")
    input: str = _setting("", "folder the nightly DAG reads the logs from")
    nightly_sources: str = _setting("", "names of the source descriptions the nightly DAG reads, with blanks between")
    nightly_standards: str = _setting(
        "", "standards the nightly DAG judges by, with blanks between; Slack tells the first (empty: the default one)"
    )
    sources: str = _setting("", "folder of further source descriptions, beside those shipped")
    fetched: str = _setting("", "folder for what sources that are fetched brought (default: `fetched` beside the lake)")
    published: str = _setting(
        "", "folder of the tables as they may leave the house (default: `published` beside the lake)"
    )
    cache: str = _setting(".pledge/cache", "folder for copies of the files of a lake in an object store")
    cache_gb: str = _setting("50", "how many GB of copies are kept while nothing runs")
    cache_days: str = _setting("30", "how many days a copy is kept after it was fetched")
    standards: str = _setting("", "folder of further standards, beside those shipped")
    default_standard: str = _setting("policing_pledge_2008", "the standard that judges when none is named")
    signing_key: str = _setting("", "file of the key that signs every run; default: signing-key.pem beside the store")
    chain_head: str = _setting("", "file for the heads of the audit chain; default: chain-head.txt beside the store")
    pseudonym_key: str = _setting("", "file of the key that makes pseudonyms of record references; outside the lake")
    retention: str = _setting("", "file that says how many days each log is kept; what is older `pledge erase` takes")
    suppress_below: str = _setting("5", "counts below this, but not 0, are not published; 0 publishes all")
    log: str = _setting(
        "text", "how the command logs on standard error: text for people, json (a line each) for machines"
    )
    user: str = _setting("", "who is reading or erasing, for the access log; default: the user of this machine")
    registrars: str = _setting(
        "", "who may sign a closed month, outside the operational line; commas between the names"
    )
    forces: str = _setting("", "file that replaces the shipped reference data on forces")
    rebases: str = _setting("", "file that says where a chart's limits start anew, by whom and why")
    site: str = _setting(
        "", "folder of the site (default: `site` beside the lake); where it is set `pledge run` builds it, too"
    )
    slack_token: str = _setting("", "bot token; without it nothing is announced", secret=True)
    slack_channel: str = _setting("", "ID of the channel of the nightly message and of broken promises")
    slack_data_channel: str = _setting("", "ID of the channel told what cannot be judged; empty = the same channel")
    slack_operations_channel: str = _setting(
        "", "ID of the channel told that the pipeline failed or the digest is absent"
    )
    slack_routes: str = _setting("", "file of routes (YAML); without it all goes to the channels above")
    slack_say_again_days: str = _setting("7", "after how many days a promise that is still missed is said again")
    slack_watch_hours: str = _setting(
        "12", "after how many hours the at-risk list is a new message, no edit of the old"
    )
    watch_hours: str = _setting("", "one number of hours before it is due from which the watch lists a case")
    slack_app_token: str = _setting("", "app-level token (xapp-…) by which `pledge slack listen` hears", secret=True)
    slack_answerers: str = _setting("", "IDs of the user groups that may acknowledge and explain, with blanks between")
    slack_reminders: str = _setting(
        "acknowledge=12h/24h/7d explain=14d/21d/28d",
        "after how long an unanswered alert is reminded of / escalated / no longer asked for",
    )
    slack_escalation: str = _setting("", "ID of the user group that is told of what is escalated")
    slack_url: str = _setting("https://slack.com/api/", "address of Slack's Web API (a proxy, a test server)")

    def listed(self) -> list[tuple[str, str, str, str]]:
        """(variable, value, default, meaning) of each setting, secrets masked, in the order of this class."""
        return [
            (
                variable(f.name),
                self._shown(f.name, f.metadata["secret"]),
                str(f.default),
                f.metadata["meaning"],
            )
            for f in fields(self)
        ]

    def _shown(self, name: str, secret: bool) -> str:
        value: str = getattr(self, name)
        return MASK if secret and value else masked(value)


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def load(environ: Mapping[str, str]) -> Settings:
    """Read the settings; `<variable>_FILE` names a file that holds the value, as containers are handed their secrets.

    Raises UsageError for a `PLEDGE_…` variable that does not exist, one set both ways, or a file that cannot be read.
    """
    for unknown in misspelt(environ):
        raise unknown
    by_variable = {variable(f.name): f.name for f in fields(Settings)}
    given: dict[str, str] = {}
    for name in sorted(name for name in environ if name.startswith(PREFIX) and environ[name]):
        target = name.removesuffix(IN_A_FILE)
        if target in given:
            raise UsageError(
                f"environment variables {target} and {name}", "both are set", "one of the two", "Remove one of them."
            )
        given[target] = environ[name] if name == target else read_value(name, Path(environ[name]))
    settings = Settings(**{by_variable[name]: value for name, value in given.items() if value})
    if settings.log not in LOGS:
        raise UsageError("PLEDGE_LOG", f"it is {settings.log}", " or ".join(LOGS), "Correct it.")
    return settings


def read_value(name: str, path: Path) -> str:
    """The text of the file a variable names, without the line's end an editor leaves."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        found = type(error).__name__ if isinstance(error, UnicodeDecodeError) else error.strerror
        raise UsageError(f"{name}, file {path}", f"it cannot be read ({found})", "a file of text", "Mend it.") from None


def misspelt(environ: Mapping[str, str]) -> list[UsageError]:
    """What is wrong with each `PLEDGE_…` variable that is no setting, nor the file of one."""
    known = [variable(f.name) for f in fields(Settings)]
    named = sorted(name for name in environ if name.startswith(PREFIX))
    return [_unknown(name, known) for name in named if name.removesuffix(IN_A_FILE) not in known]


def _unknown(name: str, known: list[str]) -> UsageError:
    near = get_close_matches(name, known, n=1, cutoff=0.8)  # they share their beginning
    do = f"Did you mean {near[0]}?" if near else "Remove it, or see `pledge settings`."
    return UsageError(f"environment variable {name}", "it is not a setting", "one of `pledge settings`", do)


def masked(address: str) -> str:
    """An address (URL) without the password, token or key it may carry."""
    return _SECRET_PARAMETER.sub(rf"\g<1>{MASK}", _USER_PASSWORD.sub(rf"\g<1>:{MASK}@", address))
