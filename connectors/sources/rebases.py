"""Where charts start anew: a file of rebases, each with its author and reason.

    rebases:
      - {force: norfolk, measure: answer_999, at: 2026-04-01, author: A. Registrar, reason: A new control room.}

A rebase holds for the force and its areas, under every standard; `all` is all forces together. It begins a new phase
with the first period (day, month) that starts on its day or later.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from checks.commitment import measures
from checks.errors import UsageError
from checks.series import Rebases
from checks.spc import Rebase
from connectors.yaml_text import parsed

FIELDS = ("force", "measure", "at", "author", "reason")
_EXPECTED = "rebases: a list of {" + ", ".join(FIELDS) + "}"
_DO = "Correct it or unset PLEDGE_REBASES."


def load(path: Path | None) -> Rebases:
    """Read the file (None: there are no rebases); raises UsageError in one sentence when it cannot be used."""
    if path is None:
        return {}
    try:
        content = parsed(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(str(path), "it cannot be read", "a YAML file of rebases", _DO) from error
    except yaml.YAMLError as error:
        raise UsageError(str(path), "it is not YAML", _EXPECTED, _DO) from error
    listed = content.get("rebases") if isinstance(content, dict) else None
    if not isinstance(listed, list) or set(content) != {"rebases"}:
        raise UsageError(str(path), "it is no list of rebases", _EXPECTED, _DO)
    found: dict[tuple[str, str], list[Rebase]] = defaultdict(list)
    for number, entry in enumerate(listed, 1):
        where = f"{path}, rebase {number}"
        key, rebase = _rebase(where, entry)
        if any(rebase.at == other.at for other in found[key]):
            raise UsageError(where, "there is one of that force, measure and day before", "each once", _DO)
        found[key].append(rebase)
    return dict(found)


def _rebase(where: str, entry: Any) -> tuple[tuple[str, str], Rebase]:
    if not isinstance(entry, dict) or set(entry) != set(FIELDS):
        raise UsageError(where, "it does not have just these fields", ", ".join(FIELDS), _DO)
    texts = {name: entry[name] for name in FIELDS if name != "at"}
    empty = [name for name, text in texts.items() if not isinstance(text, str) or not text.strip()]
    if empty:
        raise UsageError(where, f"no {empty[0]}", "a text in every field", _DO)
    if not isinstance(entry["at"], date) or isinstance(entry["at"], datetime):
        raise UsageError(where, f"at is {entry['at']}", "a day, YYYY-MM-DD", _DO)
    if entry["measure"] not in measures():
        raise UsageError(where, f"there is no measure {entry['measure']}", "a file of checks/commitments", _DO)
    return (entry["force"], entry["measure"]), Rebase(entry["at"], entry["author"], entry["reason"])
