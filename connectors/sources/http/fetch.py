"""A whole fetch from an HTTP source: raw JSON Lines, one file per log, there only when everything was answered.

In its folder (`whole_fetch`):
    answers.jsonl        what was answered so far; kept of the newest fetch, to ask "anything new since?"
    <log>.jsonl          one line per record (or per element of `spread`): what the description's select reads
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any
from urllib.parse import quote

from checks.errors import NotAnsweringError, NotFitError, UsageError
from connectors.sources.columns_read import columns_read
from connectors.sources.delivery import Source
from connectors.sources.description import is_slug
from connectors.sources.http.answers import Answers, Known
from connectors.sources.http.client import GONE, NOT_MODIFIED, HttpClient
from connectors.sources.http.connection import ALL_OF_IT
from connectors.sources.http.kept import at, kept
from connectors.sources.http.listing import list_of, read_list
from connectors.sources.http.register import Register
from connectors.sources.http.wanted import HttpWanted
from connectors.sources.whole_fetch import (
    Say,
    alone,
    check_unchanged,
    earlier,
    is_whole,
    make_whole,
    manifest_of,
    sha256,
)

JOURNAL = "answers.jsonl"
NOT_FOUND = {"not_found": True}


def fetch(wanted: HttpWanted, client: HttpClient, say: Say) -> None:
    """Fetch everything wanted, or go on with what was begun; what is there as a whole is left alone.

    Raises:
        NotAnsweringError: not everything was answered, or the list moved; what was answered is kept for the next try.
        UsageError: the server refuses.
        NotFitError: what it answers cannot be all, or the files of an earlier fetch were changed.
    """
    with alone(wanted.folder):
        if is_whole(wanted.folder):
            check_unchanged(wanted.folder)
            return
        _Fetch(wanted, client, say).run()


class _Fetch:
    def __init__(self, wanted: HttpWanted, client: HttpClient, say: Say) -> None:
        self._wanted, self._client, self._say = wanted, client, say
        self._connection, self._keep = wanted.connection, wanted.keep
        # A journal kept by other rules of what may be written down says nothing; nor one of another select.
        definition = hashlib.sha256(f"{self._connection.digest} {sorted(self._keep.items())}".encode()).hexdigest()[:16]
        self._answers = Answers(wanted.folder / JOURNAL, definition)
        # Earlier fetches, oldest first: the register of the last whole ones, and what all of them were answered.
        folders = earlier(wanted.folder)
        self._earlier_folders = folders
        self._earlier = [Answers(path / JOURNAL, definition) for path in folders if (path / JOURNAL).is_file()]
        self._register = Register(wanted.as_at, [path for path in folders if is_whole(path)], wanted.url)
        self._unchanged = 0

    def run(self) -> None:
        if len(self._answers):
            self._say(f"{self._wanted.name}: goes on after {len(self._answers):,} answers of an earlier try.")
        self._answers.begin()
        try:
            forces = self._forces()
            records = {force: self._whole(force) for force in forces}
        finally:
            self._answers.end()
        self._write(records)
        self._say(
            f"{self._wanted.name}: {sum(map(len, records.values())):,} records of {len(forces):,} "
            f"{'force' if len(forces) == 1 else 'forces'}, {self._client.requests:,} requests, {self._unchanged:,} "
            "answers unchanged."
        )

    def _forces(self) -> list[str]:
        if not self._connection.is_per_force:
            return [""]
        if self._wanted.forces:
            return list(self._wanted.forces)
        if not self._connection.forces:
            expected = "force: in its description, or --force"
            raise UsageError(f"source {self._wanted.name}", "nobody says of which forces", expected, "Name them.")
        address = self._client.address(self._connection.forces)
        known = self._ask(address, keep={"id": ALL_OF_IT})
        found = [record.get("id") for record in list_of(address, known.body["records"])]
        if not found or not all(isinstance(slug, str) and is_slug(slug) for slug in found):
            raise NotAnsweringError(address, "no list of forces by their slugs", "one", "Name the forces with --force.")
        return sorted({str(slug) for slug in found})

    def _whole(self, force: str, tries: int = 3) -> list[dict[str, Any]]:
        """The records of a force with all that is asked about each, from a list that was the same at the end."""
        address = self._client.address(_filled(self._connection.records, force))
        listed = read_list(self._connection, address, self._ask_page)
        for _ in range(tries):
            self._check_ids(address, listed)
            records = [self._record(force, record) for record in listed]
            now = read_list(self._connection, address, self._ask_page, again=True) if self._connection.each else listed
            if _in_order(now) == _in_order(listed):
                self._register.check(address, force, [record["id"] for record in records if "id" in record])
                return records
            listed = now
        found, do = "the list changes while it is read", "Run again later; nothing was taken."
        raise NotAnsweringError(address, found, "a list that stands still", do)

    def _check_ids(self, address: str, listed: Sequence[Mapping[str, Any]]) -> None:
        for record in listed if self._connection.id else ():
            name = record.get(self._connection.id)
            if not isinstance(name, str | int) or isinstance(name, bool) or str(name).strip() in ("", ".", ".."):
                do = "Check `id` and `keep` of its description."
                raise NotFitError(address, "a record has no id", f"a text in {self._connection.id}", do)

    def _record(self, force: str, listed: Mapping[str, Any]) -> dict[str, Any]:
        name = str(listed[self._connection.id]) if self._connection.id else ""
        asked = {
            each: self._ask(self._client.address(_filled(path, force, name)), each)
            for each, path in self._connection.each.items()
        }
        answers = {each: None if known.absent else known.body["records"] for each, known in asked.items()}
        return {**listed, **({"id": name} if name else {}), **answers}

    def _ask_page(self, address: str, again: bool) -> Known:
        return self._ask(address, place=self._connection.at, again=again)

    def _ask(
        self, address: str, path: str = "", place: str = "", again: bool = False, keep: Mapping[str, str] | None = None
    ) -> Known:
        """The answer of an address: of this fetch, or asked for; an answer of an earlier fetch if it still holds."""
        known = self._answers.get(address)
        if known and not again:
            return known
        before = known or next((each[address] for each in reversed(self._earlier) if address in each), None)
        before = before if before and before.can_be_asked_for_news else None
        answer = self._client.get(address, before.etag if before else "", before.last_modified if before else "")
        if answer.status == NOT_MODIFIED and before:
            self._unchanged += 1
            return self._answers.add(address, before)
        if answer.status in GONE:
            return self._answers.add(address, Known(absent=True))
        found, digests = _each_once(at(answer.body, place))
        records = kept(found, self._keep if keep is None else keep, path)
        following = at(answer.body, self._connection.next) if self._connection.next else answer.next_page
        body = {"records": records, "digests": digests}
        if self._connection.total:
            body["total"] = at(answer.body, self._connection.total)
        page = self._client.next_page(address, str(following)) if following else ""
        return self._answers.add(address, Known(body, answer.etag, answer.last_modified, page))

    def _write(self, records: Mapping[str, Sequence[dict[str, Any]]]) -> None:
        """Every file, then the manifest that makes the fetch a whole one; journals with nothing left to say go."""
        folder = self._wanted.folder
        lines = list(self._register.noted(records, self._connection.each) if self._connection.id else _plain(records))
        files = {}
        for source in self._wanted.sources:
            path = self._wanted.file(source.log)
            with path.open("w", encoding="utf-8") as file:
                file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in self._lines(source, lines))
            files[path.name] = sha256(path)
        self._register.write(folder)
        manifest = {
            "url": self._wanted.url,
            "as_at": self._wanted.as_at.astimezone(UTC).isoformat(),
            "forces": sorted(records),
            "requests": self._client.requests,
            "unchanged": self._unchanged,
            "files": files,
        }
        make_whole(folder, manifest)
        for before in self._earlier_folders:
            if _adds_nothing(before, manifest):
                (before / JOURNAL).unlink(missing_ok=True)

    def _lines(self, source: Source, records: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The lines of one log: of what was asked about a record, only what the log's select names."""
        read = columns_read(source.sql)
        left_out = {each for each in self._connection.each if read is not None and each.casefold() not in read}
        moment = self._wanted.as_at.astimezone(UTC).isoformat()
        for record in records:
            line = {key: value for key, value in record.items() if key not in left_out}
            line["fetched_at"] = moment
            if not source.spread:
                yield line
                continue
            # A list without elements has a line, too, and so has one that was not found: a file is never empty, and
            # no answer is told apart from an answer with nothing in it.
            elements = line.get(source.spread, [])
            spread: list[Any] = [NOT_FOUND] if elements is None else _elements(source.spread, elements)
            for element in spread or [None]:
                yield {**line, source.spread: element}


