"""What a description says of an HTTP connection, checked."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from checks.errors import UsageError

ALL_OF_IT = "all"
_PATH = re.compile(r"[A-Za-z0-9_.~/{}?=&%-]+")
_FIELDS = re.compile(r"\{(\w*)\}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class HttpConnection:
    """Where the records of a source are and what is asked about each of them.

    Paths are below `url` and may hold `{force}`, those of `each` `{id}` too. Dotted names (`data.items`) say where in
    an answer something stands, '' = the answer itself.

    Attributes:
        records: path of the list; `at` is where in its answer the list stands.
        next: where the address of the next page stands; `page` instead is the parameter that counts pages from 1, up
            to an empty one. Without either, a `Link` header may name the next page.
        total: where the answer says how many records there are in all pages.
        id: the field that names a record; records new to the list or gone from it are noticed by it.
        forces: path of a list whose `id`s are forces' slugs, asked where nobody says which forces are wanted.
        each: what is asked about every record, by name.
        keep: which values are written down: dotted path → `all`, or a pattern of the words kept. Of any other value
            only whether it is there is kept. Empty = the fields the select names.
        header: the name of the header that carries the credential named by `secret`, after `prefix`.
    """

    url: str
    records: str
    at: str = ""
    next: str = ""
    page: str = ""
    total: str = ""
    id: str = ""
    forces: str = ""
    each: Mapping[str, str] = field(default_factory=dict)
    keep: Mapping[str, str] = field(default_factory=dict)
    header: str = ""
    secret: str = ""
    prefix: str = ""
    plain_http: bool = False
    requests_per_second: float = 5.0
    max_answer_mb: float = 32.0
    max_fetch_mb: float = 500.0
    timeout_seconds: float = 30.0

    @property
    def digest(self) -> str:
        """Changes with everything that decides what is asked and kept."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]

    @property
    def is_per_force(self) -> bool:
        return "{force}" in self.records


_NUMBERS = ("requests_per_second", "max_answer_mb", "max_fetch_mb", "timeout_seconds")
_MAPS = ("each", "keep")
_KEYS = ("http", *(name for name in HttpConnection.__dataclass_fields__ if name != "url"))


def read_connection(where: str, stated: Mapping[str, Any]) -> HttpConnection:
    """The connection of a description's front matter; raises UsageError when a part of it is wrong."""
    for name, value in stated.items():
        if name not in _KEYS:
            raise _wrong(where, f"{name!r} is not known", f"one of {', '.join(_KEYS)}")
        _check(where, name, value)
    for name in ("http", "records"):
        if not stated.get(name):
            raise _wrong(where, f"it has no {name}", f"{name}: an address" if name == "http" else "records: a path")
    values: dict[str, Any] = {name: value for name, value in stated.items() if name != "http"}
    values.update({name: float(stated[name]) for name in _NUMBERS if name in stated})
    connection = HttpConnection(checked_url(where, str(stated["http"]), bool(stated.get("plain_http"))), **values)
    _check_together(where, connection)
    return connection


def checked_url(where: str, url: str, plain_http: bool = False) -> str:
    """An address that may be asked, ending in /; raises UsageError for any other."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if not host or parts.query or parts.fragment:
        raise _wrong(where, "the address is none", "one such as https://data.police.uk/api/")
    if parts.username is not None or parts.password is not None:
        raise _wrong(where, "the address holds a user or password", "header: and secret:, which name them")
    if parts.scheme != "https" and not (parts.scheme == "http" and (plain_http or is_loopback(host))):
        raise _wrong(
            where, f"{parts.scheme or 'no scheme'}:// to {host}", "https, or plain_http: true where it must be"
        )
    return url if url.endswith("/") else url + "/"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check(where: str, name: str, value: object) -> None:
    if name in _NUMBERS:
        fits, wanted = isinstance(value, int | float) and not isinstance(value, bool) and value > 0, "a number above 0"
    elif name == "plain_http":
        fits, wanted = isinstance(value, bool), "true or false"
    elif name in _MAPS:
        fits = isinstance(value, dict) and all(isinstance(k, str) and isinstance(v, str) for k, v in value.items())
        wanted = "names with texts"
    else:
        fits, wanted = isinstance(value, str), "a text"
    if not fits:
        raise _wrong(where, f"{name} is {value!r}", wanted)


def _check_together(where: str, connection: HttpConnection) -> None:
    paths = {"records": connection.records, **connection.each}
    if connection.forces:
        paths["forces"] = connection.forces
    for name, path in paths.items():
        allowed = {"records": {"force"}, "forces": set()}.get(name, {"force", "id"})
        if not _PATH.fullmatch(path) or path.startswith("/") or ".." in path or set(_FIELDS.findall(path)) - allowed:
            known = " and ".join(f"{{{each}}}" for each in sorted(allowed)) or "nothing"
            raise _wrong(where, f"{name} is {path!r}", f"a path below http, with {known} to fill in")
    if connection.each and not connection.id:
        raise _wrong(where, "each is asked, but no id names a record", "id: the field that does")
    if bool(connection.header) != bool(connection.secret):
        raise _wrong(where, "header or secret stands alone", "both: the header's name and the credential's")
    if connection.header and not _NAME.fullmatch(connection.header):
        raise _wrong(where, "header is no header's name", "one such as X-Api-Key")
    for path, pattern in connection.keep.items():
        try:
            re.compile(pattern)
        except re.error:
            raise _wrong(where, f"keep: {path} has no pattern", "all, or a regular expression") from None


def _wrong(where: str, found: str, expected: str) -> UsageError:
    return UsageError(f"{where}, connection", found, expected, "Correct it.")
