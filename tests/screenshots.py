"""`make screenshots`: the README's pictures, of the site of the demonstration that `make run` left; small PNG files.

One is a screen of a desk, as a chief officer sees it without scrolling, the other a chart with what it says in words.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.browser import address, browsing

SITE = Path(".pledge/demo/site")
FOLDER = Path(".ci/screenshots")
SIZE = {"width": 1100, "height": 620}
LARGEST = 120_000


def pages(site: Path) -> dict[str, str]:
    """What is shown: a force's closed month, and a measure with its chart."""
    months = sorted((site / "periods").glob("????-??/norfolk.html"))
    return {
        "month.png": months[-3].relative_to(site).as_posix(),
        "measure.png": "measures/answer_999/norfolk.html#figure.chart",
    }


def main(site: Path) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with browsing() as browser:
        desk = browser.new_context(viewport=SIZE).new_page()  # type: ignore[arg-type]
        for name, page in pages(site).items():
            where, _, place = page.partition("#")
            desk.goto(address(site, where))
            shown = desk.locator(place).first if place else desk
            shown.screenshot(path=FOLDER / name)
            size = (FOLDER / name).stat().st_size
            print(f"{FOLDER / name}: {size:,} bytes of {page}")
            assert size < LARGEST, name


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SITE)
