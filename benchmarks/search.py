#!/usr/bin/env python3
"""How fast and how right is the search for nearest photos, beside FAISS, numpy and sqlite-vec?

    python benchmarks/search.py [--sizes 1000,10000,100000,1000000] [--json FILE]
    python benchmarks/search.py --library DATA [--json FILE]     the library in a data folder
    python benchmarks/search.py --requests [--sizes …]           whole requests of a server, text to JSON

One thread. Synthetic embeddings are like a CLIP's: all have a common mean, they lie in clusters of very different sizes
and widths, their spectrum falls, and texts lie in another place than photos. Methods take turns, query by query, so
that whatever else the machine does falls on all; `times` is IndexFlatIP's median time over that of a method. Recall is
against IndexFlatIP. Each size is measured in a process of its own; the scratch folder keeps the databases.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

DIM = 512
CHUNK = 10_000
QUERIES = {"texts": 100, "images": 100}
TIMED = 60
SLOW_TIMED = 8
"""How many queries a method is timed with, and one that takes long."""
SLOW_SECONDS = 0.15


# --- embeddings like a CLIP's ------------------------------------------------------------------------------------


class World:
    """Where photos and texts of one synthetic library lie.

    As measured on CLIPs: two photos have a cosine of some .5 for nothing but being photos, variances fall with 1/rank
    (to 256 of 512 dimensions with nine tenths), no axis is special, and texts stand at right angles to all of that.
    """

    def __init__(self, count: int, dim: int) -> None:
        chooser = np.random.default_rng(7)
        self._axes = np.linalg.qr(chooser.standard_normal((dim, dim)))[0].astype(np.float32)
        self._axes *= (np.arange(1, dim + 1) ** -0.55).astype(np.float32)[:, None]
        self._mean = _unit(chooser.standard_normal((1, dim)).astype(np.float32))
        gap = chooser.standard_normal((1, dim)).astype(np.float32)
        self._text_mean = _unit(gap - (gap @ self._mean.T) * self._mean)
        clusters = max(30, int(count**0.5))
        self._centres = self._directions(chooser, clusters)
        self._sizes = 1 / np.arange(1, clusters + 1) ** 0.7
        self._sizes /= self._sizes.sum()
        self._widths = chooser.uniform(0.2, 0.7, clusters).astype(np.float32)

    def photos(self, chooser: np.random.Generator, count: int) -> NDArray[np.float32]:
        which = chooser.choice(len(self._centres), count, p=self._sizes)
        own = self._directions(chooser, count) * self._widths[which, None]
        return _unit(0.8 * self._mean + 0.6 * self._centres[which] + own)

    def texts(self, chooser: np.random.Generator, count: int) -> NDArray[np.float32]:
        which = chooser.choice(len(self._centres), count, p=self._sizes)
        meant = _unit(self._centres[which] + 0.7 * self._directions(chooser, count))
        chance = self._directions(chooser, count)
        return _unit(0.8 * self._text_mean + 0.2 * self._mean + 0.3 * meant + 0.4 * chance)

    def _directions(self, chooser: np.random.Generator, count: int) -> NDArray[np.float32]:
        return _unit(chooser.standard_normal((count, len(self._axes)), dtype=np.float32) @ self._axes)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


# --- the databases -----------------------------------------------------------------------------------------------


def make_database(folder: Path, count: int, dim: int, name: str, fingerprint: str) -> float:
    """A database of `count` photos without files; seconds that filling the sqlite-vec table took."""
    from sqlalchemy import text

    from photoindex import embeddings
    from photoindex.database import open_database

    if (folder / "made").exists():
        return float((folder / "made").read_text())
    shutil.rmtree(folder, ignore_errors=True)
    world, spent = World(count, dim), 0.0
    database = open_database(folder / "photoindex.db", checkpoints=True)
    try:
        with database.write() as session:
            embeddings.register_encoder(
                session,
                name=name,
                fingerprint=fingerprint,
                dim=dim,
                multilingual=False,
                text_range=(0.0, 1.0),
                image_range=(0.0, 1.0),
            )
        for start in range(0, count, CHUNK):
            ids = range(start + 1, min(count, start + CHUNK) + 1)
            rows = world.photos(np.random.default_rng(start), len(ids)).astype("<f2")
            with database.write() as session:
                session.execute(text("PRAGMA cache_size = -200000"))
                _add_photos(session, ids, rows)
                began = time.perf_counter()
                session.execute(
                    text("INSERT INTO vec_1 (photo_id, embedding) VALUES (:id, :vector)"),
                    [{"id": i, "vector": v.astype("<f4").tobytes()} for i, v in zip(ids, rows, strict=True)],
                )
                spent += time.perf_counter() - began
            print(f"\r{count:,}: {ids[-1]:,} rows", end="", file=sys.stderr)
        print(file=sys.stderr)
        database.checkpoint()
    finally:
        database.close()
    (folder / "made").write_text(str(spent))
    return spent


def _add_photos(session: Any, ids: range, rows: NDArray[np.float16], embedded: bool = True) -> None:
    from sqlalchemy import insert

    from photoindex.models import Embedding, Photo

    facts = {"format": "jpeg", "width": 4000, "height": 3000, "size_bytes": 3_500_000}
    day = datetime(2005, 1, 1)
    session.execute(
        insert(Photo),
        [
            {"id": i, "content_hash": i.to_bytes(32, "big"), "timeline_at": day + timedelta(minutes=5 * i), **facts}
            for i in ids
        ],
    )
    if not embedded:
        return
    session.execute(
        insert(Embedding),
        [{"encoder_id": 1, "photo_id": i, "vector": v.tobytes()} for i, v in zip(ids, rows, strict=True)],
    )


@dataclass(frozen=True)
class Built:
    """A snapshot of a database, and what it cost."""

    seconds: float
    peak_mib: float
    disk_mib: float
    about: dict[str, Any]


def build_snapshot(data: Path, texts: NDArray[np.float32] | None) -> Built:
    """Build a snapshot and let it count, as the daemon does."""
    import resource

    from photoindex import embeddings
    from photoindex.database import open_database
    from photoindex.snapshots import changes
    from photoindex.snapshots.building import build
    from photoindex.snapshots.format import new_name, remove_others

    database = open_database(data / "photoindex.db")
    with database.write() as session:
        encoder = embeddings.active_encoder(session)
        assert encoder is not None
        changes.prepare(session, encoder.id)
    name, began = new_name(), time.perf_counter()
    header = build(database, encoder, data / "snapshots", name, texts)
    seconds = time.perf_counter() - began
    with database.write() as session:
        changes.register(session, encoder.id, name, header.sequence)
    database.close()
    remove_others(data / "snapshots", {name})
    disk = sum(path.stat().st_size for path in (data / "snapshots" / name).iterdir()) / 2**20
    about = json.loads((data / "snapshots" / name / "header.json").read_text())["content"]
    about.pop("files")
    return Built(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, disk, about)


# --- one size, in a process of its own ---------------------------------------------------------------------------


def opened_mib(data: Path) -> dict[str, float]:
    """What opening the snapshot, and twenty queries, add to the memory of a process: its own, and mapped from files."""
    from photoindex import embeddings
    from photoindex.database import open_database
    from photoindex.snapshots import Spaces, codes, queries

    codes.Codes.trained(np.random.default_rng(0).standard_normal((100, 8)).astype(np.float32), 0)  # FAISS is loaded
    database, spaces = open_database(data / "photoindex.db"), Spaces(data / "snapshots")
    with database.read() as session:
        encoder = embeddings.active_encoder(session)
        assert encoder is not None
        before = _resident()
        space: Any = spaces.of(session, encoder)
        for query in queries.like_texts(space.snapshot.vectors, np.random.default_rng(0), 20):
            space.nearest(session, query, 10)
        after = _resident()
    database.close()
    return {name: after[name] - before[name] for name in before}


def _resident() -> dict[str, float]:
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {name: int(lines[key].split()[0]) / 1024 for name, key in (("own", "RssAnon"), ("mapped", "RssFile"))}


def read_rows(data: Path) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """All visible embeddings of norm 1, and their photo ids."""
    from photoindex import embeddings, reckoning
    from photoindex.database import open_database
    from photoindex.snapshots.building import visible_rows

    database = open_database(data / "photoindex.db")
    with database.read() as session:
        encoder = embeddings.active_encoder(session)
        assert encoder is not None
        parts = list(visible_rows(session, encoder))
    database.close()
    ids = np.concatenate([part.photo_ids for part in parts])
    matrix = np.empty((len(ids), encoder.dim), np.float32)
    at = 0
    for part in parts:
        matrix[at : at + len(part)] = reckoning.widened(part.vectors)
        at += len(part)
    parts.clear()
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    return matrix, ids


Answer = Callable[[NDArray[np.float32], int], NDArray[np.int64]]


def measure(data: Path, queries: dict[str, NDArray[np.float32]], built: Built | None) -> dict[str, Any]:
    """Every method on one database: times, recall, memory. Photo ids of one frame each."""
    import faiss

    from photoindex import embeddings
    from photoindex.database import open_database
    from photoindex.neighbours import VecSpace
    from photoindex.snapshots import SnapshotSpace, Spaces

    faiss.omp_set_num_threads(1)
    matrix, ids = read_rows(data)
    memory: dict[str, float] = {"numpy": matrix.nbytes / 2**20}
    costs: dict[str, float] = {}
    began = time.perf_counter()
    flat = faiss.IndexFlatIP(matrix.shape[1])
    flat.add(matrix)
    costs["IndexFlatIP"], memory["IndexFlatIP"] = time.perf_counter() - began, matrix.nbytes / 2**20
    database = open_database(data / "photoindex.db")
    spaces = Spaces(data / "snapshots")
    with database.read() as session:
        encoder = embeddings.active_encoder(session)
        assert encoder is not None
        vec = VecSpace(encoder)

        def by_numpy(query: NDArray[np.float32], limit: int) -> NDArray[np.int64]:
            cosines = matrix @ query
            top = np.argpartition(-cosines, min(limit, len(cosines) - 1))[:limit]
            return ids[top[np.argsort(-cosines[top])]]

        methods: dict[str, Answer] = {
            "IndexFlatIP": lambda query, limit: ids[flat.search(query[None], limit)[1][0]],
            "numpy": by_numpy,
            "sqlite-vec": lambda query, limit: vec.nearest(session, query, limit).photo_ids,
        }
        if built is not None:
            began = time.perf_counter()
            assert isinstance(spaces.of(session, encoder), SnapshotSpace)
            costs["open ms"] = (time.perf_counter() - began) * 1000
            resident = run(["--open", str(data)])
            memory["ours"], costs["mapped MiB"] = resident["own"], resident["mapped"]
            methods["ours"] = lambda query, limit: spaces.of(session, encoder).nearest(session, query, limit).photo_ids
        timed = np.concatenate([rows[: TIMED // 2] for rows in queries.values()])
        took = take_turns(methods, timed)
        found: dict[str, Any] = {"rows": len(ids), "methods": {}}
        for name, method in methods.items():
            recall = {}
            if name not in ("IndexFlatIP", "numpy"):
                few = SLOW_TIMED if took[name].wall > SLOW_SECONDS else None
                recall = {
                    f"{kind}@{limit}": _recall(method, methods["IndexFlatIP"], rows[:few], limit)
                    for kind, rows in queries.items()
                    for limit in (10, 50)
                }
            found["methods"][name] = {
                "ms": took[name].wall * 1000,
                "times": took["IndexFlatIP"].wall / took[name].wall,
                "cpu_ms": took[name].cpu * 1000,
                "cpu_times": took["IndexFlatIP"].cpu / took[name].cpu,
                "recall": recall,
                "memory_mib": memory.get(name),
            }
        if built is not None:
            found["filters"] = filters(session, spaces, encoder, timed, matrix, ids)
    database.close()
    found["costs"] = costs | ({"build s": built.seconds, "build peak MiB": built.peak_mib} if built else {})
    if built is not None:
        found["methods"]["ours"] |= {"disk_mib": built.disk_mib, "snapshot": built.about}
    return found


@dataclass(frozen=True)
class Took:
    """Median seconds of a query: on the clock, and of the processor."""

    wall: float
    cpu: float


def take_turns(methods: dict[str, Answer], queries: NDArray[np.float32]) -> dict[str, Took]:
    """How long each method takes; one that is slow gets fewer queries."""
    took: dict[str, list[float]] = {name: [] for name in methods}
    cpu: dict[str, list[float]] = {name: [] for name in methods}
    for method in methods.values():
        method(queries[0], 10)  # warm
        method(queries[1], 10)
    for query in queries:
        for name, method in methods.items():
            done = took[name]
            if len(done) >= SLOW_TIMED and statistics.median(done) > SLOW_SECONDS and name != "IndexFlatIP":
                continue
            began, cpu_began = time.perf_counter(), time.thread_time()
            method(query, 10)
            done.append(time.perf_counter() - began)
            cpu[name].append(time.thread_time() - cpu_began)
    return {name: Took(statistics.median(took[name]), statistics.median(cpu[name])) for name in methods}


def _recall(method: Answer, exact: Answer, queries: NDArray[np.float32], limit: int) -> float:
    return statistics.fmean(len(np.intersect1d(method(query, limit), exact(query, limit))) / limit for query in queries)


NARROW = 20_000
"""A filter that leaves no more photos than this is answered by reckoning these; else what is found is checked."""


def filters(
    session: Any, spaces: Any, encoder: Any, queries: NDArray[np.float32], matrix: NDArray[np.float32], ids: Any
) -> dict[str, Any]:
    """Photos within a distance in a chosen part of the library, beside those in all of it: times, and recall."""
    chooser, found = np.random.default_rng(3), {}
    for share in (0.0001, 0.01, 0.5):
        chosen = np.sort(chooser.choice(ids, max(1, int(share * len(ids))), replace=False))
        mask = np.isin(ids, chosen)
        took: dict[str, list[float]] = {"all": [], "filtered": []}
        hits = wanted = 0
        for query in queries[:40]:
            cosines = matrix @ query
            bound = 1 - float(np.sort(cosines)[-min(200, len(cosines))])
            began = time.perf_counter()
            spaces.of(session, encoder).within(session, query, bound)
            took["all"].append(time.perf_counter() - began)
            began = time.perf_counter()
            space = spaces.of(session, encoder)
            if len(chosen) <= NARROW:
                answer = space.distances(session, query, chosen)
                answer_ids = answer.photo_ids[answer.distances <= bound]
            else:
                answer = space.within(session, query, bound, thorough=True)
                answer_ids = answer.photo_ids[np.isin(answer.photo_ids, chosen, assume_unique=True)]
            took["filtered"].append(time.perf_counter() - began)
            truth = ids[mask & (cosines >= 1 - bound + 2e-6)]
            hits, wanted = hits + len(np.intersect1d(answer_ids, truth)), wanted + len(truth)
        times = {name: statistics.median(done) * 1000 for name, done in took.items()}
        found[f"{share:.2%}"] = {
            "ms": times["filtered"],
            "unfiltered_ms": times["all"],
            "ratio": times["filtered"] / times["all"],
            "recall": hits / wanted if wanted else 1.0,
        }
    return found


def once(data: Path, size: int | None) -> dict[str, Any]:
    """Build and measure: synthetic queries for a synthetic library, real texts for a real one whose encoder loads.

    The texts that the snapshot is tuned with are others than those it is measured with.
    """
    from photoindex.daemon.snapshots import BUILD_FROM

    if size is None:
        matrix, _ = read_rows(data)
        asked, tuned_with = real_queries(data, matrix)
        return measure(data, asked, built_elsewhere(data, tuned_with))
    world, chooser = World(size, DIM), np.random.default_rng(11)
    asked = {"texts": world.texts(chooser, QUERIES["texts"]), "images": world.photos(chooser, QUERIES["images"])}
    tuned_with = world.texts(np.random.default_rng(12), 100)
    return measure(data, asked, built_elsewhere(data, tuned_with) if size >= BUILD_FROM else None)


def real_queries(
    data: Path, matrix: NDArray[np.float32]
) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.float32] | None]:
    """Queries like texts and like photos, and further texts to tune with; None when the encoder can't be loaded."""
    from photoindex import embeddings, encoders
    from photoindex.database import open_database
    from photoindex.errors import EncoderError
    from photoindex.snapshots import queries
    from photoindex.snapshots.captions import CAPTIONS

    rows, chooser = matrix.astype(np.float16), np.random.default_rng(5)
    asked = {"images": queries.like_images(rows, chooser, queries.COUNT)}
    database = open_database(data / "photoindex.db")
    with database.read() as session:
        encoder = embeddings.active_encoder(session)
    database.close()
    assert encoder is not None
    try:
        texts = encoders.load_text(encoder.name, encoder.fingerprint, "cpu").encode_texts(CAPTIONS)
    except EncoderError as error:
        print(f"texts are made up: {error}", file=sys.stderr)
        return {"texts": queries.like_texts(rows, chooser, queries.COUNT), **asked}, None
    return {"texts": texts[1::2], **asked}, texts[::2]


