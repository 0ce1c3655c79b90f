"""A real Chromium for tests of pages: Debian's, driven by Playwright; it asks the network for nothing of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-lcd-text",
)  # fmt: skip
NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """The path of a Chromium of this machine, '' where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), "")


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser; the test is skipped on a machine without Chromium."""
    path = chromium()
    if not path:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium; .ci/run does so)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


def address(site: Path, page: str) -> str:
    return (site / page).resolve().as_uri()
