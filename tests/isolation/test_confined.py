"""What a file does to its decoder costs that file; and a decoder that is taken over reaches nothing."""

from __future__ import annotations

import io
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from drawing import draw_image
from isolation.conftest import EDGES, make_decoders
from isolation.probes import probe
from media.samples import WRITTEN, write
from media.video_files import make_video

from photoindex.errors import UnreadableFileError
from photoindex.isolation import Decoders, HereDecoder
from photoindex.media import Decoded, Metadata, Reason
from photoindex.media.formats import JPEG, MP4
from photoindex.media.reading import Stopped


def png(seed: int = 1, size: tuple[int, int] = (64, 48)) -> bytes:
    buffer = io.BytesIO()
    draw_image(seed=seed, size=size).save(buffer, "PNG")
    return buffer.getvalue()


def failure(decoders: Decoders, content: bytes) -> UnreadableFileError:
    with pytest.raises(UnreadableFileError) as caught:
        decoders.decode(content, **EDGES)
    return caught.value


def same(one: Decoded, other: Decoded) -> bool:
    def told(decoded: Decoded) -> tuple[object, ...]:
        images = [decoded.image, *(frame.image for frame in decoded.frames)]
        moments = [frame.at_seconds for frame in decoded.frames]
        facts = (decoded.width, decoded.height, decoded.format, decoded.metadata, decoded.duration_seconds)
        return (*facts, moments, [(image.size, image.tobytes()) for image in images])

    return told(one) == told(other)


def test_a_decoder_that_is_taken_over_reaches_nothing(decoders: Decoders) -> None:
    if decoders.level != "full":
        pytest.skip(f"this kernel confines less: {decoders.level}")
    assert failure(decoders, probe("reach")).detail == "done nothing, refused 13"


@pytest.mark.parametrize(
    ("action", "reason", "said"),
    [
        ("crash", Reason.CRASHED, "SIGSEGV"),
        ("kill", Reason.CRASHED, "SIGKILL"),
        ("leave", Reason.CRASHED, "ended by itself"),
        ("eat", Reason.OUT_OF_MEMORY, ""),
        ("lie", Reason.CRASHED, "nonsense"),
        ("promise", Reason.CRASHED, "nonsense"),
    ],
)
def test_a_file_that_ends_its_decoder_costs_that_file(
    decoders: Decoders, action: str, reason: Reason, said: str
) -> None:
    error = failure(decoders, probe(action))
    assert error.reason == reason
    assert said in error.detail
    assert decoders.decode(png(), **EDGES).image.size == (64, 48)


@pytest.mark.parametrize("action", ["spin", "sleep"])
def test_a_decoder_that_hangs_is_killed_at_its_limit(decoders: Decoders, action: str) -> None:
    started = time.monotonic()
    error = failure(decoders, probe(action))
    assert error.reason == Reason.TIMED_OUT
    assert 1.5 <= time.monotonic() - started < 60, "it would go on for an hour"
    assert decoders.decode(png(), **EDGES).format.name == "png"


def test_every_format_comes_out_as_it_does_without_isolation(decoders: Decoders) -> None:
    here = HereDecoder()
    for format in WRITTEN:
        content = write(draw_image(seed=4, size=(300, 200)), format)
        assert same(decoders.decode(content, **EDGES), here.decode(content, **EDGES)), format
    film = make_video([((200, 20, 20), 4), ((20, 20, 200), 4)])
    with tempfile.TemporaryFile() as file:
        file.write(film)
        file.flush()
        shown = [each.read_video(file, format=MP4, **EDGES) for each in (decoders, here)]
    assert len(shown[1].frames) == 2
    assert same(*shown)


def test_metadata_and_sidecars_come_out_as_they_do_without_isolation(decoders: Decoders) -> None:
    here = HereDecoder()
    buffer = io.BytesIO()
    image = draw_image(seed=6)
    exif = image.getexif()
    exif[0x0110], exif[0x0132] = "Camera 1", "2020:02:03 04:05:06"
    image.save(buffer, "JPEG", exif=exif)
    sidecar = (b"a.jpg.json", b'{"photoTakenTime": {"timestamp": "1500000000"}, "description": "d\xc3\xa9j\xc3\xa0"}')
    for each in (decoders, here):
        embedded = each.read_embedded(buffer.getvalue(), JPEG)
        assert embedded.camera == "Camera 1"
        assert each.complete(embedded, "IMG_20210203_040506.jpg", [sidecar]) == here.complete(
            here.read_embedded(buffer.getvalue(), JPEG), "IMG_20210203_040506.jpg", [sidecar]
        )
    assert decoders.complete(Metadata(), "b.jpg", [sidecar]).caption == "déjà"
    deep = (b"b.xmp", b"<a>" * 100_000), (b"b.json", b"[" * 100_000)
    assert decoders.complete(Metadata(rating=3), "b.jpg", deep) == Metadata(rating=3)


