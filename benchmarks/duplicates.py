#!/usr/bin/env python3
"""How well are duplicates found? Variants made of real photos, among others, in a library of their own.

    python benchmarks/duplicates.py PHOTOS [--sources 60] [--encoder NAME] [--rows 100000] [--json FILE]

All photos of the folder PHOTOS are indexed; of some of them also variants (resized, recompressed, other formats, crops
of at most 3 %, brighter, darker), which should be found as the same shot, and mirrored and turned ones, which should
not. Of others a burst is made: five frames that are moved, turned and cropped a little, with times half a second apart.
With --rows, a database of so many fingerprints and embeddings is grouped too, a tenth of which belongs together.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import tempfile
import threading
import time
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image, ImageEnhance, ImageOps

from photoindex import embeddings, fingerprints, likeness, photos, timeline
from photoindex.config import load_settings
from photoindex.daemon import service
from photoindex.daemon.grouping import Grouper
from photoindex.database import open_database
from photoindex.libraries import add
from photoindex.models import LikenessKind

SHOULD = {
    "75 %": lambda image, _: _scaled(image, 0.75),
    "50 %": lambda image, _: _scaled(image, 0.5),
    "25 %": lambda image, _: _scaled(image, 0.25),
    "50 %, JPEG 30": lambda image, _: _scaled(image, 0.5),
    "JPEG 30": lambda image, _: image,
    "JPEG 95": lambda image, _: image,
    "WebP": lambda image, _: image,
    "PNG": lambda image, _: image,
    "HEIC": lambda image, _: image,
    "crop 3 %": lambda image, chooser: _cropped(image, 0.03, chooser),
    "crop 3 % of one side": lambda image, _: image.crop((round(0.03 * image.width), 0, image.width, image.height)),
    "15 % brighter": lambda image, _: ImageEnhance.Brightness(image).enhance(1.15),
    "25 % darker": lambda image, _: ImageEnhance.Brightness(image).enhance(0.75),
    "more contrast": lambda image, _: ImageEnhance.Contrast(image).enhance(1.25),
}
SHOULD_NOT = {
    "mirrored": lambda image, _: ImageOps.mirror(image),
    "turned by 90°": lambda image, _: image.transpose(Image.Transpose.ROTATE_90),
    "upside down": lambda image, _: image.transpose(Image.Transpose.ROTATE_180),
    "something moved": lambda image, chooser: _moved(image, chooser),
}
FORMATS = {"WebP": ("webp", {"quality": 80}), "PNG": ("png", {}), "HEIC": ("heic", {"quality": 60})}
QUALITIES = {"50 %, JPEG 30": 30, "JPEG 30": 30, "JPEG 95": 95}
FRAMES = 5


def _scaled(image: Image.Image, factor: float) -> Image.Image:
    return image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.LANCZOS)


def _cropped(image: Image.Image, most: float, chooser: random.Random) -> Image.Image:
    width, height = image.size
    lost = chooser.uniform(0, most) * width, chooser.uniform(0, most) * height
    left, top = chooser.uniform(0, lost[0]), chooser.uniform(0, lost[1])
    return image.crop((round(left), round(top), round(width - lost[0] + left), round(height - lost[1] + top)))


def _moved(image: Image.Image, chooser: random.Random) -> Image.Image:
    """A piece of the picture, a twenty-fifth of it, lies elsewhere: as when somebody walks past a tripod."""
    width, height = image.size
    piece = image.crop((int(0.4 * width), int(0.35 * height), int(0.6 * width), int(0.6 * height)))
    moved = image.copy()
    moved.paste(piece, (chooser.choice((0, int(0.75 * width))), chooser.randint(0, int(0.7 * height))))
    return moved


def _frame(image: Image.Image, chooser: random.Random) -> Image.Image:
    width, height = image.size
    turned = image.rotate(chooser.uniform(-1, 1), Image.Resampling.BICUBIC)
    left, top = (int(chooser.uniform(0.02, 0.05) * edge) for edge in image.size)
    return turned.crop((left, top, left + int(0.93 * width), top + int(0.93 * height)))


def write_library(folder: Path, root: Path, sources: int, chooser: random.Random) -> tuple[list[Path], list[Path]]:
    """The photos, variants of the first `sources` and, in place of the next half as many, bursts."""
    found = sorted(folder.glob("*.jpg"))
    shot = found[sources : sources + sources // 2]
    for path in set(found) - set(shot):
        (root / path.name).write_bytes(path.read_bytes())
    for path in found[:sources]:
        image = Image.open(path).convert("RGB")
        for name, make in (SHOULD | SHOULD_NOT).items():
            ending, options = FORMATS.get(name, ("jpg", {"quality": QUALITIES.get(name, 85)}))
            make(image, chooser).save(root / f"{path.stem}~{name}.{ending}", **options)
    for number, path in enumerate(shot):
        image = Image.open(path).convert("RGB")
        for frame in range(FRAMES):
            at = datetime(2021, 5, 1, 12) + timedelta(minutes=number, seconds=0.5 * frame)
            exif = Image.Exif()
            exif[0x010F], exif[0x0110] = "Canon", "EOS R5"
            own = exif.get_ifd(0x8769)
            own[0x9003], own[0x9291] = f"{at:%Y:%m:%d %H:%M:%S}", f"{at.microsecond // 10_000:02}"
            _frame(image, chooser).save(root / f"burst-{path.stem}_{frame}.jpg", quality=90, exif=exif)
    return found[:sources], shot


def judge(folder: Path, sources: int, encoder: str) -> dict[str, object]:
    chooser = random.Random(7)
    with tempfile.TemporaryDirectory() as place:
        root, data = Path(place, "photos"), Path(place, "data")
        root.mkdir()
        varied, shot = write_library(folder, root, sources, chooser)
        settings = load_settings({"data": data, "encoder": encoder}, {})
        database = open_database(settings.database)
        with database.write() as session:
            add(session, root)
        started = time.perf_counter()
        service.run(settings, stop=threading.Event(), watch=False)
        print(f"indexed and grouped in {time.perf_counter() - started:.0f} s", file=sys.stderr)
        with database.read() as session:
            infos = photos.get_many(session, [each.photo_id for each in timeline.older(session, 1_000_000)])
            ids = {info.filename: info.id for info in infos}
            same = likeness.keys_of(session, LikenessKind.SAME, ids.values())
            burst = likeness.keys_of(session, LikenessKind.BURST, ids.values())
        database.close()
    return _figures(ids, same, burst, varied, shot)


def _figures(
    ids: dict[str, int], same: dict[int, int], burst: dict[int, int], varied: list[Path], shot: list[Path]
) -> dict[str, object]:
    recall: dict[str, float] = {}
    for name in SHOULD | SHOULD_NOT:
        ending = FORMATS.get(name, ("jpg", {}))[0]
        pairs = [(ids.get(f"{path.stem}~{name}.{ending}"), ids.get(path.name)) for path in varied]
        pairs = [(one, other) for one, other in pairs if one and other and one != other]
        hits = sum(same.get(one, -one) == same.get(other, -other) for one, other in pairs)
        recall[name] = hits / max(1, len(pairs))
    source_of = {photo_id: name.split("~")[0].split(".")[0] for name, photo_id in ids.items()}
    groups = defaultdict(set)
    for photo_id, key_id in same.items():
        groups[key_id].add(source_of[photo_id])
    wrong = sum(len(names) > 1 for names in groups.values())
    whole = parts = 0
    for path in shot:
        frames = [burst.get(ids[f"burst-{path.stem}_{frame}.jpg"]) for frame in range(FRAMES)]
        whole += len(set(frames)) == 1 and frames[0] is not None
        parts += sum(each is not None for each in frames)
    stray = sum(not any(photo_id == ids.get(f"burst-{p.stem}_{n}.jpg") for p in shot for n in range(FRAMES))
                for photo_id in burst)  # fmt: skip
    return {
        "same shot: groups": len(groups),
        "same shot: groups with two photos in them": wrong,
        "same shot: found": {name: round(recall[name], 3) for name in SHOULD},
        "same shot: found, should not be": {name: round(recall[name], 3) for name in SHOULD_NOT},
        "bursts: whole": round(whole / max(1, len(shot)), 3),
        "bursts: frames in one": round(parts / max(1, FRAMES * len(shot)), 3),
        "bursts: other photos in one": stray,
    }


def scale(rows: int, dim: int = 512) -> dict[str, float]:
    """Group a made-up library: a tenth of the photos in pairs whose fingerprints differ in a few bits."""
    numbers = np.random.default_rng(3)
    shapes = numbers.integers(0, 256, (rows, 32), dtype=np.uint8)
    pairs = rows // 20
    shapes[pairs : 2 * pairs] = shapes[:pairs] ^ (numbers.random((pairs, 32)) < 0.15).astype(np.uint8)
    colours = np.zeros((rows, 32), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as place:
        database = open_database(Path(place, "photoindex.db"), checkpoints=True)
        _fill(database, shapes, colours, dim, numbers)
        before = _resident_mib()
        grouper = Grouper(database, Path(place, "thumbnails"), threading.Event())
        grouper.step()
        started, busy, longest = time.perf_counter(), time.process_time(), 0.0
        while True:
            step = time.perf_counter()
            if not grouper.step():
                break
            longest = max(longest, time.perf_counter() - step)
        seconds, busy = time.perf_counter() - started, time.process_time() - busy
        after = _resident_mib()
        with database.read() as session:
            keys = likeness.keys_of(session, LikenessKind.SAME, range(1, 2 * pairs + 1))
        database.close()
    right = sum(keys.get(one) is not None and keys.get(one) == keys.get(one + pairs) for one in range(1, pairs + 1))
    return {
        "rows": rows,
        "seconds": round(seconds, 1),
        "seconds of one core": round(busy, 1),
        "longest step, ms": round(1000 * longest),
        "memory grown, MiB": round(after - before),
        "pairs found": round(right / pairs, 4),
    }


def _time(number: int) -> str:
    """A quarter of an hour apart; but every fifth was taken right after the one two before it."""
    return f"{datetime(2000, 1, 1) + timedelta(seconds=900 * number if number % 5 else 900 * number - 1799)}.000000"


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / (1 << 20)


def _fill(database, shapes, colours, dim, numbers) -> None:  # type: ignore[no-untyped-def]
    from sqlalchemy import text

    with database.write() as session:
        encoder = embeddings.register_encoder(
            session, name="synthetic", fingerprint="synthetic", dim=dim, multilingual=False,
            text_range=(0.0, 1.0), image_range=(0.0, 1.0),
        )  # fmt: skip
        for start in range(0, len(shapes), 10_000):
            part = range(start, min(start + 10_000, len(shapes)))
            session.execute(
                text(
                    "INSERT INTO photo (id, content_hash, kind, format, width, height, size_bytes, timeline_at, "
                    "taken_at, camera, keywords, people, favourite, visible, indexed_at) VALUES (:id, :hash, 'photo', "
                    "'jpeg', 4000, 3000, 5000000, :at, :taken, 'Canon EOS R5', '[]', '[]', 0, 0, :at)"
                ),
                [
                    {
                        "id": n + 1,
                        "hash": (n + 1).to_bytes(32, "big"),
                        "at": _time(n),
                        "taken": _time(n) if n >= 2 * (len(shapes) // 20) else None,
                    }
                    for n in part
                ],
            )
            vectors = numbers.standard_normal((len(part), dim)).astype(np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            session.execute(
                text("INSERT INTO embedding (encoder_id, photo_id, frame, vector) VALUES (:encoder, :id, 0, :vector)"),
                [
                    {"encoder": encoder.id, "id": n + 1, "vector": vector.astype("<f2").tobytes()}
                    for n, vector in zip(part, vectors, strict=True)
                ],
            )
            fingerprints.put(session, {n + 1: shapes[n].tobytes() + colours[n].tobytes() for n in part})
        session.execute(text("UPDATE photo SET visible = 1"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--sources", type=int, default=60, help="of how many photos variants are made")
    parser.add_argument("--encoder", default="starter")
    parser.add_argument("--rows", type=int, default=0, help="also group so many made-up photos")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    arguments = parser.parse_args()
    pillow_heif.register_heif_opener()
    report: dict[str, object] = {}
    if arguments.sources:
        report["quality"] = judge(arguments.photos, arguments.sources, arguments.encoder)
    if arguments.rows:
        report["scale"] = scale(arguments.rows)
    print(json.dumps(report, indent=2, ensure_ascii=False))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
