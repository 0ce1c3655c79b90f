"""A local server that answers as data.police.uk does, from the sample answers of ../shared/data/police_uk_json.

    with PoliceUkServer() as server:
        server.next("leicestershire/NC04/people", Fails(503), Limits(0))   # what the next requests get
        server.places["leicestershire"]["NC04"]["events"] = []             # what is published from now on

It knows nothing of the product. Every answer has an ETag; `asked` lists (path, was it asked for news only).
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.slack_server import Drops, Fails, Limits, Waits

SAMPLES = Path(__file__).parents[2] / "shared" / "data" / "police_uk_json"
Place = dict[str, Any]


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text("utf-8-sig"))


def shipped_places() -> dict[str, dict[str, Place]]:
    """Forces and their neighbourhoods, every sample answer once where the API would give it."""
    castle, met = sample("neighbourhood"), sample("PoliceUK.NET_Neighbourhood")
    priorities = [sample(f"neighbourhood-priority{kind}") for kind in ("", "-no-action", "-html")]
    officers = [sample("police-officer"), sample("police-officer-nulls")]
    team = sample("PoliceUK.NET_NeighbourhoodTeam.Multiple")
    events = sample("PoliceUK.NET_NeighbourhoodEvents.Multiple")

    def place(page: Any, people: Any, events: Any, priorities: Any, **changed: Any) -> Place:
        return {"page": {**page, **changed}, "people": people, "events": events, "priorities": priorities}

    html, odd = sample("neighbourhood-html-in-name"), sample("neighbourhood-invalid-population")
    unreachable = {"contact_details": sample("contact-details-none"), "locations": []}
    everywhere = {
        "contact_details": sample("contact-details"),
        "locations": [sample("neighbourhood-location"), sample("neighbourhood-location-null-coordinates")],
    }
    return {
        "leicestershire": {
            sample("neighbourhood-reference")["id"]: place(castle, officers, [], priorities),
            "NC05": place(html, officers[1:], events[:1], priorities[:1], id="NC05"),
            "NC06": place(odd, [], [], priorities[1:2], id="NC06", **unreachable),
        },
        "metropolitan": {
            met["id"]: place(met, team, events, []),
            sample("neighbourhood-policing-team")["neighbourhood"]: place(met, [], [], priorities, **everywhere),
        },
    }


class PoliceUkServer:
    """Start with `with`; `url` is the base address."""

    def __init__(self, places: dict[str, dict[str, Place]] | None = None) -> None:
        self.places = deepcopy(places) if places is not None else shipped_places()
        self.asked: list[tuple[str, bool]] = []
        self.headers: list[dict[str, str]] = []
        self.before: Callable[[str], None] = lambda path: None
        self.other: dict[str, Any] = {}
        self._script: dict[str, deque[Any]] = defaultdict(deque)

    def __enter__(self) -> PoliceUkServer:
        self._server = _Quiet(("127.0.0.1", 0), type("Handler", (_Handler,), {"api": self}))
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/api/"

    def next(self, path: str, *behaviours: Any) -> None:
        self._script[path].extend(behaviours)

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def behaviour(self, path: str) -> Any:
        return self._script[path].popleft() if self._script[path] else None

    def answer(self, path: str) -> Any:
        """What lies at a path; None = nothing."""
        if path in self.other:
            found = self.other[path]
            return found() if callable(found) else found
        parts = [unquote(part) for part in path.split("?")[0].split("/")]
        if parts == ["forces"]:
            return [{"id": slug, "name": slug.title()} for slug in self.places]
        if parts[1:] == ["neighbourhoods"]:
            own = self.places.get(parts[0], {})
            return [{"id": name, "name": place["page"]["name"]} for name, place in own.items()]
        place = self.places.get(parts[0], {}).get(parts[1] if len(parts) > 1 else "", {})
        return place.get(parts[2] if len(parts) > 2 else "page")


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is part of the play."""


class _Handler(BaseHTTPRequestHandler):
    api: PoliceUkServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        path = parts.path.removeprefix("/api/") + (f"?{parts.query}" if parts.query else "")
        self.api.before(path)
        self.api.asked.append((path, "If-None-Match" in self.headers))
        self.api.headers.append({name.lower(): value for name, value in self.headers.items()})
        match self.api.behaviour(path):
            case Limits(retry_after):
                return self._say(429, b"slow down", {"Retry-After": str(retry_after)})
            case Fails(status=status):
                return self._say(status, b"<html>upstream error</html>")
            case Drops():
                return self._say(200, b'[{"cut', length=100_000)
            case Waits(seconds):
                time.sleep(seconds)
            case (int() as status, dict() as headers, bytes() as body):
                return self._say(status, body, headers)
            case bytes() as body:
                return self._say(200, body)
        found = self.api.answer(path)
        if found is None:
            return self._say(404, b"Not Found")
        body = json.dumps(found).encode("utf-8-sig")  # the mark at its beginning is one of the samples' traps
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if self.headers.get("If-None-Match") == etag:
            return self._say(304, b"")
        return self._say(200, body, {"ETag": etag})

    def _say(self, status: int, body: bytes, headers: dict[str, str] | None = None, length: int | None = None) -> None:
        self.send_response(status)
        if status != 304:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(length or len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        if length:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Silent: tests read `asked`."""
