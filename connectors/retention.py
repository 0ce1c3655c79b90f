"""How long each log is kept: a file of days.

    retention:
      calls: 730
      victim_cases: 2190

A log that is not named is kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from checks.errors import UsageError
from checks.logs import LOGS
from connectors.lake.erasing import dated_by
from connectors.yaml_text import parsed

_EXPECTED = "retention: with a log and its days in each line"
_DO = "Correct it or unset PLEDGE_RETENTION."


def load(path: str) -> dict[str, int]:
    """The days each log is kept ('' = no file: all are); raises UsageError when the file cannot be used."""
    if not path:
        return {}
    try:
        content = parsed(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(path, "it cannot be read", _EXPECTED, _DO) from error
    except yaml.YAMLError as error:
        raise UsageError(path, "it is not YAML", _EXPECTED, _DO) from error
    listed = content.get("retention") if isinstance(content, dict) else None
    if not isinstance(listed, dict) or set(content) != {"retention"}:
        raise UsageError(path, "it says nothing of retention", _EXPECTED, _DO)
    return {name: _days(path, name, days) for name, days in listed.items()}


def _days(path: str, name: Any, days: Any) -> int:
    if name not in LOGS:
        raise UsageError(f"{path}, {name}", "there is no such log", f"one of {', '.join(LOGS)}", _DO)
    if isinstance(days, bool) or not isinstance(days, int) or days < 1:
        raise UsageError(f"{path}, {name}", f"it is {days}", "a number of days, at least 1", _DO)
    dated_by(LOGS[name])
    return days
