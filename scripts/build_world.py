"""Build static/data/world.json, the outlines that the map of places shows: python scripts/build_world.py [ARCHIVE]

Needs npm unless the archive of the package is given. The outlines are Natural Earth's (1:110 million, public domain) as
the package world-atlas brings them in TopoJSON (https://github.com/topojson/topojson-specification): arcs that two
countries share become borders, the land becomes polygons; coordinates are rounded to hundredths of a degree, and what
repeats by that is left out. The same archive gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGE = "world-atlas@2.0.2"
SHA256 = "032e7765f2ce00edaeafec23ff22bc3b77e42987c257da944cc585b452c05b97"
TARGET = Path(__file__).resolve().parents[1] / "static/data/world.json"
_SOUTHMOST = -85.0
"""A map in Mercator's projection ends there."""

Point = tuple[float, float]


def main() -> None:
    content = Path(sys.argv[1]).read_bytes() if len(sys.argv) > 1 else fetched()
    if hashlib.sha256(content).hexdigest() != SHA256:
        sys.exit(f"{PACKAGE} is not what this script was written for")
    with tarfile.open(fileobj=io.BytesIO(content)) as packed:
        topologies = {
            name: json.load(packed.extractfile(f"package/{name}-110m.json")) for name in ("land", "countries")
        }  # type: ignore[arg-type]
    world = {"land": land(topologies["land"]), "borders": borders(topologies["countries"])}
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(world, separators=(",", ":")) + "\n", "utf-8")


def fetched() -> bytes:
    with tempfile.TemporaryDirectory() as work:
        command = ["npm", "pack", "--silent", "--ignore-scripts", PACKAGE]
        subprocess.run(command, cwd=work, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(work).glob("*.tgz")
        return archive.read_bytes()


def land(topology: dict[str, Any]) -> list[list[list[Point]]]:
    """Polygons: each an outline, then its holes; of (latitude, longitude)."""
    arcs = decoded(topology)
    return [
        [ring(arcs, each) for each in polygon]
        for geometry in topology["objects"]["land"]["geometries"]
        for polygon in polygons(geometry)
    ]


def borders(topology: dict[str, Any]) -> list[list[Point]]:
    """Lines of (latitude, longitude) between two countries."""
    used = Counter(
        arc if arc >= 0 else ~arc
        for geometry in topology["objects"]["countries"]["geometries"]
        for polygon in polygons(geometry)
        for outline in polygon
        for arc in outline
    )
    arcs = decoded(topology)
    return [bare(arcs[arc]) for arc, times in sorted(used.items()) if times > 1]


def polygons(geometry: dict[str, Any]) -> list[list[list[int]]]:
    return [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry.get("arcs", [])


def decoded(topology: dict[str, Any]) -> list[list[Point]]:
    """The arcs in degrees: they are stored as steps on a grid."""
    (scale_x, scale_y), (left, bottom) = topology["transform"]["scale"], topology["transform"]["translate"]

    def points(arc: list[tuple[int, int]]) -> Iterator[Point]:
        x = y = 0
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            yield max(_SOUTHMOST, round(y * scale_y + bottom, 2)), round(x * scale_x + left, 2)

    return [list(points(arc)) for arc in topology["arcs"]]


def ring(arcs: list[list[Point]], indices: list[int]) -> list[Point]:
    """An outline. One that runs around the pole is closed along the map's southern end."""
    points = bare([point for index in indices for point in (arcs[index] if index >= 0 else arcs[~index][::-1])])
    if abs(points[-1][1] - points[0][1]) > 180:
        points += [(_SOUTHMOST, points[-1][1]), (_SOUTHMOST, points[0][1])]
    return points


def bare(points: list[Point]) -> list[Point]:
    """Without repetitions, and going on beyond 180° instead of jumping to the other side of the map."""
    found = points[:1]
    for latitude, longitude in points[1:]:
        turns = round((found[-1][1] - longitude) / 360)
        if (point := (latitude, round(longitude + 360 * turns, 2))) != found[-1]:
            found.append(point)
    return found


if __name__ == "__main__":
    main()
