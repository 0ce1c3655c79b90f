"""A real SFTP server (asyncssh) over a folder, for one user, with a password and a key.

with SftpServer(folder) as server:
    server.cut_after = 100_000        # the line is cut after so many bytes of a read
"""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import asyncssh

USER, PASSWORD = "pledge", "s3cret"


class SftpServer:
    """Start with `with`; `url` is the folder's address, `host_key` its fingerprint, `key` a private key it accepts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cut_after = 0
        self.read = 0
        self.pause = 0.0
        self.before_read: Any = lambda path: None
        self._loop = asyncio.new_event_loop()
        self._host = asyncssh.generate_private_key("ssh-ed25519")
        self._user = asyncssh.generate_private_key("ssh-ed25519")

    @property
    def host_key(self) -> str:
        return self._host.get_fingerprint()

    @property
    def key(self) -> str:
        return self._user.export_private_key().decode()

    def known_hosts_line(self) -> str:
        return f"[127.0.0.1]:{self.port} {self._host.export_public_key().decode()}"

    @property
    def url(self) -> str:
        return f"sftp://127.0.0.1:{self.port}/"

    def __enter__(self) -> SftpServer:
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._server = self._in_loop(self._listen())
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        async def close() -> None:
            self._server.close()

        self._in_loop(close())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _in_loop(self, task: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(task, self._loop).result(20)

    async def _listen(self) -> Any:
        outer = self

        class Login(asyncssh.SSHServer):
            def connection_made(self, conn: Any) -> None:
                self.conn = conn

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == (USER, PASSWORD)

            def public_key_auth_supported(self) -> bool:
                return True

            def validate_public_key(self, username: str, key: Any) -> bool:
                return username == USER and key == outer._user.convert_to_public()

        class Files(asyncssh.SFTPServer):
            def __init__(self, chan: Any) -> None:
                super().__init__(chan, chroot=str(outer.folder).encode())
                self.chan = chan

            def open(self, path: bytes, pflags: int, attrs: Any) -> Any:
                outer.before_read(path.decode())
                return super().open(path, pflags, attrs)

            async def read(self, file_obj: Any, offset: int, size: int) -> bytes:
                if outer.pause:
                    await asyncio.sleep(outer.pause)
                if outer.cut_after and outer.read >= outer.cut_after:
                    outer.cut_after = 0
                    self.chan.get_connection().abort()
                    return b""
                outer.read += size
                return super().read(file_obj, offset, size)  # type: ignore[return-value]

        return await asyncssh.create_server(
            Login, "127.0.0.1", 0, server_host_keys=[self._host], sftp_factory=Files, allow_scp=False
        )
