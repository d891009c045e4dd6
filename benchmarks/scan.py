#!/usr/bin/env python3
"""How fast is a scan of files that have not changed, and what does a daemon that only watches cost?

    python benchmarks/scan.py [--files 100000] [--folders 1000] [--rounds 5] [--idle SECONDS] [--profile]

The files are empty and their names promise photos; their rows say that they are indexed. The first scan, which makes
the rows, is timed too. Of several rounds on a warm cache the best counts, as other work only ever makes one slower.
`--idle` runs the daemon's own service on that library, with an encoder that is never asked, and tells the CPU time that
it takes once it is idle.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from growth import CheapEncoder
from sqlalchemy import text

from photoindex import libraries
from photoindex.config import Settings, load_settings
from photoindex.daemon import service
from photoindex.daemon.scanner import Scanner
from photoindex.daemon.walking import Ignored
from photoindex.database import Database, open_database
from photoindex.libraries import LibraryInfo


def make_files(root: Path, files: int, folders: int) -> None:
    """Empty files, spread over folders two deep."""
    for number in range(folders):
        (root / f"{2000 + number % 20}" / f"day {number:05}").mkdir(parents=True, exist_ok=True)
    for number in range(files):
        folder = number % folders
        os.mknod(root / f"{2000 + folder % 20}" / f"day {folder:05}" / f"IMG_{number:07}.JPG")


def library_of(database: Database) -> LibraryInfo:
    """The only one."""
    with database.read() as session:
        return libraries.list_all(session)[0]


def timed_scan(database: Database, settings: Settings) -> tuple[float, float]:
    """Seconds that one scan takes, and seconds of CPU."""
    scanner = Scanner(database, Ignored(settings.ignore, os.fsencode(settings.data)), 2.0, threading.Event())
    library = library_of(database)
    started, cpu = time.perf_counter(), time.process_time()
    outcome = scanner.scan(library)
    took = time.perf_counter() - started, time.process_time() - cpu
    assert outcome.is_healthy, outcome
    return took


def idle_cpu(settings: Settings, seconds: float) -> dict[str, Any]:
    """What the service takes in so many seconds, all its threads together, once it says that it is idle."""
    idle, stop = threading.Event(), threading.Event()
    thread = threading.Thread(
        target=service.run,
        args=(settings,),
        kwargs={
            "stop": stop,
            "watch": True,
            "on_progress": lambda progress: idle.set() if progress.state == "idle" else None,
            "load_encoder": lambda _settings, _stored, _tell: (CheapEncoder(), None),
        },
    )
    thread.start()
    idle.wait()
    time.sleep(10)  # what is done once
    database = open_database(settings.database)
    library = library_of(database)
    database.close()
    before = time.process_time()
    time.sleep(seconds)
    used = time.process_time() - before
    stop.set()
    thread.join()
    return {"percent": 100 * used / seconds, "folders": library.folders, "watched": library.watched}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--folders", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--idle", type=float, default=0.0)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch, "photos")
        make_files(root, options.files, options.folders)
        settings = load_settings({"data": Path(scratch, "data"), "workers": 2, "batch_size": 8}, {})
        database = open_database(settings.database, checkpoints=True)
        with database.write() as session:
            libraries.add(session, root)
        first = timed_scan(database, settings)
        with database.write() as session:
            session.execute(text("UPDATE file SET state = 'indexed', retry_at = NULL"))
        rounds = [timed_scan(database, settings) for _ in range(options.rounds)]
        for name, (seconds, cpu) in (("first scan", first), ("unchanged", min(rounds))):
            print(f"{name}: {options.files / seconds:,.0f} files a second, {options.files / cpu:,.0f} a second of CPU")
        if options.profile:
            profile = cProfile.Profile()
            profile.runcall(timed_scan, database, settings)
            pstats.Stats(profile).sort_stats("tottime").print_stats(25)
        database.close()
        if options.idle:
            found = idle_cpu(settings, options.idle)
            watched = f"{found['watched']:,} of {found['folders']:,} folders watched"
            print(f"idle: {found['percent']:.2f} % of a core, {watched}")


if __name__ == "__main__":
    main()
