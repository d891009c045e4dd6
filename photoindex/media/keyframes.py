"""Walks through a video and decodes some of its frames, spread over its length, at a bounded cost.

Keyframes first: each can be decoded by itself, and encoders put one where a scene begins. Where they are too far
apart, the frames between them are decoded one after the other as long as the budget lasts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Literal

from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from photoindex.media.scenes import Candidate, frames_for

MAX_KEYFRAMES = 60
_MIN_KEYFRAMES = 12
_KEYFRAMES_PER_FRAME = 3

_MAX_PACKETS = 600  # to read until there is a keyframe: broadcasts have one every few seconds
_MAX_ERRORS = 50
_MAX_MISSES = 3  # places in a row where nothing is found: from there on the file is cut, or can't be searched
_MAX_INDEX_ENTRIES = 500_000
_MAX_SEQUENTIAL_PIXELS = 1_000_000_000  # 480 frames of 1080p: about a second of one core
_WIDE_GAP = 1.5
_UNKNOWN_STEP_SECONDS = 1.0


class Sampler:
    """Takes frames out of one opened video."""

    def __init__(
        self,
        container: InputContainer,
        stream: VideoStream,
        duration_seconds: float | None,
        take: Callable[[VideoFrame, float], Candidate],
        is_spent: Callable[[], bool],
    ) -> None:
        self._container = container
        self._stream = stream
        self._duration = duration_seconds
        self._take = take
        self._is_spent = is_spent
        self._time_base = float(stream.time_base or 1)
        self._start = stream.start_time or 0
        self._candidates: dict[float, Candidate] = {}
        self._seen: set[int] = set()
        self._errors = 0
        self.end_seconds: float | None = None
        """When the last packet ends, if the whole video was walked through."""
        self.error: Exception | None = None
        """The last one, of packets and places that could not be read or decoded."""

    def sample(self, max_frames: int) -> list[Candidate]:
        """Frames in order of time, none for a video of which nothing can be decoded. May be called once."""
        if self._duration is not None:
            self._seek_keyframes(self._targets(frames_for(self._duration, max_frames)))
        if not self._candidates:
            self._walk_keyframes()
        duration = self._duration or self.end_seconds or max(self._candidates, default=0.0)
        self._fill_gaps(duration, frames_for(duration, max_frames))
        return [self._candidates[at] for at in sorted(self._candidates)]

    def _targets(self, frames: int) -> Sequence[int]:
        """Where to look for keyframes: at those that the index tells, else evenly."""
        assert self._duration is not None
        count = min(MAX_KEYFRAMES, max(_MIN_KEYFRAMES, _KEYFRAMES_PER_FRAME * frames))
        length = self._duration / self._time_base
        index = self._stream.index_entries
        if 0 < len(index) <= _MAX_INDEX_ENTRIES and index[-1].timestamp - self._start > length / 2:
            keyframes = sorted({entry.timestamp for entry in index if entry.is_keyframe})
            if keyframes:
                return keyframes if len(keyframes) <= count else _at_cuts(keyframes, count)
        return [self._start + int(length * (slot + 0.5) / count) for slot in range(count)]

    def _seek_keyframes(self, targets: Sequence[int]) -> None:
        self._skip("NONKEY")
        misses = 0
        for target in targets:
            if self._is_spent() or misses >= _MAX_MISSES:
                return
            misses = 0 if self._seek(target) and self._next_keyframe() else misses + 1

    def _skip(self, frames: Literal["NONKEY", "NONREF", "DEFAULT"]) -> None:
        """Let the decoder leave out frames."""
        if self._stream.codec_context.codec.name != "libdav1d":  # which asks once only, before the first frame
            self._stream.codec_context.skip_frame = frames

    def _seek(self, target: int) -> bool:
        try:
            self._container.seek(target, stream=self._stream)
        except (FFmpegError, OverflowError) as error:
            self.error = error
            return False
        return True

    def _next_keyframe(self) -> bool:
        """Take the keyframe that is read next; whether there was one, be it taken before."""
        for number, packet in enumerate(self._packets()):
            if packet.is_keyframe and (moment := _moment(packet)) is not None:
                if moment in self._seen:
                    return True
                self._seen.add(moment)
            # Files without keyframe flags: the decoder leaves out all but keyframes, and says so by giving none.
            if self._take_any(self._decode(packet, at_once=packet.is_keyframe)):
                return True
            if number >= _MAX_PACKETS or self._errors >= _MAX_ERRORS:
                break
        return self._take_any(self._decode(None))

    def _walk_keyframes(self) -> None:
        """All keyframes from the beginning to the end, half of them dropped whenever there are too many."""
        self._skip("NONKEY")
        self._seek(self._start)
        interval, next_at, last = 0.0, 0.0, 0.0
        for packet in self._packets():
            if self._errors >= _MAX_ERRORS:
                return
            at = self._seconds(_moment(packet))
            last = max(last, at + float((packet.duration or 0) * self._time_base))
            if not packet.is_keyframe or at < next_at:
                continue
            self._take_any(self._decode(packet, at_once=True))
            self._stream.codec_context.flush_buffers()
            if len(self._candidates) > MAX_KEYFRAMES:
                self._candidates = {at: self._candidates[at] for at in sorted(self._candidates)[::2]}
                interval = 2 * interval or max(self._candidates) / MAX_KEYFRAMES
            next_at = at + interval
        if not self._is_spent():
            self.end_seconds = last or None

    def _fill_gaps(self, duration: float, frames: int) -> None:
        """Decode all frames where keyframes are wide apart, or none was found, as far as the budget reaches."""
        step = duration / frames / 2 or _UNKNOWN_STEP_SECONDS
        budget = _MAX_SEQUENTIAL_PIXELS
        times = sorted(self._candidates)
        gaps = [(a, b) for a, b in pairwise([*times[:1], *times, duration]) if b - a > _WIDE_GAP * 2 * step]
        if times and times[0] > _WIDE_GAP * 2 * step:
            gaps.insert(0, (0.0, times[0]))
        if not times:
            gaps = [(0.0, duration or float("inf"))]
        for begin, end in gaps:
            budget = self._walk(begin, end, step, budget)

    def _walk(self, begin: float, end: float, step: float, budget: int) -> int:
        """Take a frame every `step` seconds between two moments; the pixels that may still be decoded afterwards."""
        if budget <= 0 or self._errors >= _MAX_ERRORS or self._is_spent():
            return budget
        self._skip("NONREF" if self._candidates else "DEFAULT")
        self._seek(self._start + int(begin / self._time_base))
        next_at = begin + step if self._candidates else begin
        for frame in self._frames():
            at = self._seconds(frame.pts)
            budget -= frame.width * frame.height
            if at >= next_at and at < end:
                self._take_any([frame])
                next_at = at + step
            if budget <= 0 or at >= end - step / 2 or self._errors >= _MAX_ERRORS or self._is_spent():
                break
        return budget

    def _frames(self) -> Iterator[VideoFrame]:
        for packet in self._packets():
            yield from self._decode(packet)
        yield from self._decode(None)

    def _packets(self) -> Iterator[Packet[VideoStream]]:
        try:
            for packet in self._container.demux(self._stream):
                if packet.size == 0 or self._is_spent():  # the end: PyAV tells it by an empty packet
                    return
                yield packet
        except FFmpegError as error:
            self.error = error

    def _decode(self, packet: Packet[VideoStream] | None, at_once: bool = False) -> list[VideoFrame]:
        """The frames that are ready, or, if `at_once`, also those that the decoder holds back."""
        try:
            frames = self._stream.codec_context.decode(packet)
            return frames + self._stream.codec_context.decode(None) if at_once else frames
        except EOFError:  # it has been emptied already
            return []
        except FFmpegError as error:
            self.error = error
            self._errors += 1
            return []

    def _take_any(self, frames: Sequence[VideoFrame]) -> bool:
        """Take the first of `frames` that is whole, or else the first; whether there was one."""
        for frame in sorted(frames, key=lambda frame: frame.is_corrupt):
            try:
                at = self._seconds(frame.pts if frame.pts is not None else frame.dts)
                self._candidates.setdefault(at, self._take(frame, at))
            except FFmpegError as error:
                self.error = error
                self._errors += 1
                continue
            return True
        return False

    def _seconds(self, moment: int | None) -> float:
        """From the beginning of the video, and not beyond its end."""
        at = max(0.0, ((moment if moment is not None else self._start) - self._start) * self._time_base)
        return at if self._duration is None else min(at, self._duration)


def _moment(packet: Packet[VideoStream]) -> int | None:
    return packet.pts if packet.pts is not None else packet.dts


def _at_cuts(keyframes: Sequence[int], count: int) -> list[int]:
    """`count` of `keyframes`, spread evenly: near each place the one that follows its predecessor the soonest.

    Encoders put keyframes at fixed distances, and one in between where the picture changes.
    """
    gaps = [keyframes[1] - keyframes[0], *(b - a for a, b in pairwise(keyframes))]
    bounds = [len(keyframes) * slot // count for slot in range(count + 1)]
    return [keyframes[min(range(begin, end), key=gaps.__getitem__)] for begin, end in pairwise(bounds)]
