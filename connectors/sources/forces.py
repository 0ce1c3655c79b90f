"""Reference data on forces: what a force is called, where it is and which clock it lives by; replaceable."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from checks.errors import UsageError

SHIPPED = Path(__file__).with_suffix(".yaml")
DEFAULT_ZONE = "Europe/London"


@dataclass(frozen=True)
class Force:
    """One force; `most_similar` are the slugs of its most similar forces, empty where nobody has stated them."""

    slug: str
    name: str
    nation: str
    zone: str
    most_similar: tuple[str, ...] = ()


def load(path: Path | None = None) -> dict[str, Force]:
    """Read the reference file (the shipped one by default); raises UsageError when it cannot be used."""
    path = path or SHIPPED
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
        zone = content.get("zone", DEFAULT_ZONE)
        return {slug: _force(slug, entry, zone) for slug, entry in content["forces"].items()}
    except (OSError, UnicodeDecodeError) as error:
        raise _refusal(path, "it cannot be read") from error
    # Before KeyError, which a zone that is not found is too.
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise _refusal(path, f"a zone in it is no time zone ({error.args[0] if error.args else ''})") from error
    except (yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
        raise _refusal(path, "it is not reference data on forces") from error


def _refusal(path: Path, found: str) -> UsageError:
    expected = "a file like connectors/sources/forces.yaml"
    return UsageError(str(path), found, expected, "Correct it or unset PLEDGE_FORCES.")


def _force(slug: str, entry: dict[str, object], zone: str) -> Force:
    own = str(entry.get("zone", zone))
    ZoneInfo(own)
    similar = entry.get("most_similar") or {}
    named = similar.get("forces", ()) if isinstance(similar, dict) else ()
    return Force(slug, str(entry["name"]), str(entry.get("nation", "")), own, tuple(named))


def zone_of(forces: dict[str, Force], slug: str) -> str:
    """The time zone whose days and months a force's figures are counted in."""
    return forces[slug].zone if slug in forces else DEFAULT_ZONE
