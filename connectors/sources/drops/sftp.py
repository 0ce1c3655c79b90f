"""Drops in a folder of an SFTP server: only one whose host key is known is told who asks."""

from __future__ import annotations

import base64
import hashlib
import io
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import paramiko

from checks.errors import NotAnsweringError, PledgeError, UsageError
from connectors.sources.credential import Login
from connectors.sources.drops.connection import DropConnection
from connectors.sources.drops.place import Listed

# As much as every server answers at once, and as much as is asked for before the first answer is waited for.
_BLOCK = 1 << 15
_WINDOW = 1 << 22
_PORT = 22


class SftpPlace:
    """A folder of an SFTP server."""

    grows = True

    def __init__(self, url: str, connection: DropConnection, login: Login) -> None:
        parts = urlsplit(url)
        self._host, self._port = str(parts.hostname), parts.port or _PORT
        # sftp://host/out is a folder of the user's own; sftp://host//data/out is counted from the root, as in curl.
        self._folder = unquote(parts.path)[1:] or "."
        self._where = f"sftp://{self._host}:{self._port}/{self._folder}"
        self._connection, self._login = connection, login
        self._client: paramiko.SSHClient | None = None

    def __enter__(self) -> SftpPlace:
        client = paramiko.SSHClient()
        if self._connection.host_key:
            client.set_missing_host_key_policy(_ByFingerprint(self._where, self._connection.host_key))
        else:
            known = Path("~/.ssh/known_hosts").expanduser()
            if known.is_file():
                client.load_host_keys(str(known))
            client.set_missing_host_key_policy(_ByFingerprint(self._where, ""))
        seconds = self._connection.timeout_seconds
        with self._told_plainly():
            try:
                client.connect(
                    self._host, self._port, self._login.user or None, self._login.password or None, pkey=self._key(),
                    timeout=seconds, banner_timeout=seconds, auth_timeout=seconds, channel_timeout=seconds,
                    allow_agent=False, look_for_keys=False,
                )  # fmt: skip
                self._sftp = client.open_sftp()
            except BaseException:
                client.close()
                raise
        self._client = client
        channel = self._sftp.get_channel()
        assert channel, "an open one has a channel"
        channel.settimeout(seconds)
        return self

    def __exit__(self, *_: object) -> None:
        if self._client:
            self._client.close()

    def _key(self) -> paramiko.PKey | None:
        if not self._login.key:
            return None
        text = self._login.key
        try:
            text = text if "-----BEGIN" in text else Path(text).expanduser().read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise UsageError(self._where, "its private key's file cannot be read", "one", "Correct it.") from None
        for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
            try:
                return kind.from_private_key(io.StringIO(text), self._login.password or None)
            except (paramiko.SSHException, ValueError):
                continue
        found, do = "its private key cannot be read", "Check the key, and the secret that is its passphrase."
        raise UsageError(self._where, found, "an Ed25519, ECDSA or RSA key", do)

    def listed(self) -> list[Listed]:
        with self._told_plainly():
            found = []
            for each in self._sftp.listdir_iter(self._folder):
                if stat.S_ISREG(each.st_mode or 0):
                    found.append(Listed(each.filename, int(each.st_size or 0), float(each.st_mtime or 0)))
            return found

    def read(self, file: Listed, offset: int) -> Iterator[bytes]:
        with self._told_plainly(), self._sftp.open(f"{self._folder}/{file.name}", "rb") as remote:
            while offset < file.size:
                # What came since it was listed is no part of it.
                end = min(offset + _WINDOW, file.size)
                for block in remote.readv([(at, min(_BLOCK, end - at)) for at in range(offset, end, _BLOCK)]):
                    offset += len(block)
                    yield block
                if offset < end:
                    return

    @contextmanager
    def _told_plainly(self) -> Iterator[None]:
        try:
            yield
        except PledgeError:
            raise
        except paramiko.BadHostKeyException as error:
            raise _unknown_host(self._where, error.key, "known_hosts has another") from None
        except (paramiko.AuthenticationException, paramiko.PasswordRequiredException):
            do = "Check the user, and the secret or key it names."
            raise UsageError(self._where, "the user, the password or the key is refused", "a login", do) from None
        except FileNotFoundError:
            raise UsageError(self._where, "there is no such folder or file", "one", "Correct its address.") from None
        except PermissionError:
            do = "Let its operator grant reading."
            raise UsageError(self._where, "it may not be read", "a folder this user may read", do) from None
        except (paramiko.SSHException, OSError, EOFError) as error:
            found = f"no whole answer ({type(error).__name__})"
            raise NotAnsweringError(self._where, found, "an SFTP server", "Run again.") from None


class _ByFingerprint(paramiko.MissingHostKeyPolicy):
    """No key is ever added: it is the stated one, or nothing is said to the server."""

    def __init__(self, where: str, expected: str) -> None:
        self._where, self._expected = where, expected

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        if not self._expected:
            raise _unknown_host(self._where, key, "neither host_key nor known_hosts has it")
        if fingerprint(key) != self._expected:
            raise _unknown_host(self._where, key, "host_key is another")


def fingerprint(key: paramiko.PKey) -> str:
    """As `ssh-keygen -lf` says it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")


def _unknown_host(where: str, key: paramiko.PKey, why: str) -> UsageError:
    found = f"its host key is {fingerprint(key)} ({key.get_name()}), and {why}"
    return UsageError(where, found, "the key its operator told you", "Ask its operator; state it as host_key.")
