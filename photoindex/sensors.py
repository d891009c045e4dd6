"""Temperature and battery, where the kernel tells them: plain functions over a sysfs, `/sys` or a folder like it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SYSFS = Path("/sys")

_BELIEVED_CELSIUS = range(1, 126)
"""Sensors that are not connected say 0, -274 or 127."""


@dataclass(frozen=True)
class Heat:
    """The hottest part of the machine."""

    celsius: int
    sensor: str
    """As the kernel calls it: `x86_pkg_temp`."""


@dataclass(frozen=True)
class Battery:
    """What the machine runs on."""

    discharging: bool
    percent: int
    """Of its charge; the lowest where there are several."""


def hottest(sysfs: Path = SYSFS) -> Heat | None:
    """The hottest thermal zone, or None where none can be read."""
    found = []
    for zone in _entries(sysfs / "class" / "thermal", "thermal_zone*"):
        millidegrees = _number(zone / "temp")
        if millidegrees is not None and millidegrees // 1000 in _BELIEVED_CELSIUS:
            found.append(Heat(millidegrees // 1000, _text(zone / "type") or zone.name))
    return max(found, key=lambda heat: heat.celsius, default=None)


def battery(sysfs: Path = SYSFS) -> Battery | None:
    """The state of the batteries that feed the machine, or None where there is none; those of a mouse don't count."""
    batteries: list[tuple[str | None, int]] = []
    for supply in _entries(sysfs / "class" / "power_supply", "*"):
        percent = _number(supply / "capacity")
        if _text(supply / "type") == "Battery" and _text(supply / "scope") != "Device" and percent is not None:
            batteries.append((_text(supply / "status"), percent))
    if not batteries:
        return None
    return Battery(
        discharging=any(status == "Discharging" for status, _ in batteries),
        percent=min(percent for _, percent in batteries),
    )


def _entries(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:  # a driver that has nothing to say answers with an error
        return None


def _number(path: Path) -> int | None:
    try:
        return int(_text(path) or "")
    except ValueError:
        return None
