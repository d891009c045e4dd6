#!/usr/bin/env python3
"""Does indexing slow down, or take more memory, as the database grows?

    python benchmarks/growth.py [--sizes 1000,10000,100000,1000000] [--photos DIR] [--new 2000] [--json FILE]

For each size a database with that many photos is made: rows, embeddings and search table are complete, the embeddings
are random; the files and thumbnails are on disk, each with its true figures in its row, but empty. So the scan at the
start is a real one of that many files, and nothing of them is read. Then the daemon's own service indexes new photos,
all real, in a second library: with the starter encoder, and with one that costs next to nothing, which shows what the
rest costs. Sizes take turns; each run is a process of its own on its own copy of the database; of all rounds the best
one counts for rates and times, as other work on the machine only ever makes a run slower, and the worst for memory.

The scratch folder keeps the databases for the next time: some 4 kB and two empty files a photo.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

DIM = 384  # the starter's
ENCODERS = ("starter", "cheap")
EDGE = 64
CHUNK = 10_000
PATIENCE_SECONDS = 60.0  # after the last photo, for a daemon that does not find its way to idle

COLUMNS = {
    "photos_per_second": ("photos/s", 10, ".1f"),
    "cpu_ms": ("CPU ms", 8, ".1f"),
    "store_ms": ("storing", 9, ".2f"),
    "other_database_ms": ("other DB", 9, ".2f"),
    "first_stored_seconds": ("first s", 8, ".1f"),
    "scan_seconds": ("scan s", 8, ".1f"),
    "closing_ms": ("closing", 9, ".0f"),
    "peak_mib": ("peak MiB", 9, ".0f"),
    "grown_mib": ("grown", 7, ".0f"),
    "database_bytes_per_photo": ("B/photo", 8, ".0f"),
    "status_ms": ("status", 8, ".1f"),
    "timeline_ms": ("timeline", 9, ".1f"),
    "search_ms": ("search", 8, ".0f"),
}
EXPLANATION = """\
CPU ms: of all threads, a photo
storing, other DB: ms a photo in transactions that store photos, and in all others of the indexing thread
first s: from the start until the first new photo is stored; scan s: of the old photos
closing: ms from the last photo stored until the daemon says it is idle
peak, grown: memory of the process, at most and from the first new photo stored to the end
status, timeline, search: ms of a status, a first page of 100 photos, and the nearest 100, the median of ten"""


class CheapEncoder:
    """Fulfils `photoindex.encoders.base.Encoder` in no time: a fixed random projection of a tiny copy of the image."""

    input_size = EDGE

    def __init__(self) -> None:
        from photoindex.encoders.base import EncoderInfo

        self.info = EncoderInfo("cheap", "cheap", DIM, "cpu", "float32", False, (0.0, 1.0), (0.0, 1.0))
        self._projection = np.random.default_rng(1).standard_normal((16 * 16 * 3, DIM)).astype(np.float32)

    def prepare(self, image: Image.Image) -> NDArray[np.uint8]:
        return np.asarray(image.resize((EDGE, EDGE), Image.Resampling.BOX), dtype=np.uint8)

    def encode_images(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        small = np.stack(images)[:, ::4, ::4].reshape(len(images), -1)
        rows: NDArray[np.float32] = (small.astype(np.float32) - 127) @ self._projection
        normed: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return normed

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise NotImplementedError("only images are indexed here")


# --- the databases -----------------------------------------------------------------------------------------------


def draw_photos(folder: Path, count: int) -> None:
    """Distinct small JPEGs, 640×480, some 60 kB each."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        path = folder / f"new_{number:06}.jpg"
        if path.exists():
            continue
        chooser = np.random.default_rng(number)
        coarse = Image.fromarray(chooser.integers(0, 256, (12, 16, 3), dtype=np.uint8))
        pixels = np.asarray(coarse.resize((640, 480), Image.Resampling.BICUBIC)).astype(np.int16)
        noisy = pixels + chooser.integers(-12, 13, pixels.shape, dtype=np.int16)
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(path, "JPEG", quality=85)


def make_template(folder: Path, count: int) -> None:
    """`folder`: library, thumbnails and database of `count` photos. Takes minutes for a million."""
    from photoindex import libraries
    from photoindex.database import open_database

    if (folder / "made").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "library").mkdir(parents=True)
    database = open_database(folder / "photoindex.db", checkpoints=True)
    try:
        with database.write() as session:
            library = libraries.add(session, folder / "library")
            result = os.stat(library.root)
            libraries.set_online(session, library.id, result.st_dev, result.st_ino, None)
        for start in range(0, count, CHUNK):
            _add_rows(database, folder, library.id, range(start, min(count, start + CHUNK)))
            print(f"\r{folder.name}: {start + CHUNK:,} rows", end="", file=sys.stderr)
        print(file=sys.stderr)
        database.checkpoint()
    finally:
        database.close()
    (folder / "made").touch()