def _each_once(found: Any) -> tuple[Any, list[str]]:
    """A list without its repeats, and what tells its elements apart; told before anything is left out of them."""
    if not isinstance(found, list):
        return found, []
    texts = {json.dumps(each, sort_keys=True): each for each in found}
    return list(texts.values()), [hashlib.sha256(text.encode()).hexdigest()[:24] for text in texts]


def _elements(name: str, found: Any) -> list[dict[str, Any]]:
    """The elements of an answer; one object stands for a list of one."""
    return [found] if isinstance(found, dict) else list_of(name, found)


def _in_order(records: Sequence[Mapping[str, Any]]) -> list[str]:
    return sorted(json.dumps(record, sort_keys=True) for record in records)


def _adds_nothing(folder: Path, manifest: Mapping[str, Any]) -> bool:
    """Whether the journal of an earlier fetch can go: it was cut off, or this one asked the same of its forces."""
    if not is_whole(folder):
        return True
    before = manifest_of(folder)
    return before["url"] == manifest["url"] and set(before["forces"]) <= set(manifest["forces"])


def _plain(records: Mapping[str, Sequence[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    for force, own in records.items():
        for record in own:
            yield {**record, "force": force} if force else record


def _filled(path: str, force: str, name: str = "") -> str:
    return path.replace("{force}", quote(force, safe="")).replace("{id}", quote(name, safe=""))