def built_elsewhere(data: Path, texts: NDArray[np.float32] | None) -> Built:
    """Build in a process of its own, as the daemon does, so that memory is told apart."""
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        if texts is not None:
            np.save(file, texts)
            file.flush()
        options = ["--build", str(data), file.name if texts is not None else "-"]
        return Built(**run(options))


# --- whole requests ----------------------------------------------------------------------------------------------


def requests(data: Path, count: int) -> dict[str, Any]:
    """p50 and p95, in ms, of `GET /api/v1/search` of a server on that data folder, alone and beside a writer, and of
    the page `GET /search`. Each query is a new text; pages are asked for queries that were searched for before."""
    from photoindex.snapshots.captions import CAPTIONS

    found: dict[str, Any] = {}
    with server(data) as (url, ready_seconds):
        began = time.perf_counter()
        _ask(url, "/api/v1/search", "the very first search")
        found["ready s"], found["first search s"] = ready_seconds, time.perf_counter() - began
        texts = [f"{caption} {number}" for number in range(-(-count // len(CAPTIONS))) for caption in CAPTIONS]
        found["alone"] = _asked(url, "/api/v1/search", texts[:count])
        found["page"] = _asked(url, "/search", texts[:count])
        with writer(data) as stored:
            found["beside a writer"] = _asked(url, "/api/v1/search", [f"{text}, again" for text in texts[:count]])
            found["page beside a writer"] = _asked(url, "/search", texts[:count])
        found["stored meanwhile"] = stored[0]
    return found


@contextmanager
def server(data: Path) -> Iterator[tuple[str, float]]:
    """`photoindex serve` on a free port, from when it is ready."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "photoindex", "serve", "--port", "0", "--data", str(data)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split(" is at ")[1].split("/ - ")[0]
        while True:
            try:
                with urllib.request.urlopen(f"{url}/readyz", timeout=5):
                    break
            except OSError:
                time.sleep(0.1)
        yield url, time.perf_counter() - began
    finally:
        process.terminate()
        process.wait()


@contextmanager
def writer(data: Path) -> Iterator[list[int]]:
    """Store 16 photos with embeddings twice a second, in transactions like the daemon's."""
    from sqlalchemy import text

    from photoindex import embeddings
    from photoindex.database import open_database

    stop, stored = threading.Event(), [0]
    database = open_database(data / "photoindex.db", checkpoints=True)
    with database.read() as session:
        encoder = embeddings.active_encoder(session)
        last: int = session.execute(text("SELECT max(id) FROM photo")).scalar_one()
    assert encoder is not None
    world, chooser = World(last, encoder.dim), np.random.default_rng(last)

    def write() -> None:
        first = last + 1
        while not stop.wait(0.5):
            rows, ids = world.photos(chooser, 16), range(first, first + 16)
            with database.write() as session:
                _add_photos(session, ids, rows.astype("<f2"), embedded=False)
                embeddings.put(session, encoder.id, dict(zip(ids, rows, strict=True)))
            first, stored[0] = ids.stop, stored[0] + 16

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield stored
    finally:
        stop.set()
        thread.join()
        database.close()


def _ask(url: str, path: str, query: str) -> None:
    with urllib.request.urlopen(f"{url}{path}?{urllib.parse.urlencode({'q': query})}", timeout=120) as answer:
        answer.read()


def _asked(url: str, path: str, queries: Sequence[str]) -> dict[str, float]:
    took = []
    for query in queries:
        began = time.perf_counter()
        _ask(url, path, query)
        took.append((time.perf_counter() - began) * 1000)
    return {"p50 ms": statistics.median(took), "p95 ms": float(np.percentile(took, 95))}


# --- all of them -------------------------------------------------------------------------------------------------


def run(arguments: Sequence[str]) -> dict[str, Any]:
    """This script in another process, which answers in JSON."""
    done = subprocess.run([sys.executable, __file__, *arguments], check=True, stdout=subprocess.PIPE)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def show(title: str, found: dict[str, Any]) -> None:
    """One size, as tables."""
    print(f"\n{title}: {found['rows']:,} embeddings")
    columns = ("texts@10", "texts@50", "images@10", "images@50")
    titles = "".join(f"{each:>11}" for each in columns)
    print(f"{'':14}{'ms':>9}{'times':>8}{'CPU ms':>9}{'times':>8}{titles}{'MiB':>9}")
    for name, each in found["methods"].items():
        recall = "".join(f"{each['recall'][c]:>11.3f}" if each["recall"] else f"{1:>11}" for c in columns)
        memory = f"{each['memory_mib']:>9.0f}" if each["memory_mib"] is not None else f"{'':>9}"
        print(
            f"{name:14}{each['ms']:>9.2f}{each['times']:>7.1f}×{each['cpu_ms']:>9.2f}{each['cpu_times']:>7.1f}×{recall}{memory}"
        )
    for share, each in found.get("filters", {}).items():
        print(f"filter {share}: {each['ms']:.2f} ms, {each['ratio']:.2f} × unfiltered, recall {each['recall']:.4f}")
    print("costs: " + ", ".join(f"{name} {value:.1f}" for name, value in found["costs"].items()))
    if "ours" in found["methods"]:
        ours = found["methods"]["ours"]
        print(f"snapshot: {ours['disk_mib']:.0f} MiB on disk, {ours['snapshot']['lists']} lists; recall as tuned:")
        for depth in ours["snapshot"]["depths"]:
            print(f"  {depth}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000,1000000", help="photos, comma-separated")
    parser.add_argument("--library", type=Path, metavar="DATA", help="a data folder; its snapshot is built anew")
    parser.add_argument("--requests", action="store_true", help="whole requests, with the starter encoder")
    parser.add_argument("--queries", type=int, default=200, help="how many requests")
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "photoindex-search")
    parser.add_argument("--once", nargs=2, metavar=("DATA", "SIZE"), help=argparse.SUPPRESS)
    parser.add_argument("--open", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--build", nargs=2, metavar=("DATA", "TEXTS"), help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    arguments = parser.parse_args()
    scratch: Path = arguments.scratch.resolve()
    if arguments.build:
        data, texts = arguments.build
        print(json.dumps(asdict(build_snapshot(Path(data), None if texts == "-" else np.load(texts)))))
        return
    if arguments.open:
        print(json.dumps(opened_mib(arguments.open)))
        return
    if arguments.once:
        data, size = arguments.once
        print(json.dumps(once(Path(data), int(size) or None)))
        return
    sizes = [int(size) for size in arguments.sizes.split(",")]
    report: dict[str, Any] = {
        "machine": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}"
    }
    if arguments.library:
        report["library"] = run(["--once", str(arguments.library.resolve()), "0"])
        show("library", report["library"])
    elif arguments.requests:
        report["requests"] = {
            size: requests_of(scratch / f"requests-{size}", size, arguments.queries) for size in sizes
        }
    else:
        report["sizes"] = {}
        for size in sizes:
            filled = make_database(scratch / str(size), size, DIM, "synthetic", "benchmark")
            found = run(["--once", str(scratch / str(size)), str(size)])
            found["costs"]["filling sqlite-vec s"] = filled
            report["sizes"][size] = found
            show("synthetic", found)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


def requests_of(data: Path, size: int, count: int) -> dict[str, Any]:
    """Whole requests on a library of that size with the starter's fingerprint, so that its text encoder answers."""
    from photoindex import encoders
    from photoindex.daemon.snapshots import BUILD_FROM

    info = encoders.load(encoders.STARTER, "text", "cpu").info
    make_database(data, size, info.dim, info.name, info.fingerprint)
    if size >= BUILD_FROM:
        built_elsewhere(data, None)
    found = requests(data, count)
    print(f"{size:>10,} photos: " + json.dumps(found))
    return found


if __name__ == "__main__":
    main()