def test_a_content_larger_than_what_is_kept_and_a_ribbon_of_pixels_come_through(decoders: Decoders) -> None:
    photo = write(draw_image(seed=8), JPEG) + bytes(20_000_000)  # as with a clip behind it
    assert decoders.decode(photo, **EDGES).image.size == (64, 48)
    ribbon = decoders.decode(png(size=(30_000, 8)), shortest_edge=8, longest_edge=512, max_pixels=1_000_000)
    assert ribbon.image.size == (30_000, 8)
    assert (ribbon.width, ribbon.height) == (30_000, 8)


def test_while_some_hang_others_are_decoded() -> None:
    decoders = make_decoders(60)
    decoders.start()
    with ThreadPoolExecutor(4) as pool:
        hanging = [pool.submit(decoders.decode, probe("spin", salt), **EDGES) for salt in range(2)]
        done = list(pool.map(lambda seed: decoders.decode(png(seed), **EDGES).width, range(40)))
        assert not any(each.done() for each in hanging)
        assert done == [64] * 40
        decoders.close()
        assert all(isinstance(each.exception(), Stopped) for each in hanging)


def test_a_photo_is_not_blamed_for_what_ends_all_processes() -> None:
    decoders = make_decoders(10)
    decoders.start()
    try:
        with ThreadPoolExecutor(1) as pool:
            kept = decoders._nursery
            assert kept is not None
            found = pool.submit(decoders.decode, png(size=(2000, 1500)), **EDGES)
            kept._process.kill()
            assert found.result().width == 2000
            assert decoders._nursery is not kept
    finally:
        decoders.close()


def test_the_end_comes_at_once_whatever_is_decoded_and_leaves_no_process() -> None:
    decoders = make_decoders(60)
    decoders.start()
    nursery = decoders._nursery
    (process,) = decoders._all
    assert nursery is not None
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(decoders.decode, probe("spin"), **EDGES)
        time.sleep(0.1)
        started = time.monotonic()
        decoders.close()
        decoders.close()
        with pytest.raises(Stopped):
            hanging.result()
    assert time.monotonic() - started < 30
    assert nursery._process.returncode is not None
    assert not Path(f"/proc/{process._pid}").exists()
    with pytest.raises(Stopped):
        decoders.decode(png(), **EDGES)


def test_processes_end_when_nothing_is_decoded_and_come_back() -> None:
    before = threading.enumerate()
    decoders = make_decoders(idle_seconds=0.1)
    decoders.start()
    nursery, until = decoders._nursery, time.monotonic() + 60
    assert nursery is not None
    while nursery._process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    assert nursery._process.poll() is not None
    assert decoders.decode(png(), **EDGES).width == 64
    decoders.close()
    assert [each for each in threading.enumerate() if each not in before] == []


def test_a_daemon_that_is_killed_leaves_no_decoder_behind() -> None:
    script = (
        "import sys, threading; sys.path[:0] = sys.argv[1:]\n"
        "from isolation.conftest import EDGES, make_decoders; from isolation.probes import probe\n"
        "d = make_decoders(60); d.start()\n"
        "threading.Thread(target=d.decode, args=(probe('spin'),), kwargs=EDGES, daemon=True).start()\n"
        "print(d._nursery._process.pid, *(p._pid for p in d._all), flush=True); threading.Event().wait()"
    )
    tests = str(Path(__file__).parents[1])
    with subprocess.Popen(
        [sys.executable, "-c", script, tests], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as daemon:
        assert daemon.stdout is not None
        pids = [int(each) for each in daemon.stdout.readline().split()]
        ends = [os.pidfd_open(pid) for pid in pids]
        os.kill(daemon.pid, signal.SIGKILL)
    assert len(ends) == 2
    for end in ends:
        assert select.select([end], [], [], 5)[0], "a process lives on"
        os.close(end)
