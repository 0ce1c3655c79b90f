"""What a description says of a place where files are dropped, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from connectors.sources.http.connection import checked_url
from connectors.sources.stated import values_of, wrong

SFTP = "sftp"
BUCKETS = ("s3", "az", "gs")
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


@dataclass(frozen=True)
class DropConnection:
    """A folder of an SFTP server, or a prefix of a bucket: sftp://host/folder, s3://, az:// or gs://bucket/prefix.

    Attributes:
        user, secret, key: who asks; `secret` and `key` name environment variables, or `airflow:` and a connection's
            id. For SFTP a password and a private key (its text or its file's path; the password is its passphrase),
            for a bucket the id of the access key and the key; without them a bucket's environment says.
        host_key: the server's fingerprint; '' = the user's known_hosts has it.
        done: the ending of a second file that says that the first is whole, such as `.done`.
        settle_seconds: how long a new file must stand still before it is taken; 0 where files are renamed into place.
        endpoint, region: of a bucket that is not the cloud's own.
    """

    url: str
    user: str = ""
    secret: str = ""
    key: str = ""
    host_key: str = ""
    done: str = ""
    settle_seconds: int = 10
    endpoint: str = ""
    region: str = ""
    plain_http: bool = False
    timeout_seconds: float = 30.0
    whole_seconds: float = 7200.0
    max_file_mb: float = 4000.0

    @property
    def scheme(self) -> str:
        return urlsplit(self.url).scheme


def read_drop_connection(where: str, stated: Mapping[str, Any]) -> DropConnection:
    """The connection of a description's front matter; raises UsageError when a part of it is wrong."""
    where = f"{where}, connection"
    values = values_of(where, stated, DropConnection, {"url": "drops"})
    connection = DropConnection(**{**values, "url": checked_drop_url(where, values["url"])})
    if connection.host_key and not _FINGERPRINT.fullmatch(connection.host_key):
        raise wrong(where, "host_key is no fingerprint", "SHA256: and 43 signs, as ssh-keygen -lf says")
    if connection.endpoint:
        checked_url(where, connection.endpoint, connection.plain_http)
    if connection.scheme in BUCKETS and (connection.host_key or connection.key):
        raise wrong(where, "a bucket has no host_key or key", "user and secret, or the environment's own")
    if connection.user and not (connection.secret or connection.key):
        raise wrong(where, "user stands alone", "secret: or key:, which name its credential")
    return connection


def checked_drop_url(where: str, url: str) -> str:
    """An address drops are taken from; raises UsageError for any other."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in (SFTP, *BUCKETS) or not parts.hostname or parts.query or parts.fragment:
        raise wrong(where, "the address is none", "one such as sftp://drops.norfolk.example/out or s3://bucket/out")
    if parts.username is not None or parts.password is not None:
        raise wrong(where, "the address holds a user or password", "user: and secret:")
    if ".." in parts.path.split("/"):
        raise wrong(where, "the address leads upwards", "a folder without ..")
    return url
