"""From a video to a poster, a few frames that show what is in it, and its metadata. Reads only what it needs."""

from __future__ import annotations

import io
import time
from typing import BinaryIO

import av
from av.container import InputContainer
from av.stream import Discard, Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from photoindex.errors import UnreadableFileError
from photoindex.media.decoded import Decoded, Frame
from photoindex.media.failures import one_line
from photoindex.media.formats import AVI, FLV, MKV, MOV, MP4, MPEG_PS, MPEG_TS, OGV, THREE_GP, WEBM, WMV, Format, Reason
from photoindex.media.frames import Renderer
from photoindex.media.guards import check_pixels
from photoindex.media.keyframes import Sampler
from photoindex.media.scenes import Candidate, choose_frames, choose_poster
from photoindex.media.video_metadata import read_tags

MAX_FRAMES = 24
"""Of one video, however long."""

_MAX_VIDEO_PIXELS = 70_000_000  # of a frame: 8K, and 360° cameras' 8192 × 8192; decoders keep several
_MAX_READ_BYTES = 2_000_000_000
_MAX_CPU_SECONDS = 20.0
_MAX_DURATION_SECONDS = 1_000_000.0
_BUFFER_BYTES = 1 << 17
_SMALL_BYTES = 20_000_000
_MAX_BOXES = 10_000

_DEMUXERS = {
    **dict.fromkeys((MP4, MOV, THREE_GP), "mov"),
    **dict.fromkeys((MKV, WEBM), "matroska"),
    AVI: "avi",
    MPEG_TS: "mpegts",
    MPEG_PS: "mpeg",
    WMV: "asf",
    FLV: "flv",
    OGV: "ogg",
}

# What cameras, phones and screen recorders wrote and write. FFmpeg has hundreds of decoders of games and oddities.
_DECODERS = frozenset(
    {"h264", "hevc", "vvc", "av1", "libdav1d", "vp8", "vp9", "mpeg4", "mpeg2video", "mpeg1video", "mjpeg", "mjpegb"}
    | {"prores", "dnxhd", "cfhd", "apv", "dvvideo", "theora", "h263", "h263i", "h261", "flv", "vp3", "vp6", "vp6f"}
    | {"vp6a", "flashsv", "flashsv2", "wmv1", "wmv2", "wmv3", "vc1", "mss2", "msmpeg4v1", "msmpeg4v2", "msmpeg4"}
    | {"svq1", "svq3", "cinepak", "indeo3", "indeo4", "indeo5", "msvideo1", "msrle", "qtrle", "rpza", "png"}
    | {"jpeg2000", "rawvideo", "v210", "ffv1", "huffyuv", "ffvhuff", "utvideo", "magicyuv", "lagarith", "hap"}
)


def read_video(
    file: BinaryIO,
    *,
    format: Format,
    shortest_edge: int,
    longest_edge: int,
    max_pixels: int,
    max_frames: int = MAX_FRAMES,
) -> Decoded:
    """The poster, frames and metadata of the video in `file`, which may be read at any place and stays open.

    The images' shorter edge is at least `shortest_edge` and their longer one at least `longest_edge`, in pixels, where
    the video has as many; they are upright, with square pixels, in sRGB: PQ and HLG are toned down. The poster
    (`image`) is one of `frames`. There are at most `max_frames` of them, one for a short video, and no two alike.
    What can be decoded of a file that is cut or damaged counts; one without any frame is refused.

    Only the first decodable, largest video stream is looked at; sound, subtitles and attachments never are. At most
    about 20 s of the processor and one thread are used, 2 GB read, and nothing but `file` is opened.

    Raises `UnreadableFileError`: not-a-photo where there is no video in it, truncated, broken, unsupported,
    too-many-pixels, unreadable, out-of-memory; and nothing else. May be called from any thread.
    """
    source = _Source(file)
    try:
        return _read(source, format, (shortest_edge, longest_edge), max_pixels, max_frames)
    except UnreadableFileError:
        raise
    # Decoders meet hostile bytes here, and what they raise on them is an open list: everything means a bad file.
    except Exception as error:
        raise _explain(error, source, format) from error


