"""The lake as a run saw it: its logs at the versions it judged, and cases of its own in a folder beside."""

from __future__ import annotations

from collections.abc import Mapping

from deltalake import DeltaTable

from checks.logs import LOGS
from connectors.lake.tables import Lake


class PinnedLake(Lake):
    """Reads the logs of another lake at fixed versions and keeps its own cases in `scratch`, so that a run can be
    judged again and nothing of it is written where the run was.
    """

    def __init__(self, of: Lake, versions: Mapping[str, int], scratch: str) -> None:
        super().__init__(scratch)
        self._of = of
        self._pinned = {name: version for name, version in versions.items() if name in LOGS}

    def _uri(self, name: str) -> str:
        return f"{self._of.location}/{name}" if name in LOGS else super()._uri(name)

    def table(self, name: str, version: int | None = None) -> DeltaTable | None:
        if name not in LOGS:
            return super().table(name, version)
        return super().table(name, self._pinned[name]) if name in self._pinned else None

    def versions(self) -> dict[str, int]:
        return dict(self._pinned)
