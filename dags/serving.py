"""A small server for a desk: the files of the site and nothing else, to this machine unless told otherwise."""

from __future__ import annotations

import ipaddress
import re
import sys
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO

from checks.errors import UsageError
from connectors.lake.storage import beside
from connectors.settings import Settings
from connectors.site.building import BUILT

# Everything a page needs comes from the site itself; charts carry style attributes of their own.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; "
    "img-src 'self' data:; font-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
_OWN_NAMES = ("localhost", "127.0.0.1", "[::1]")


def folder(settings: Settings, *, published: bool = False) -> Path:
    """Where the site is built unless `--out` says otherwise: PLEDGE_SITE, or beside the lake; the one for outside
    stands beside the internal one."""
    site = Path(settings.site) if settings.site else beside(settings.lake, "site")
    return site.with_name(f"{site.name}-published") if published else site


class _Site(SimpleHTTPRequestHandler):
    server_version = "pledge"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = 30

    def send_head(self) -> Any:
        """Only files below the site's folder, by GET and HEAD: no listing, no hidden file, no link that leads out."""
        if not self._is_asked_by_name():
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        if not is_built(Path(self.directory)):
            self.send_error(HTTPStatus.SERVICE_UNAVAILABLE, explain="No site is built yet: the first night builds it.")
            return None
        if not self._is_of_the_site():
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def _is_of_the_site(self) -> bool:
        asked = Path(self.translate_path(self.path))
        try:
            inside = asked.resolve().is_relative_to(Path(self.directory).resolve())
            hidden = any(part.startswith(".") for part in asked.relative_to(self.directory).parts)
        except (ValueError, OSError):  # no file can be called that
            return False
        return inside and not hidden and asked.name != BUILT

    def _is_asked_by_name(self) -> bool:
        """A page of another site must not reach this one through a name of its own that leads to this machine."""
        server: Any = self.server
        if not server.is_loopback:
            return True
        return re.sub(r":\d*$", "", self.headers.get("Host") or "") in _OWN_NAMES

    def list_directory(self, path: Any) -> None:
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def copyfile(self, source: BinaryIO, outputfile: BinaryIO) -> None:  # type: ignore[override]
        try:
            super().copyfile(source, outputfile)
        except (BrokenPipeError, ConnectionResetError):  # the reader has gone
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Who reads what is not written down."""


class Server(ThreadingHTTPServer):
    """The server of one folder; `is_loopback` = only this machine can reach it."""

    daemon_threads = True

    def __init__(self, site: Path, host: str, port: int) -> None:
        self.is_loopback = _is_loopback(host)
        super().__init__((host, port), partial(_Site, directory=str(site)))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader who has gone is no fault, and no traceback."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_built(site: Path) -> bool:
    return (site / "index.html").is_file()


def serve(site: Path, host: str, port: int, say: Callable[[str], None], *, waiting: bool = False) -> None:
    """Serve the site until interrupted; `waiting`: also before there is one, every page answering 503 until then.

    Raises:
        UsageError: there is no site in the folder, or the address cannot be listened on.
    """
    if not waiting and not is_built(site):
        do = "Say `pledge report` first, name another with --out, or wait for the first night with --wait."
        raise UsageError(str(site), "there is no site in it", "a site that `pledge report` built", do)
    try:
        server = Server(site, host, port)
    except (OSError, OverflowError) as error:
        found = f"it cannot be listened on ({getattr(error, 'strerror', None) or error})"
        raise UsageError(f"{host}:{port}", found, "a free address of this machine", "Choose another --port.") from None
    with server:
        say(f"http://{host}:{server.server_address[1]}/ shows {site} (stop with Ctrl-C)")
        if not server.is_loopback:
            say("Warning: everybody who reaches this address can read the site; there is no login.")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("stopped.")
