"""`make screenshots`: the README's pictures, of the site of the demonstration that `make run` left; small PNG files.

Each is one screen of a desk, as a chief officer sees it without scrolling.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.browser import address, browsing

SITE = Path(".pledge/demo/site")
FOLDER = Path(".ci/screenshots")
SIZE = {"width": 1000, "height": 740}
LARGEST = 120_000


def pages(site: Path) -> dict[str, str]:
    """What is shown: a force's closed month, and a measure with its chart."""
    months = sorted((site / "periods").glob("????-??/norfolk.html"))
    return {
        "month.png": months[-3].relative_to(site).as_posix(),
        "measure.png": "measures/answer_999/norfolk.html",
    }


def main(site: Path) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with browsing() as browser:
        desk = browser.new_context(viewport=SIZE).new_page()  # type: ignore[arg-type]
        for name, page in pages(site).items():
            where, _, place = page.partition("#")
            desk.goto(address(site, where) + (f"#{place}" if place else ""))
            desk.screenshot(path=FOLDER / name)
            size = (FOLDER / name).stat().st_size
            print(f"{FOLDER / name}: {size:,} bytes of {page}")
            assert size < LARGEST, name


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SITE)
