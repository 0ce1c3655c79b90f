"""The desk's server: the site's files and nothing else."""

from __future__ import annotations

import http.client
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.errors import UsageError
from dags.serving import HEADERS, Server, serve

Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "periods" / "2026-03").mkdir(parents=True)
    (folder / "index.html").write_text("<p>first</p>")
    (folder / "site.css").write_text("p {}")
    (folder / "built.json").write_text("{}")
    (folder / ".index.html.9.part").write_text("half")
    (folder / "periods" / "2026-03" / "norfolk.html").write_text("<p>norfolk</p>")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.fixture
def port(site: Path) -> Iterator[int]:
    with Server(site, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def ask(port: int, path: str, method: str = "GET", host: str = "") -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host or f"127.0.0.1:{port}")
    connection.endheaders()
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return found


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/", b"<p>first</p>"),
        ("/index.html", b"<p>first</p>"),
        ("/index.html?q=norfolk", b"<p>first</p>"),
        ("/periods/2026-03/norfolk.html", b"<p>norfolk</p>"),
        ("/site.css", b"p {}"),
    ],
)
def test_the_site_is_served_with_a_policy_that_loads_nothing_from_elsewhere(
    port: int, path: str, content: bytes
) -> None:
    status, headers, said = ask(port, path)
    assert (status, said) == (200, content)
    assert HEADERS.items() <= headers.items()
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "Python" not in headers["Server"]


@pytest.mark.parametrize(
    "path",
    [
        "/periods/", "/periods/2026-03/", "/built.json", "/.index.html.9.part", "/../secret.txt", "/%2e%2e/secret.txt",
        "/..%2fsecret.txt", "/out.txt", "/nothing.html", "//etc/passwd", "/%00", "/periods/../built.json",
        f"/{'x' * 5000}",
    ],
)  # fmt: skip
def test_nothing_else_is(port: int, path: str) -> None:
    status, headers, said = ask(port, path)
    assert status == 404
    assert b"secret" not in said and b"half" not in said
    assert "default-src 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_it_only_reads(port: int, method: str) -> None:
    assert ask(port, "/index.html", method)[0] == 501


def test_head_has_no_body(port: int) -> None:
    assert ask(port, "/index.html", "HEAD")[::2] == (200, b"")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200), ("localhost:8008", 200), ("127.0.0.1", 200), ("[::1]:80", 200), ("[::1]", 200),
        ("evil.example", 421), ("evil.example:8008", 421), ("127.0.0.1.evil.example", 421),
    ],
)  # fmt: skip
def test_a_stranger_s_name_for_this_machine_is_refused(port: int, host: str, status: int) -> None:
    assert ask(port, "/index.html", host=host)[0] == status


def test_a_reader_who_has_gone_leaves_no_traceback(port: int, capfd: pytest.CaptureFixture[str]) -> None:
    before = set(threading.enumerate())
    with socket.create_connection(("127.0.0.1", port), timeout=10) as reader:
        # Closed at once and unread: the server's next read is reset.
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        reader.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        reader.recv(1)
        answering = set(threading.enumerate()) - before
    for thread in answering:
        thread.join(10)
    assert answering
    assert ask(port, "/")[0] == 200
    assert capfd.readouterr().err == ""


def test_a_folder_without_a_site_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no site in it"):
        serve(tmp_path, "127.0.0.1", 0, print)


def test_a_site_that_is_still_to_be_built_can_be_waited_for(site: Path, port: int) -> None:
    (site / "index.html").rename(site / "later.html")
    status, headers, said = ask(port, "/")
    assert (status, b"first night" in said) == (503, True)
    assert HEADERS.items() <= headers.items()
    assert ask(port, "/site.css")[0] == 503
    (site / "later.html").rename(site / "index.html")
    assert ask(port, "/")[::2] == (200, b"<p>first</p>")


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "1.2.3.4.5"])
def test_an_address_that_cannot_be_listened_on_is_one_sentence(site: Path, host: str) -> None:
    with pytest.raises(UsageError, match="cannot be listened on"):
        serve(site, host, 0, print)


def test_a_port_that_is_taken_is_one_sentence(site: Path, port: int) -> None:
    with pytest.raises(UsageError, match="cannot be listened on"):
        serve(site, "127.0.0.1", port, print)
