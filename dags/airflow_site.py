"""The site inside Airflow's UI: an Airflow plugin that serves it behind Airflow's own login and roles.

Who may see the DAG `nightly` may see the pages; nobody sees one without a login. A request never names a file: it names
an address, and only the addresses the site's build wrote down are answered.

Every process of Airflow imports this (entry point `airflow.plugins`), so that what takes long is imported by the first
request.
"""

from __future__ import annotations

import json
import mimetypes
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.plugins_manager import AirflowPlugin

from connectors.settings import load
from dags import serving

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import FastAPI

PREFIX = "/pledge"
DAG_THAT_DECIDES = "nightly"
# As a desk's own server has them, but that Airflow shows the pages in a frame; they hold references of cases: no copy
# is kept on the way.
_CSP = "Content-Security-Policy"
HEADERS = serving.HEADERS | {
    _CSP: serving.HEADERS[_CSP].replace("frame-ancestors 'none'", "frame-ancestors 'self'"),
    "X-Frame-Options": "SAMEORIGIN",
    "Cache-Control": "private, no-store",
}


class SiteBehindLogin:
    """An ASGI application that is made when it is first asked."""

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder = folder
        self._app: FastAPI | None = None

    async def __call__(self, scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        if self._app is None:
            self._app = _application(self._folder)
        await self._app(scope, receive, send)


def _application(folder: Callable[[], Path]) -> FastAPI:
    from airflow.api_fastapi.core_api.security import requires_access_dag
    from fastapi import Depends, FastAPI
    from fastapi.responses import FileResponse, PlainTextResponse, RedirectResponse, Response

    allowed = Depends(requires_access_dag(method="GET", param_dag_id=DAG_THAT_DECIDES))
    app = FastAPI(dependencies=[allowed], docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/{address:path}")
    @app.head("/{address:path}")
    def page(address: str) -> Response:
        if not address.strip("/"):
            return RedirectResponse(f"{_root()}{PREFIX}/index.html", headers=HEADERS)
        site = folder()
        if address not in built(site):
            said = (
                "There is no such page." if (site / "built.json").exists() else "No site was built yet: pledge report."
            )
            return PlainTextResponse(said, status_code=404, headers=HEADERS)
        kind = mimetypes.guess_type(address)[0] or "application/octet-stream"
        return FileResponse(site / address, media_type=kind, headers=HEADERS)

    return app


def _root() -> str:
    """The path Airflow itself is served below, '' for none."""
    from airflow.api_fastapi.app import get_cookie_path

    return get_cookie_path().rstrip("/")


def built(site: Path) -> frozenset[str]:
    """The addresses of the site in a folder, as its build wrote them down; none where there is no site."""
    try:
        return frozenset(json.loads((site / "built.json").read_text("utf-8"))["pages"])
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()


def _site() -> Path:
    return serving.folder(load(os.environ))


class PolicingPledgePlugin(AirflowPlugin):
    """The pages in Airflow's navigation."""

    name = "policing_pledge"
    fastapi_apps = [{"app": SiteBehindLogin(_site), "url_prefix": PREFIX, "name": "Policing Pledge"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {
            "name": "Policing Pledge",
            "href": f"{PREFIX}/index.html",
            "destination": "nav",
            "url_route": "policing-pledge",
        }
    ]
