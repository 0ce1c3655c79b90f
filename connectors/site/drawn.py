"""Charts drawn before, and charts to draw: each is drawn once, by as many processes as there are cores.

A drawing lies at `charts/<fingerprint>.svg` below the site's root: it is what the pages show and may be downloaded.
The fingerprint covers what is drawn, how, and by which version of the drawer.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

from connectors.site import chart_layers, chart_parts, drawing
from connectors.site.charts import Chart
from connectors.site.page import File

FOLDER = "charts"
# Starting a process costs as much as drawing this many charts.
WORTH_A_POOL = 40


@cache
def _drawer() -> str:
    """What decides how the same data look."""
    code = [Path(str(module.__file__)).read_text("utf-8") for module in (drawing, chart_layers, chart_parts)]
    parts = [*code, version("altair"), version("vl-convert-python")]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def address(chart: Chart) -> str:
    """Where the drawing of a chart lies: another drawing, another address."""
    return f"{FOLDER}/{hashlib.sha256((chart.fingerprint + _drawer()).encode()).hexdigest()[:24]}.svg"


class Drawings:
    """The drawings of a site; without a folder they are only kept in memory."""

    def __init__(self, site: Path | None = None, processes: int | None = None) -> None:
        self._site, self._processes = site, processes or os.cpu_count() or 1
        self._kept: dict[str, str] = {}

    def svg(self, chart: Chart) -> str:
        """The drawing: one drawn before where there is one."""
        where = address(chart)
        if where not in self._kept:
            self._kept[where] = self._read(where) or drawing.draw(chart)
        return self._kept[where]

    def file(self, chart: Chart) -> File:
        """The drawing as a file of the site."""
        return File(address(chart), lambda: self.svg(chart).encode(), address(chart), is_linked=False)

    def draw_missing(self, charts: Iterable[Chart]) -> int:
        """Draw those that never were, in several processes where it is worth it; returns how many."""
        missing = {address(chart): chart for chart in charts}
        missing = {
            where: chart for where, chart in missing.items() if not self._read(where) and where not in self._kept
        }
        drawn = self._at_once(list(missing.values()))
        self._kept |= dict(zip(missing, drawn, strict=True))
        return len(missing)

    def _at_once(self, charts: Sequence[Chart]) -> list[str]:
        if len(charts) >= WORTH_A_POOL and self._processes > 1:
            try:  # spawned: a fork of a process that has threads may never come back
                with ProcessPoolExecutor(self._processes, mp_context=get_context("spawn")) as pool:
                    return list(pool.map(drawing.draw, charts, chunksize=8))
            except (AssertionError, BrokenProcessPool, OSError):
                pass  # a worker that may not have processes of its own, or no room for them: one after the other
        return [drawing.draw(chart) for chart in charts]

    def _read(self, where: str) -> str:
        if self._site is None:
            return ""
        try:
            return (self._site / where).read_text("utf-8")
        except OSError:
            return ""
