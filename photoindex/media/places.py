"""Where a photo was taken, from its GPS tags; a position that can't be is none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from photoindex.media.exif import GpsTag, Value

_LOWEST_M, _HIGHEST_M = -12_000, 1_000_000  # from the deepest sea to beyond a space station


@dataclass(frozen=True)
class Position:
    """Degrees (north and east positive) and metres above sea level; latitude and longitude come together."""

    latitude: float | None = None
    longitude: float | None = None
    altitude_m: float | None = None


def read_position(gps: Mapping[int, Value]) -> Position:
    """The position in a GPS directory. Never raises."""
    altitude = _altitude(gps)
    latitude = _degrees(gps.get(GpsTag.LATITUDE), _sign(gps.get(GpsTag.LATITUDE_REF), b"N", b"S"), 90)
    longitude = _degrees(gps.get(GpsTag.LONGITUDE), _sign(gps.get(GpsTag.LONGITUDE_REF), b"E", b"W"), 180)
    return checked_position(latitude, longitude, altitude)


def checked_position(latitude: float | None, longitude: float | None, altitude_m: float | None) -> Position:
    """A position of what was read, without what can't be. Never raises."""
    if altitude_m is not None and not _LOWEST_M <= altitude_m <= _HIGHEST_M:
        altitude_m = None
    # Cameras without a fix write 0, 0: a spot in the ocean with many photos and no visitors.
    if latitude is None or longitude is None or latitude == longitude == 0:
        return Position(altitude_m=altitude_m)
    # Neither is true of NaN.
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return Position(altitude_m=altitude_m)
    return Position(latitude, longitude, altitude_m)


def _sign(reference: Value | None, positive: bytes, negative: bytes) -> int:
    """1, -1, or 0 when the hemisphere is unknown: then the position may be a world away from the truth."""
    letter = reference.strip(b"\0 ")[:1].upper() if isinstance(reference, bytes) else b""
    return {positive: 1, negative: -1}.get(letter, 0)


def _degrees(value: Value | None, sign: int, limit: int) -> float | None:
    """Decimal degrees of up to three numbers: degrees, minutes, seconds."""
    if not isinstance(value, tuple) or not sign:
        return None
    # Some write no seconds, or 0/0 for them.
    parts = [*value[:1], *(0.0 if math.isnan(part) else part for part in value[1:3])]
    if not all(math.isfinite(part) and part >= 0 for part in parts) or any(part > 60 for part in parts[1:]):
        return None
    degrees = sum(part / 60**power for power, part in enumerate(parts))
    return sign * degrees if degrees <= limit else None


def _altitude(gps: Mapping[int, Value]) -> float | None:
    value = gps.get(GpsTag.ALTITUDE)
    if not isinstance(value, tuple) or not math.isfinite(value[0]):
        return None
    below = gps.get(GpsTag.ALTITUDE_REF, b"")
    return float(-value[0] if below in (b"\1", (1.0,)) else value[0])
