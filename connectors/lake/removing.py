"""The only vacuum there is: files that held erased records, and what Delta's own log says of their content.

Delta's vacuum would take every old version of every force with it, so that no earlier run could be judged again. Here
only the files named go. The log keeps their names, by which the audit chain knows them; the statistics of their
columns, which repeat values, are taken out of it, and checkpoints are made anew.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from urllib.parse import unquote

from connectors.lake.storage import Storage
from connectors.lake.tables import Lake


def remove(lake: Lake, name: str, paths: Collection[str]) -> None:
    """Remove data files (below the lake) of a table for good; what is gone already is passed over.

    Half-written files of killed writers go too, however young: nobody can tell what they hold.
    """
    storage = lake.storage
    for path in paths:
        storage.remove(path)
    for path in storage.listed(name):
        if ".parquet#" in path or path.endswith(".tmp"):
            storage.remove(path)
    files, log = {path.removeprefix(f"{name}/") for path in paths}, storage.listed(f"{name}/_delta_log")
    for path in log:
        if path.endswith(".json"):
            _without_statistics(storage, path, files)
    _checkpoint_again(lake, name, log)
    lake.forget(name)


def _without_statistics(storage: Storage, path: str, files: Collection[str]) -> None:
    """Take the statistics of some files out of one commit."""
    lines = b"".join(storage.read(path)).decode().splitlines()
    kept = [_redacted(line, files) for line in lines]
    if kept != lines:
        storage.replace(path, "\n".join([*kept, ""]).encode())


def _redacted(line: str, files: Collection[str]) -> str:
    action = json.loads(line) if line.strip() else {}
    for kind in ("add", "remove"):
        said = action.get(kind)
        if said and "stats" in said and unquote(said["path"]) in files:
            del said["stats"]
            return json.dumps(action, separators=(",", ":"))
    return line


def _checkpoint_again(lake: Lake, name: str, log: Collection[str]) -> None:
    old = [path for path in log if ".checkpoint." in path or path.endswith("_last_checkpoint")]
    for path in old:
        lake.storage.remove(path)
    if old:
        lake.forget(name)
        table = lake.table(name)
        assert table, "it has a log"
        table.create_checkpoint()
