"""Drops in a bucket: an object is there whole or not at all, and its ETag names its bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, S3Store

from checks.errors import UsageError
from connectors.object_store import told_plainly
from connectors.sources.credential import Login
from connectors.sources.drops.connection import DropConnection
from connectors.sources.drops.place import Listed

# A request asks for so much of an object, so that each is short and a later try goes on.
_RANGE = 16 << 20


class BucketPlace:
    """A prefix of a bucket, without what lies deeper."""

    grows = False

    def __init__(self, url: str, connection: DropConnection, login: Login) -> None:
        parts = urlsplit(url)
        prefix = unquote(parts.path).strip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._where = f"{parts.scheme}://{parts.hostname}/{prefix}"
        # The host name would be in lower case.
        self._store = self._made(parts.scheme, parts.netloc, connection, login)

    def _made(self, scheme: str, bucket: str, connection: DropConnection, login: Login) -> Any:
        seconds = connection.timeout_seconds
        options: Any = {"timeout": timedelta(seconds=4 * seconds), "connect_timeout": timedelta(seconds=seconds)}
        if connection.endpoint.startswith("http://"):
            options["allow_http"] = True
        retry: Any = {"max_retries": 4, "retry_timeout": timedelta(seconds=4 * seconds)}
        common: dict[str, Any] = {"client_options": options, "retry_config": retry}
        try:
            if scheme == "s3":
                stated = {"endpoint": connection.endpoint, "region": connection.region}
                keys = {"access_key_id": login.user, "secret_access_key": login.password}
                return S3Store(bucket, **_stated({**stated, **keys}), **common)
            if scheme == "az":
                keys = {"account_name": login.user, "account_key": login.password, "endpoint": connection.endpoint}
                return AzureStore(bucket, **_stated(keys), **common)
            return GCSStore(bucket, **_stated({"service_account_key": login.password}), **common)
        except (BaseError, ValueError) as error:
            found = f"the connection is not understood ({type(error).__name__})"
            raise UsageError(self._where, found, "a bucket with its credential", "Correct its description.") from None

    def __enter__(self) -> BucketPlace:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open."""

    def listed(self) -> list[Listed]:
        with self._told_plainly():
            found = []
            for each in obstore.list_with_delimiter(self._store, self._prefix or None)["objects"]:
                name, etag = each["path"].removeprefix(self._prefix), each["e_tag"] or ""
                found.append(Listed(name, each["size"], each["last_modified"].timestamp(), etag))
            return found

    def read(self, file: Listed, offset: int) -> Iterator[bytes]:
        with self._told_plainly():
            while offset < file.size:
                end = min(offset + _RANGE, file.size)
                options: Any = {"range": (offset, end)}
                if file.etag:
                    options["if_match"] = file.etag
                block = bytes(obstore.get(self._store, self._prefix + file.name, options=options).bytes())
                if not block:
                    return
                offset += len(block)
                yield block

    def _told_plainly(self) -> AbstractContextManager[None]:
        return told_plainly(self._where, "reading", "Check the credential its description names.")


def _stated(values: Mapping[str, str]) -> dict[str, Any]:
    """Without what is empty: of that the environment says, as AWS_ACCESS_KEY_ID does."""
    return {name: value for name, value in values.items() if value}