class _Source:
    """A file as FFmpeg may read it: it ends where the budget does, and no exception gets into C code.

    PyAV keeps an exception of a file and raises it later, maybe at the next video.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = _MAX_READ_BYTES
        self._deadline = time.thread_time() + _MAX_CPU_SECONDS
        self.failure: OSError | ValueError | None = None
        self.size_bytes = file.seek(0, io.SEEK_END)
        file.seek(0)

    def is_spent(self) -> bool:
        """Whether no more work is to be put into this file."""
        return self._left <= 0 or self.failure is not None or time.thread_time() > self._deadline

    def read(self, size: int) -> bytes:
        if self.is_spent():
            return b""
        try:
            data = self._file.read(size)
        except (OSError, ValueError) as error:
            self.failure = error
            return b""
        self._left -= len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError):  # before the beginning, say: FFmpeg takes -1 as an error
            return -1

    def tell(self) -> int:
        return self._file.tell()

    def seek_again(self) -> int:
        """Go back to the beginning and allow for a look at the structure, whatever has been read."""
        self._left, self._deadline = _BUFFER_BYTES, time.thread_time() + 1
        return self.seek(0)


def _read(source: _Source, format: Format, edges: tuple[int, int], max_pixels: int, max_frames: int) -> Decoded:
    limit = min(max_pixels, _MAX_VIDEO_PIXELS)
    demuxer = _DEMUXERS[format]
    with av.open(
        source,
        "r",
        format=demuxer,
        # For decoders that are tried while opening.
        options={"max_pixels": str(_with_margins(limit)), "threads": "1"},
        container_options={
            "codec_whitelist": ",".join(sorted(_DECODERS)),
            "protocol_whitelist": "none",
            "format_whitelist": demuxer if demuxer != "mov" else "mov,mp4,m4a,3gp,3g2,mj2",
            "fpsprobesize": "0",
        },
        metadata_errors="replace",
        buffer_size=_BUFFER_BYTES,
        io_open=_open_nothing,
    ) as container:
        stream = _video_stream(container)
        check_pixels(stream.width, stream.height, limit)
        return _decode(source, container, stream, format, edges, limit, max_frames)


def _with_margins(max_pixels: int) -> int:
    """What decoders must be allowed: they count the margins that they work with, too."""
    return 2 * max_pixels + 1_000_000


def _open_nothing(url: str, flags: int, options: object) -> io.BytesIO:
    """An empty file for any that the video refers to."""
    return io.BytesIO()


def _video_stream(container: InputContainer) -> VideoStream:
    """The largest stream that is a video and no cover; all others are passed over from now on."""
    videos = [
        stream
        for stream in container.streams.video
        if not stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails)
    ]
    if not videos:
        raise UnreadableFileError(Reason.NOT_A_PHOTO, "there is no video in the file")
    known = [stream for stream in videos if stream.codec_context is not None and _decoder(stream) in _DECODERS]
    if not known:
        names = ", ".join(sorted({_decoder(stream) or "unknown" for stream in videos}))
        raise UnreadableFileError(Reason.UNSUPPORTED, f"no decoder for the video codec: {names}")
    chosen = max(known, key=lambda stream: stream.width * stream.height)
    for stream in container.streams:
        if stream is not chosen:
            stream.discard = Discard.all
    return chosen


def _decoder(stream: VideoStream) -> str | None:
    return stream.codec_context.codec.name if stream.codec_context is not None else None


def _decode(
    source: _Source,
    container: InputContainer,
    stream: VideoStream,
    format: Format,
    edges: tuple[int, int],
    max_pixels: int,
    max_frames: int,
) -> Decoded:
    context = stream.codec_context
    context.thread_count = 1
    context.thread_type = "NONE"
    context.options = {"max_pixels": str(_with_margins(max_pixels))}
    renderer = Renderer(stream.sample_aspect_ratio, shortest_edge=edges[0], longest_edge=edges[1])
    sizes: dict[float, tuple[int, int]] = {}

    def take(frame: VideoFrame, at_seconds: float) -> Candidate:
        check_pixels(frame.width, frame.height, max_pixels)
        sizes[at_seconds] = renderer.shown_size(frame)
        return Candidate(at_seconds, renderer.render(frame))

    # MPEG streams don't say how long they are, and FFmpeg's guess may miss some seconds: small ones are walked through.
    is_guessed = format in (MPEG_PS, MPEG_TS) and source.size_bytes <= _SMALL_BYTES
    duration = None if is_guessed else _duration(container, stream)
    sampler = Sampler(container, stream, duration, take, source.is_spent)
    candidates = sampler.sample(max_frames)
    if not candidates:
        raise sampler.error or EOFError("no frame can be decoded")
    duration = duration or sampler.end_seconds
    poster = choose_poster(candidates)
    width, height = sizes[poster.at_seconds]
    length = duration or candidates[-1].at_seconds
    same_size = [candidate for candidate in candidates if candidate.image.size == poster.image.size]
    frames = choose_frames(same_size, poster, length, max_frames)
    return Decoded(
        poster.image,
        width,
        height,
        format,
        read_tags({**stream.metadata, **container.metadata}),
        duration_seconds=duration,
        frames=tuple(Frame(candidate.at_seconds, candidate.image) for candidate in frames),
    )


def _duration(container: InputContainer, stream: VideoStream) -> float | None:
    """In seconds, as the file says or FFmpeg estimates; None where that makes no sense."""
    candidates = (
        container.duration / av.time_base if container.duration else 0.0,
        float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0,
    )
    return next((seconds for seconds in candidates if 0 < seconds <= _MAX_DURATION_SECONDS), None)


def _explain(error: Exception, source: _Source, format: Format) -> UnreadableFileError:
    """The error to raise when reading the video raised `error`."""
    detail = one_line(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
    if source.failure is not None:
        return UnreadableFileError(Reason.UNREADABLE, one_line(str(source.failure)))
    if isinstance(error, MemoryError):
        return UnreadableFileError(Reason.OUT_OF_MEMORY, detail)
    if isinstance(error, (av.error.DecoderNotFoundError, av.error.PatchWelcomeError, NotImplementedError)):
        return UnreadableFileError(Reason.UNSUPPORTED, detail)
    if isinstance(error, EOFError) or _is_cut(source, format):
        return UnreadableFileError(Reason.TRUNCATED, detail)
    return UnreadableFileError(Reason.BROKEN, detail)


def _is_cut(source: _Source, format: Format) -> bool:
    """Whether the end is missing, told by the container: FFmpeg often only says that data are wrong."""
    if format is AVI:
        source.seek_again()
        return int.from_bytes(source.read(8)[4:], "little") + 8 > source.size_bytes
    return _DEMUXERS[format] == "mov" and _lacks_index(source)


def _lacks_index(source: _Source) -> bool:
    """Whether a top-level box (ISO/IEC 14496-12) reaches beyond the end, or the one that tells where all is missing."""
    position, found = source.seek_again(), False
    for _ in range(_MAX_BOXES):
        source.seek(position)
        head = source.read(16)
        if len(head) < 8:
            return not found
        size, found = int.from_bytes(head[:4], "big"), found or head[4:8] == b"moov"
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if size == 0:
            return not found
        if size < 8:
            return False
        position += size
        if position > source.size_bytes:
            return True
    return False
