"""An S3 server for tests: moto's, in a process of its own, behind a door that counts requests and can misbehave.

`PUT /_door` with `{"method": "GET", "matching": ".parquet", "times": 2, "answer": 500}` makes the next so many requests
that match be answered so (500, 403 …), "cut" after half of the body, without heed of a condition ("overwrite"), or held
for some "seconds". `GET /_door` gives the requests so far, as `METHOD path`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import httpx

from tests.airflow_processes import free_port

KEY, SECRET = "AKIAOFTHESETESTS", "the-secret-of-these-tests"


@dataclass(frozen=True)
class BucketServer:
    url: str

    @property
    def environ(self) -> dict[str, str]:
        """What a user sets to reach it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
        }

    def make(self, bucket: str) -> None:
        httpx.put(f"{self.url}/{bucket}").raise_for_status()

    def keep_old_versions(self, bucket: str) -> None:
        said = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        httpx.put(f"{self.url}/{bucket}?versioning", content=said).raise_for_status()

    def misbehave(self, **how: Any) -> None:
        httpx.put(f"{self.url}/_door", json=how).raise_for_status()

    def behave(self) -> None:
        self.misbehave(times=0)

    def asked(self, beginning: str = "", ending: str = "") -> list[str]:
        found: list[str] = httpx.get(f"{self.url}/_door").json()
        return [each for each in found if each.startswith(beginning) and each.endswith(ending)]


@contextmanager
def bucket_server() -> Iterator[BucketServer]:
    server = BucketServer(f"http://127.0.0.1:{free_port()}")
    process = subprocess.Popen([sys.executable, "-m", __name__, server.url.rpartition(":")[2]])
    try:
        for _ in range(300):
            try:
                httpx.get(f"{server.url}/_door")
                break
            except httpx.TransportError:
                assert process.poll() is None, "the server ended"
                time.sleep(0.1)
        yield server
    finally:
        process.kill()
        process.wait()


class _Door:
    """A WSGI application before another."""

    def __init__(self, behind: Any) -> None:
        self._behind, self._asked, self._how = behind, [], {"times": 0}
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], unquote(environ["PATH_INFO"])
        if path == "/_door":
            return self._told(method, environ, start_response)
        how = self._next(method, path)
        if "seconds" in how:
            time.sleep(how["seconds"])
        if isinstance(how.get("answer"), int):
            start_response(f"{how['answer']} Misbehaving", [("Content-Type", "application/xml")])
            return [b"<Error><Code>Misbehaving</Code></Error>"]
        if how.get("answer") == "overwrite":
            environ.pop("HTTP_IF_NONE_MATCH", None)
        answer = self._behind(environ, start_response)
        if how.get("answer") == "cut":
            whole = b"".join(answer)
            return iter([whole[: len(whole) // 2]])
        return answer  # type: ignore[no-any-return]

    def _told(self, method: str, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if method == "PUT":
            self._how = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(self._asked).encode()]

    def _next(self, method: str, path: str) -> dict[str, Any]:
        with self._lock:
            self._asked.append(f"{method} {path}")
            how = self._how
            concerned = method == how.get("method", method) and how.get("matching", "") in path
            if not concerned or how["times"] <= 0:
                return {}
            self._how = {**how, "times": how["times"] - 1}
            return how


def main() -> None:
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Silent(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_: Any) -> None:
            return

    app = _Door(DomainDispatcherApplication(create_backend_app))
    make_server("127.0.0.1", int(sys.argv[1]), app, threaded=True, request_handler=Silent).serve_forever()


if __name__ == "__main__":
    main()
