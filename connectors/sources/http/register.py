"""When a record was first on its list, and when it was gone from it: an API that lists what is does not say."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from checks.errors import NotFitError

REGISTER = "register.json"
Record = dict[str, Any]


class Register:
    """The records of each force by id, as the last whole fetch of that force left them, and as this one finds them.

    `first_listed_at` is empty for those of a force's first fetch: nobody knows how long they had been there.
    """

    def __init__(self, as_at: datetime, earlier: Sequence[Path], url: str) -> None:
        self._moment = as_at.astimezone(UTC).isoformat()
        self._before: dict[str, dict[str, Record]] = {}
        self._now: dict[str, dict[str, Record]] = {}
        for folder in earlier:  # oldest first: the newest of a force wins
            if json.loads((folder / "fetch.json").read_text("utf-8"))["url"] == url and (folder / REGISTER).is_file():
                self._before.update(json.loads((folder / REGISTER).read_text("utf-8")))

    def check(self, address: str, force: str, ids: Sequence[str]) -> None:
        """Raise NotFitError when a list that had records has none at all: that is an answer gone wrong."""
        held = sum(not record["gone_at"] for record in self._before.get(force, {}).values())
        if held and not ids:
            do = "Ask its operator; if it is right, remove the source's folder of fetches."
            raise NotFitError(address, f"the list is empty, which had {held:,} records", "some of them", do)

    def noted(self, records: Mapping[str, Sequence[Record]], answers: Collection[str]) -> Iterator[Record]:
        """The records with `force`, `first_listed_at` and `gone_at`; then those gone, as they were last listed.

        `answers` names what was asked about each record, which is not remembered.
        """
        for force, listed in records.items():
            before, now = self._before.get(force), {}
            for record in listed:
                name = record["id"]
                known = (before or {}).get(name)
                first = known["first_listed_at"] if known else None if before is None else self._moment
                listed_as = {key: value for key, value in record.items() if key not in answers}
                now[name] = {**listed_as, "first_listed_at": first, "gone_at": None}
                yield {**record, **_force(force), **now[name]}
            for name, known in (before or {}).items():
                if name not in now:
                    now[name] = {**known, "gone_at": known["gone_at"] or self._moment}
                    yield {**_force(force), **now[name]}
            self._now[force] = now

    def write(self, folder: Path) -> None:
        (folder / REGISTER).write_text(json.dumps(self._now, indent=1) + "\n", "utf-8")


def _force(force: str) -> Record:
    return {"force": force} if force else {}
