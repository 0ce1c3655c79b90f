"""Which code is running, told from its own files: a commit says nothing in an image, nor of files edited since."""

from __future__ import annotations

import hashlib
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

_ROOT = Path(__file__).parents[1]
LOCK = _ROOT / "requirements.lock"
_FOLDERS = ("checks", "connectors", "dags", "expectations")
_ENDINGS = (".py", ".sql", ".yaml")


@cache
def code_hash(root: Path = _ROOT) -> str:
    """SHA-256 of every file that may decide a figure: our code, SQL and standards by path, and the lock."""
    digest = hashlib.sha256()
    files = [path for folder in _FOLDERS for path in (root / folder).rglob("*") if path.suffix in _ENDINGS]
    for path in sorted([*files, root / LOCK.name]):
        content = path.read_bytes() if path.exists() else b""
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


@cache
def code_version(root: Path = _ROOT) -> str:
    """The package's version with the commit, or with the hash of its files where they are no commit's as they stand."""
    said = version("policing-pledge")
    try:
        changed = _git(root, "status", "--porcelain", "--", *_FOLDERS, LOCK.name)
        commit = "" if changed else _git(root, "rev-parse", "--short=12", "HEAD")
    except (OSError, subprocess.SubprocessError):
        commit = ""
    return f"{said}+{commit or 'sha256.' + code_hash(root)[:12]}"


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "--no-optional-locks", *arguments], cwd=root, capture_output=True, text=True, timeout=10, check=True
    )
    return done.stdout.strip()