def _add_rows(database: Any, folder: Path, library_id: int, numbers: range) -> None:
    from sqlalchemy import insert, text

    from photoindex import embeddings, files
    from photoindex.media import thumbnail_path
    from photoindex.models import Embedding, File, FileState, Photo

    chooser = np.random.default_rng(numbers.start)
    vectors = chooser.standard_normal((len(numbers), DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    seconds = chooser.integers(0, 20 * 365 * 86400, len(numbers))
    new_photos, new_files, new_embeddings = [], [], []
    for number, vector, second in zip(numbers, vectors, seconds, strict=True):
        content_hash = blake2b(str(number).encode(), digest_size=32).digest()
        path = f"{number // 1000:04}/IMG_{number:07}.jpg"
        absolute, thumbnail = folder / "library" / path, thumbnail_path(folder / "thumbnails", content_hash)
        for file in (absolute, thumbnail):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        stat = files.FileStat.of(os.lstat(absolute))
        when = datetime(2005, 1, 1) + timedelta(seconds=int(second))
        new_photos.append(
            {
                "id": number + 1,
                "content_hash": content_hash,
                "format": "jpeg",
                "width": 4000,
                "height": 3000,
                "size_bytes": 3_500_000,
                "taken_at": when,
                "taken_at_source": "exif",
                "timeline_at": when,
                "camera": "Camera",
                "focal_length_mm": 35.0,
                "iso": 100,
                "latitude": 48.85,
                "longitude": 2.35,
            }
        )
        new_files.append(
            {
                "library_id": library_id,
                "path": path.encode(),
                "stem": files.stem(path.encode()),
                "state": FileState.INDEXED,
                "photo_id": number + 1,
                "attempts": 1,
                **asdict(stat),
            }
        )
        new_embeddings.append(
            {"encoder_id": 1, "photo_id": number + 1, "vector": vector.astype("<f2").tobytes()}  # as `put` stores them
        )
    with database.write() as session:
        session.execute(text("PRAGMA cache_size = -1000000"))  # the keys of contents are random: all pages are needed
        embeddings.register_encoder(
            session,
            name="starter",
            fingerprint="benchmark",
            dim=DIM,
            multilingual=False,
            text_range=(0.0, 1.0),
            image_range=(0.0, 1.0),
        )
        session.execute(insert(Photo), new_photos)
        session.execute(insert(File), new_files)
        session.execute(insert(Embedding), new_embeddings)
        session.execute(
            text("INSERT INTO vec_1 (photo_id, embedding) VALUES (:id, :vector)"),
            [{"id": n + 1, "vector": v.tobytes()} for n, v in zip(numbers, vectors, strict=True)],
        )


# --- one run, in a process of its own ----------------------------------------------------------------------------


@dataclass
class Clock:
    """What the daemon did when, gathered from the outside."""

    new: int
    """How many photos are to be stored."""
    stored: int = 0
    stored_first: int = 0
    first_stored_at: float = 0.0
    last_stored_at: float = 0.0
    idle_at: float = 0.0
    cpu_at_first: float = 0.0
    cpu_at_last: float = 0.0
    memory_at_first: float = 0.0
    store_seconds: float = 0.0
    other_seconds: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)
    putting: list[int] = field(default_factory=list)


def _memory_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@contextmanager
def _watched(clock: Clock) -> Iterator[None]:
    """Time the transactions of this thread, and note which of them store photos."""
    from photoindex import embeddings
    from photoindex.database import Database

    thread = threading.get_ident()
    put, transactions = embeddings.put, {name: getattr(Database, name) for name in ("read", "write")}

    def noted_put(session: Any, encoder_id: int, vectors: Mapping[int, Any], *rest: Any, **named: Any) -> None:
        clock.putting.append(len(vectors))
        put(session, encoder_id, vectors, *rest, **named)

    def timed(begin: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def transaction(database: Database, *rest: Any, **named: Any) -> Iterator[Any]:
            if threading.get_ident() != thread:
                with begin(database, *rest, **named) as session:
                    yield session
                return
            clock.putting.clear()
            started = time.perf_counter()
            with begin(database, *rest, **named) as session:
                yield session
            ended = time.perf_counter()
            photos = sum(clock.putting)
            if not photos:
                clock.other_seconds += (ended - started) * (0 < clock.stored < clock.new)
                return
            clock.stored += photos
            clock.store_seconds += ended - started
            clock.last_stored_at, clock.cpu_at_last = ended, time.process_time()
            if clock.stored == clock.new:
                ending = threading.Timer(PATIENCE_SECONDS, clock.stop.set)
                ending.daemon = True
                ending.start()
            if not clock.first_stored_at:
                clock.first_stored_at, clock.stored_first, clock.memory_at_first = ended, photos, _memory_mib()
                clock.cpu_at_first = time.process_time()

        return transaction

    embeddings.put = noted_put
    for name, begin in transactions.items():
        setattr(Database, name, timed(begin))
    try:
        yield
    finally:
        embeddings.put = put
        for name, begin in transactions.items():
            setattr(Database, name, begin)


def index(data: Path, encoder_name: str, new: int) -> dict[str, float]:
    """Run the daemon in this process until all is indexed."""
    from sqlalchemy import text

    from photoindex.config import Settings, load_settings
    from photoindex.daemon import service
    from photoindex.daemon.choosing import Tell, choose_encoder
    from photoindex.daemon.reporting import Progress
    from photoindex.database import open_database
    from photoindex.embeddings import StoredEncoder
    from photoindex.encoders.base import Encoder

    settings = load_settings({"data": data, "encoder": "starter"}, {})
    clock = Clock(new)

    def load(settings: Settings, stored: Sequence[StoredEncoder], tell: Tell) -> tuple[Encoder, str | None]:
        encoder, notice = (CheapEncoder(), None) if encoder_name == "cheap" else choose_encoder(settings, stored, tell)
        encoder.encode_images([np.full((encoder.input_size, encoder.input_size, 3), 90, dtype=np.uint8)])
        database = open_database(settings.database)  # the rows are this encoder's
        with database.write() as session:
            session.execute(text("UPDATE encoder SET fingerprint = :mine"), {"mine": encoder.info.fingerprint})
        database.close()
        return encoder, notice

    def note(progress: Progress) -> None:
        if progress.state == "idle":
            clock.idle_at = time.perf_counter()

    started = time.perf_counter()
    with _watched(clock):
        service.run(settings, stop=clock.stop, watch=False, on_progress=note, load_encoder=load)
    assert clock.stored == new, f"{clock.stored} photos were stored, not {new}"
    return {
        "photos_per_second": (new - clock.stored_first) / (clock.last_stored_at - clock.first_stored_at),
        "cpu_ms": (clock.cpu_at_last - clock.cpu_at_first) / (new - clock.stored_first) * 1000,
        "store_ms": clock.store_seconds / new * 1000,
        "other_database_ms": clock.other_seconds / new * 1000,
        "first_stored_seconds": clock.first_stored_at - started,
        "closing_ms": (clock.idle_at - clock.last_stored_at) * 1000 if clock.idle_at else float("inf"),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "grown_mib": _memory_mib() - clock.memory_at_first,
        "database_bytes_per_photo": settings.database.stat().st_size,  # divided where the size is known
    }


def ask(data: Path) -> dict[str, float]:
    """How long the questions of the web server take."""
    from photoindex import embeddings, neighbours, photos, status, timeline
    from photoindex.database import open_database

    database = open_database(data / "photoindex.db")
    query = np.random.default_rng(0).standard_normal(DIM).astype(np.float32)

    def median_ms(question: Callable[[Any], object]) -> float:
        took = []
        for _ in range(10):
            with database.read() as session:
                started = time.perf_counter()
                question(session)
                took.append(time.perf_counter() - started)
        return statistics.median(took) * 1000

    with database.read() as session:
        encoder = embeddings.active_encoder(session)
    assert encoder is not None

    def newest(session: Any) -> object:
        return photos.get_many(session, [each.photo_id for each in timeline.older(session, 100)])

    found = {
        "status_ms": median_ms(lambda session: status.read(session, data / "daemon.lock")),
        "timeline_ms": median_ms(newest),
        "search_ms": median_ms(lambda session: neighbours.nearest(session, encoder, query, 100)),
    }
    database.close()
    return found


def scan(data: Path) -> dict[str, float]:
    """How long a scan of the old photos takes."""
    from photoindex import libraries
    from photoindex.config import load_settings
    from photoindex.daemon.scanner import Scanner
    from photoindex.database import open_database
    from photoindex.ignoring import Ignored

    settings = load_settings({"data": data}, {})
    database = open_database(settings.database, checkpoints=True)
    with database.read() as session:
        old = libraries.list_all(session)[0]
    started = time.perf_counter()
    outcome = Scanner(database, Ignored(settings.ignore), 2.0, threading.Event()).scan(old)
    took = time.perf_counter() - started
    database.close()
    assert outcome.problem is None and not outcome.work and not outcome.missing, outcome
    return {"scan_seconds": took}


def once(scratch: Path, size: int, new_photos: Path, encoder_name: str, new: int) -> dict[str, float]:
    """One run on a fresh copy of the database."""
    from photoindex import libraries
    from photoindex.database import open_database

    template = scratch / str(size)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        data = Path(folder)
        shutil.copyfile(template / "photoindex.db", data / "photoindex.db")
        (data / "thumbnails").symlink_to(template / "thumbnails")
        database = open_database(data / "photoindex.db", checkpoints=True)
        with database.write() as session:
            libraries.add(session, new_photos)
        database.close()
        os.sync()  # else the copy is written to the disk while the run is timed
        found = index(data, encoder_name, new)
        found["database_bytes_per_photo"] /= size + new
        return found | scan(data) | ask(data)


# --- all of them -------------------------------------------------------------------------------------------------


def run(arguments: Sequence[str]) -> dict[str, float]:
    done = subprocess.run([sys.executable, __file__, *arguments], check=True, stdout=subprocess.PIPE)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def best_of(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Of several runs: the highest rate, the shortest times, the most memory."""
    most = ("photos_per_second", "peak_mib", "grown_mib")
    return {name: (max if name in most else min)(each[name] for each in runs) for name in runs[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000,1000000", help="photos that are there, comma-separated")
    parser.add_argument("--photos", type=Path, help="a folder of new photos; without it they are drawn")
    parser.add_argument("--new", type=int, default=2000, help="how many to draw")
    parser.add_argument("--encoders", default=",".join(ENCODERS))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "photoindex-growth")
    parser.add_argument("--once", nargs=3, metavar=("SIZE", "ENCODER", "NEW"), help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    arguments = parser.parse_args()
    scratch: Path = arguments.scratch.resolve()
    photos: Path = (arguments.photos or scratch / f"new-{arguments.new}").resolve()
    if arguments.once:
        size, encoder_name, new = arguments.once
        print(json.dumps(once(scratch, int(size), photos, encoder_name, int(new))))
        return
    sizes = [int(size) for size in arguments.sizes.split(",")]
    if arguments.photos is None:
        draw_photos(photos, arguments.new)
    new = sum(1 for path in photos.rglob("*") if path.is_file())
    for size in sizes:
        make_template(scratch / str(size), size)
    runs: dict[str, dict[int, list[dict[str, float]]]] = {
        name: {size: [] for size in sizes} for name in arguments.encoders.split(",")
    }
    for number in range(arguments.rounds):
        for name, by_size in runs.items():
            for size, done in by_size.items():
                options = ["--scratch", str(scratch), "--photos", str(photos), "--once", str(size), name, str(new)]
                done.append(run(options))
                rate, store = done[-1]["photos_per_second"], done[-1]["store_ms"]
                print(f"round {number + 1}, {name}, {size:,}: {rate:.1f} photos/s, {store:.2f} ms", file=sys.stderr)
    report: dict[str, Any] = {
        "machine": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}",
        "new_photos": new,
        "rounds": arguments.rounds,
        "encoders": {name: {size: best_of(done) for size, done in by_size.items()} for name, by_size in runs.items()},
    }
    for name, rows in report["encoders"].items():
        print(f"\n{name}, {new:,} new photos")
        print(f"{'photos':>10}" + "".join(f"{title:>{width}}" for title, width, _ in COLUMNS.values()))
        for size, row in rows.items():
            print(f"{size:>10,}" + "".join(f"{row[key]:>{w}{form}}" for key, (_, w, form) in COLUMNS.items()))
        first, last = rows[sizes[0]], rows[sizes[-1]]
        print(
            f"at {sizes[-1]:,} the rate is {last['photos_per_second'] / first['photos_per_second']:.0%} of that at "
            f"{sizes[0]:,}, and the peak memory {last['peak_mib'] - first['peak_mib']:+.0f} MiB"
        )
    print(f"\n{EXPLANATION}")
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
