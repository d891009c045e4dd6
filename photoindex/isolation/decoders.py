"""Decoders in confined processes: the functions of `media` that meet the bytes of files, for any thread.

What a file does to its decoder (crash, hang, take all memory) costs that file and no other: the process is killed and
another forked, and the caller gets an `UnreadableFileError`. Own code and no pool of a library: those pickle what
decoders answer, which hostile bytes may have taken over, and give no way to hand over a file or share memory.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeVar

from photoindex.errors import IsolationError, UnreadableFileError
from photoindex.isolation.answers import (
    MAX_PIXEL_BYTES,
    pack_metadata,
    pixel_bytes,
    unpack_decoded,
    unpack_metadata,
)
from photoindex.isolation.confinement import Bounds
from photoindex.isolation.decoder import GiveWay
from photoindex.isolation.nursery import Nursery, NurseryLostError
from photoindex.isolation.process import Process, SilentError
from photoindex.isolation.wire import Message, WireError
from photoindex.media import Decoded, Format, Metadata, Reason
from photoindex.media.metadata import complete
from photoindex.media.reading import Stopped

PHOTO_SECONDS = 20.0
"""A photo may take so long; honest ones of 100 megapixels take a few seconds."""
VIDEO_SECONDS = 60.0
"""A video may: `read_video` gives up by itself after 20 s of the processor, which may be slow or shared."""
IDLE_SECONDS = 60.0
"""Processes are ended when nothing was decoded for so long."""
JOBS = 500
"""A process is replaced after so many, whatever its libraries have leaked."""

_SMALLEST_BYTES, _LARGEST_BYTES = 2 << 30, 32 << 30
_BYTES_PER_PIXEL = 16  # RGBA, with what converting it takes; or 16 bits a channel
_LOSSES = 3
_VIDEO = "photoindex.media.videos"

T = TypeVar("T")


@dataclass(frozen=True)
class Seconds:
    """How long decoding may take."""

    photo: float = PHOTO_SECONDS
    video: float = VIDEO_SECONDS


class Decoders:
    """Fulfils `Decoder`. As many processes as threads that ask at once, each with one thread."""

    def __init__(
        self,
        *,
        max_bytes: int,
        max_pixels: int,
        seconds: Seconds = Seconds(),
        idle_seconds: float = IDLE_SECONDS,
        modules: Sequence[str] = (),
    ) -> None:
        """`max_bytes` and `max_pixels` of a photo tell how much memory is enough. `modules` are imported besides.

        Nothing is started yet.
        """
        memory = min(_LARGEST_BYTES, max(_SMALLEST_BYTES, (1 << 30) + 2 * max_bytes + _BYTES_PER_PIXEL * max_pixels))
        self._bounds = Bounds(memory_bytes=memory, written_bytes=MAX_PIXEL_BYTES)
        self._seconds = seconds
        self._idle_seconds = idle_seconds
        self._modules = frozenset(modules)
        self._lock = threading.Lock()
        self._nursery: Nursery | None = None
        self._free: list[Process] = []
        self._all: set[Process] = set()
        self._closed = False
        self._jobs = 0
        self._timer: threading.Timer | None = None
        self._give_way: GiveWay = nullcontext
        self.level: str | None = None
        """What the kernel let us refuse to decoders: `full`, or what it lacks. None before the first."""

    def when_slow(self, give_way: GiveWay) -> None:
        """See `Decoder`. To be set before anything is decoded."""
        self._give_way = give_way

    def begin(self) -> None:
        """Start what decoders are forked from, and don't wait for it. Raises IsolationError."""
        with self._lock:
            if self._nursery is None and not self._closed:
                self._nursery = Nursery()

    def start(self) -> str:
        """Start the first process; the level that all will have. Raises IsolationError or Stopped."""
        try:
            process = self._lease(frozenset())
        except OSError as error:
            raise IsolationError(f"no process can be started to decode photos in: {error}") from error
        self._give_back(process)
        return process.level

    def decode(
        self, content: bytes, *, shortest_edge: int, longest_edge: int, max_pixels: int, name: bytes = b""
    ) -> Decoded:
        """As `media.decode`; raises `UnreadableFileError` (crashed, too-slow) too.

        So do the others; all raise Stopped after `close`, and IsolationError or OSError when no process can be had.
        """
        job = {
            "job": "decode",
            "bytes": len(content),
            "name": os.fsdecode(name),
            "shortest_edge": shortest_edge,
            "longest_edge": longest_edge,
            "max_pixels": max_pixels,
        }
        return self._run(job, self._seconds.photo, _decoded, [content])

    def read_video(
        self, file: BinaryIO, *, format: Format, shortest_edge: int, longest_edge: int, max_pixels: int
    ) -> Decoded:
        """As `media.video.read_video`."""
        job = {
            "job": "read_video",
            "format": format.name,
            "shortest_edge": shortest_edge,
            "longest_edge": longest_edge,
            "max_pixels": max_pixels,
        }
        return self._run(job, self._seconds.video, _decoded, file=file, modules=frozenset({_VIDEO}))

    def read_embedded(self, content: bytes, format: Format) -> Metadata:
        """As `media.embedded.read_embedded`; empty too where a decoder crashes."""
        job = {"job": "read_embedded", "bytes": len(content), "format": format.name}
        return self._describe(job, [content], Metadata())

    def complete(self, metadata: Metadata, filename: str, sidecars: Sequence[tuple[bytes, bytes]] = ()) -> Metadata:
        """As `media.metadata.complete`; without the sidecars where their reader crashes."""
        bare = complete(metadata, filename)
        if not sidecars:
            return bare
        job = {
            "job": "complete",
            "metadata": pack_metadata(metadata),
            "name": filename,
            "sidecars": [(os.fsdecode(name), len(content)) for name, content in sidecars],
        }
        return self._describe(job, [content for _, content in sidecars], bare)

    def close(self) -> None:
        """End all processes, whatever they are at. May be called twice, and from any thread."""
        with self._lock:
            self._closed = True
        self._dismiss()

    def _describe(self, job: Message, contents: Sequence[bytes], otherwise: Metadata) -> Metadata:
        try:
            return self._run(
                job, self._seconds.photo, lambda answer, _: unpack_metadata(answer.get("metadata")), contents
            )
        except UnreadableFileError:
            return otherwise

    def _run(
        self,
        job: Message,
        seconds: float,
        unpack: Callable[[Message, Process], T],
        contents: Sequence[bytes] = (),
        *,
        file: BinaryIO | None = None,
        modules: frozenset[str] = frozenset(),
    ) -> T:
        for _ in range(_LOSSES):
            process = self._lease(modules)
            try:
                answer = process.ask(job, contents, file, seconds, self._give_way)
                if "reason" in answer:
                    raise _refusal(answer)
                found = unpack(answer, process)
            except UnreadableFileError:
                self._give_back(process)
                raise
            except SilentError:
                self._end(process)
                raise UnreadableFileError(Reason.TIMED_OUT, f"not decoded within {seconds:g} s") from None
            except (EOFError, OSError, WireError) as error:
                status = self._end(process)
                if status is not None:
                    raise UnreadableFileError(Reason.CRASHED, _cause(status, error)) from None
            except BaseException:
                self._end(process)
                raise
            else:
                self._give_back(process)
                return found
        raise IsolationError("the processes that decode photos are ended again and again, by something else")

    # --- the processes ---------------------------------------------------------------------------------------------

    def _lease(self, modules: frozenset[str]) -> Process:
        """A decoder that has those modules, and is nobody else's now. Raises Stopped, IsolationError or OSError."""
        modules |= self._modules
        for _ in range(_LOSSES):
            with self._lock:
                if self._closed:
                    raise Stopped
                self._jobs += 1
                fit = next((each for each in reversed(self._free) if modules <= each.modules), None)
                if fit is not None:
                    self._free.remove(fit)
                    return fit
                if self._nursery is None:
                    self._nursery = Nursery()
                nursery = self._nursery
                unfit = self._free.pop() if self._free else None
            if unfit is not None:  # in whose place there is to be one that is fit
                self._end(unfit)
            try:
                process = Process(nursery, modules, self._bounds)
            except NurseryLostError:
                self._forget(nursery)
                continue
            with self._lock:
                self._all.add(process)
                self.level = process.level
            return process
        raise IsolationError("the process that starts decoders ends again and again")

    def _give_back(self, process: Process) -> None:
        with self._lock:
            if not self._closed and process.jobs < JOBS and process.nursery is self._nursery:
                self._free.append(process)
                self._watch()
                return
        self._end(process)

    def _end(self, process: Process) -> int | None:
        """Kill it; the status with which it ended, None when that isn't its own doing. Raises Stopped."""
        with self._lock:
            self._all.discard(process)
        try:
            status = process.end()
        except NurseryLostError:
            self._forget(process.nursery)
            status = None
        if self._closed:
            raise Stopped
        return status

    def _forget(self, nursery: Nursery) -> None:
        """It has ended, with all its children; the next photo starts another."""
        with self._lock:
            if self._nursery is nursery:
                self._nursery = None
                lost, self._free = self._free, []
            else:
                lost = []
            self._all -= set(lost)
        nursery.close()
        for each in lost:
            each.close()

    def _dismiss(self) -> None:
        with self._lock:
            nursery, self._nursery = self._nursery, None
            timer, self._timer = self._timer, None
            free, self._free = self._free, []
            self._all -= set(free)
        if timer is not None:
            timer.cancel()
        if nursery is not None:
            nursery.close()  # ends those at work too: who waits for one, reads the end of its socket
        for each in free:
            each.close()
        if timer is not None and timer is not threading.current_thread():
            timer.join()

    # --- when nothing is to be decoded -----------------------------------------------------------------------------

    def _watch(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(self._idle_seconds, self._look, (self._jobs,))
            self._timer.daemon = True
            self._timer.start()

    def _look(self, jobs: int) -> None:
        """End the processes if none was asked for since there were so many jobs."""
        with self._lock:
            if self._closed or self._timer is not threading.current_thread():
                return
            self._timer = None
            idle = jobs == self._jobs and len(self._free) == len(self._all)
            if not idle:
                self._watch()
                return
        self._dismiss()


def _decoded(answer: Message, process: Process) -> Decoded:
    length = pixel_bytes(answer)
    pixels = process.outbox.read(length)
    process.outbox.tidy(length)
    if len(pixels) != length:
        raise WireError("pixels are missing")
    return unpack_decoded(answer, pixels)


def _refusal(answer: Mapping[str, Any]) -> UnreadableFileError:
    reason, detail = answer["reason"], answer.get("detail", "")
    if reason not in set(Reason) or not isinstance(detail, str) or len(detail) > 1000 or not detail.isprintable():
        raise WireError("no known reason")
    return UnreadableFileError(Reason(reason), detail)


def _cause(status: int, error: Exception) -> str:
    """Why it ended, in plain words; by its wait status."""
    if isinstance(error, WireError):
        return "the decoder answered with nonsense"
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            return f"the decoder was ended by signal {number} ({signal.Signals(number).name})"
        except ValueError:
            return f"the decoder was ended by signal {number}"
    return "the decoder ended by itself"
