"""A lake in an object store: delta-rs writes and lists it there, data files are read from copies on this machine.

Address, region and login are those every program takes from the environment (AWS_…, AZURE_…, GOOGLE_…), and so is where
copies are kept: they are the machine's, not the run's, whose steps may be on several.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, GenericError
from obstore.store import from_url

from checks.errors import NotAnsweringError, UsageError
from connectors.lake.cache import Bounds, Cache
from connectors.lake.folder import check_path
from connectors.object_store import GONE, told_plainly
from connectors.settings import IN_A_FILE, Settings, load, read_value

SCHEMES = ("s3", "s3a", "gs", "az", "abfs", "abfss")
# What containers are handed as files: `<name>_FILE`. Everything else both libraries read from the environment.
_SECRETS = (
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_SAS_KEY", "AZURE_STORAGE_CLIENT_SECRET", "GOOGLE_SERVICE_ACCOUNT_KEY",
)  # fmt: skip
_PART_OF_PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
# A request asks for so much of an object, so that each is short.
_RANGE = 8 << 20
_SECONDS = 60
_CONNECT_SECONDS = 10
_RETRIES = 4
_TRIES = 2

T = TypeVar("T")


class Bucket:
    """The objects below a prefix."""

    def __init__(self, location: str, environ: Mapping[str, str] | None = None) -> None:
        environ = os.environ if environ is None else environ
        self.location = _checked(location)
        self._where = f"lake {location}"
        secrets = {name.lower(): value for name, value in _from_files(environ).items()}
        in_the_open = environ.get("AWS_ALLOW_HTTP", "").lower() == "true"
        if environ.get("AWS_ENDPOINT_URL", "").startswith("http://") and not in_the_open:
            do = "Name it with https://, or set AWS_ALLOW_HTTP=true where nobody can listen."
            raise UsageError("AWS_ENDPOINT_URL", "it is not encrypted (http)", "https", do)
        self.options: dict[str, str] | None = {
            **secrets,
            "timeout": f"{_SECONDS}s",
            "connect_timeout": f"{_CONNECT_SECONDS}s",
            "max_retries": str(_RETRIES),
            "retry_timeout": f"{_SECONDS}s",
        }
        self._store = self._opened(secrets, in_the_open)
        settings = load(environ)
        check_path("PLEDGE_CACHE", settings.cache, "Set it to another folder.")
        said = f"{location} {environ.get('AWS_ENDPOINT_URL', '')}"
        self.cache = Cache(settings.cache, said, bounds(settings))

    def _opened(self, secrets: Mapping[str, str], in_the_open: bool) -> Any:
        whole, first = timedelta(seconds=_SECONDS), timedelta(seconds=_CONNECT_SECONDS)
        limits: dict[str, Any] = {
            "client_options": {"timeout": whole, "connect_timeout": first, "allow_http": in_the_open},
            "retry_config": {"max_retries": _RETRIES, "retry_timeout": whole},
        }
        config: Any = dict(secrets)
        try:
            return from_url(self.location, config=config, **limits)
        except (BaseError, ValueError) as error:
            found = f"its address or login is not understood ({type(error).__name__})"
            raise UsageError(self._where, found, "a bucket", "Correct PLEDGE_LAKE and the login's variables.") from None

    def _told_plainly(self, doing: str, gone: Exception | None = None) -> AbstractContextManager[None]:
        return told_plainly(self._where, doing, "Check the login in the environment (AWS_…) and its rights.", gone)

    def exists(self) -> bool:
        """Whether anything lies below the address."""
        return self._tried("listing", lambda: next(iter(obstore.list(self._store, chunk_size=1)), None)) is not None

    def check(self, *, writing: bool) -> None:
        self.exists()
        if writing:
            self.keeps_removed()

    def keeps_removed(self) -> bool:
        """Raises UsageError where writing is refused, or two writers at once would not notice each other."""
        name = f"_pledge_probe/{uuid4().hex}"
        with self._told_plainly("writing"):
            put = obstore.put(self._store, name, b"probe")
            try:
                obstore.put(self._store, name, b"probe", mode="create")
            except AlreadyExistsError:
                return put["version"] is not None
            finally:
                obstore.delete(self._store, name)
        found, expected = "it overwrites where it is asked to create", "conditional writes (If-None-Match)"
        raise UsageError(self._where, found, expected, "Use a store that has them: else commits would be lost.")

    def at_hand(self, names: Sequence[str]) -> list[str]:
        return self.cache.files(names, self.read)

    def name_of(self, path: str) -> str:
        return self.cache.name_of(path)

    def listed(self, below: str) -> list[str]:
        found = self._tried("listing", lambda: obstore.list(self._store, f"{below}/").collect())
        return sorted(each["path"] for each in found)

    def read(self, name: str) -> Iterator[bytes]:
        offset, size, etag = 0, 1, None
        while offset < size:
            options: Any = {"range": (offset, offset + _RANGE), **({"if_match": etag} if etag else {})}
            block, said = self._range(name, options)
            size, etag = said["size"], said["e_tag"]
            if not block:
                raise NotAnsweringError(
                    f"{self._where}/{name}", f"{offset:,} of {size:,} bytes came", "all", "Run again."
                )
            offset += len(block)
            yield block

    def _range(self, name: str, options: Any) -> tuple[bytes, Any]:
        """One range of an object, and what is said of it."""

        def asked() -> tuple[bytes, Any]:
            answer = obstore.get(self._store, name, options=options)
            return bytes(answer.bytes()), answer.meta

        return self._tried("reading", asked, FileNotFoundError(name))

    def _tried(self, doing: str, ask: Callable[[], T], gone: Exception | None = None) -> T:
        """Ask again where an answer is cut: what is answered with an error obstore asks again by itself."""
        with self._told_plainly(doing, gone):
            for _ in range(_TRIES - 1):
                with suppress(GenericError):
                    return ask()
            return ask()

    def remove(self, name: str) -> None:
        with self._told_plainly("removing"), suppress(*GONE):
            obstore.delete(self._store, name)
        self.cache.forget(name)

    def replace(self, name: str, content: bytes) -> None:
        with self._told_plainly("writing"):
            obstore.put(self._store, name, content)

    def sweep(self, name: str) -> list[str]:
        """Nothing: an object is there whole or not at all."""
        return []


def bounds(settings: Settings) -> Bounds:
    """How much is kept of what was fetched; raises UsageError where a setting is no number."""
    found = {}
    for name, value in (("PLEDGE_CACHE_GB", settings.cache_gb), ("PLEDGE_CACHE_DAYS", settings.cache_days)):
        if not value.isdecimal():
            raise UsageError(name, f"it is {value}", "a whole number", "Correct it.")
        found[name] = int(value)
    return Bounds(found["PLEDGE_CACHE_GB"] * 1e9, found["PLEDGE_CACHE_DAYS"])


def _checked(location: str) -> str:
    """An address that is a bucket's and reads the same for every library; raises UsageError for any other."""
    parts = urlsplit(location)
    if parts.scheme not in SCHEMES or not parts.hostname or parts.query or parts.fragment or parts.password:
        found, expected = "it is no address of an object store", f"one such as s3://bucket/lake ({', '.join(SCHEMES)})"
        raise UsageError("PLEDGE_LAKE", found, expected, "Correct it; a login belongs into AWS_… variables.")
    odd = next((part for part in parts.path.strip("/").split("/") if part and not _PART_OF_PATH.fullmatch(part)), "")
    if odd:
        found, expected = f"{odd} is in its address", "letters, digits, - _ and ."
        raise UsageError(f"lake {location}", found, expected, "Name another prefix.")
    return location.rstrip("/")


def _from_files(environ: Mapping[str, str]) -> dict[str, str]:
    named = {name: environ.get(name + IN_A_FILE, "") for name in _SECRETS}
    given = {name: read_value(name + IN_A_FILE, Path(path)) for name, path in named.items() if path}
    return {name: value for name, value in given.items() if value}
