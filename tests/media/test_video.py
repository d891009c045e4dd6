"""Videos: a telling poster, frames of each scene at their moments, upright and in the right colours, and metadata."""

from __future__ import annotations

import io
import os
import time
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import av
import numpy as np
import pytest
from media.video_files import (
    BLACK,
    BLUE,
    FPS,
    GREEN,
    MAKERS,
    RED,
    YELLOW,
    box,
    make_sound,
    make_video,
)

from photoindex.errors import UnreadableFileError
from photoindex.media import REASONS
from photoindex.media.formats import AVI, MKV, MOV, MP4, VIDEO_FORMATS, detect, is_photo, promises_photo
from photoindex.media.metadata import TakenAtSource
from photoindex.media.video import MAX_FRAMES, read_video
from photoindex.media.video_metadata import read_tags

SCENES = [(RED, 2.0), (GREEN, 3.0), (BLUE, 2.0), (YELLOW, 3.0)]


def _read(content: bytes, **options):
    format = options.pop("format", None) or detect(content[:4096])
    limits = {"shortest_edge": 64, "longest_edge": 96, "max_pixels": 10_000_000} | options
    return read_video(io.BytesIO(content), format=format, **limits)


def _reason(content: bytes, **options) -> str:
    with pytest.raises(UnreadableFileError) as caught:
        _read(content, **options)
    assert caught.value.reason in REASONS
    return caught.value.reason


def _colour(image) -> tuple[int, ...]:
    """The colour of the drawn scene that the image is nearest to, by its lower right corner."""
    pixel = np.asarray(image)[-4, -4].astype(int)
    return min((RED, GREEN, BLUE, YELLOW, BLACK), key=lambda colour: np.abs(pixel - colour).sum())


def _seen(decoded) -> list[tuple[int, ...]]:
    """The colours of the frames in their order, repeated ones once."""
    colours = [_colour(frame.image) for frame in decoded.frames]
    return [colour for number, colour in enumerate(colours) if number == 0 or colours[number - 1] != colour]


def _at(seconds: float) -> tuple[int, ...]:
    end = 0.0
    for colour, length in SCENES:
        end += length
        if seconds < end - 1e-6:
            return colour
    return SCENES[-1][0]


@pytest.mark.parametrize("format", VIDEO_FORMATS, ids=lambda format: format.name)
def test_each_format_is_detected_and_each_scene_is_seen_at_its_moment(format):
    muxer, codec = MAKERS[format.name]
    size = (176, 144) if codec in ("flv", "mpeg4") else (160, 96)
    content = make_video(SCENES, muxer=muxer, codec=codec, size=size)
    assert detect(content[:4096]) is format
    decoded = _read(content)
    assert (decoded.width, decoded.height, decoded.format) == (*size, format)
    assert decoded.duration_seconds == pytest.approx(10, abs=0.5)
    assert _seen(decoded) == [RED, GREEN, BLUE, YELLOW]
    for frame in decoded.frames:
        assert _at(frame.at_seconds) == _colour(frame.image), frame.at_seconds
    assert any(decoded.image is frame.image for frame in decoded.frames)


def test_each_video_format_has_an_extension_that_promises_it():
    assert set(MAKERS) == {format.name for format in VIDEO_FORMATS}
    assert all(promises_photo(b"a" + format.extension.encode()) for format in VIDEO_FORMATS)
    assert not promises_photo(b"index.ts")
    assert not promises_photo(b"go.mod")


@pytest.mark.parametrize("codec", ["mpeg4", "mjpeg", "libx265", "libsvtav1", "libvpx"])
def test_codecs_of_other_containers_are_read(codec):
    options = {"preset": "12"} if codec == "libsvtav1" else None
    decoded = _read(make_video(SCENES[:2], muxer="matroska", codec=codec, codec_options=options))
    assert _seen(decoded) == [RED, GREEN]


def test_images_are_as_small_as_was_asked_for():
    content = make_video([(RED, 1.0)], size=(640, 384))
    assert _read(content).image.size == (160, 96) or min(_read(content).image.size) >= 64
    decoded = _read(content, shortest_edge=96, longest_edge=100)
    assert decoded.image.size == (160, 96)
    assert {frame.image.size for frame in decoded.frames} == {(160, 96)}
    assert _read(content, shortest_edge=9000, longest_edge=9000).image.size == (640, 384)
    assert decoded.image.mode == "RGB"


def test_a_black_beginning_is_neither_poster_nor_frame():
    decoded = _read(make_video([(BLACK, 1.5), (RED, 2.0), (BLACK, 1.0), (BLUE, 2.0)], keyframe_every=5))
    assert _colour(decoded.image) in (RED, BLUE)
    assert BLACK not in _seen(decoded)


def test_a_black_video_is_indexed_by_one_frame():
    decoded = _read(make_video([(BLACK, 5.0)]))
    assert len(decoded.frames) == 1


def test_what_looks_the_same_is_taken_once():
    assert len(_read(make_video([(RED, 30.0)], keyframe_every=10)).frames) == 1


def test_a_video_without_keyframes_inside_is_seen_whole():
    options = {"preset": "ultrafast", "x264-params": "scenecut=0:keyint=infinite"}
    decoded = _read(make_video(SCENES, codec_options=options))
    assert _seen(decoded) == [RED, GREEN, BLUE, YELLOW]


def test_a_video_has_at_most_so_many_frames():
    colours = [(40 * (number % 6), 50 * (number % 5), 255 - 30 * (number % 8)) for number in range(40)]
    content = make_video([(colour, 1.0) for colour in colours], size=(64, 48), keyframe_every=FPS)
    decoded = _read(content)
    assert 10 <= len(decoded.frames) <= MAX_FRAMES
    times = [frame.at_seconds for frame in decoded.frames]
    assert times == sorted(set(times))
    assert max(b - a for a, b in zip([0, *times], [*times, 40], strict=True)) < 10
    assert len(_read(content, max_frames=3).frames) == 3
    assert len(_read(content, max_frames=1).frames) == 1


@pytest.mark.parametrize(
    ("rotation", "corner"),
    [(0, (0, 0)), (90, (0, 1)), (180, (1, 1)), (-90, (1, 0))],
)
def test_rotated_videos_come_upright(rotation, corner):
    decoded = _read(make_video([(RED, 1.0)], rotation=rotation))
    size = (96, 160) if rotation in (90, -90) else (160, 96)
    assert (decoded.width, decoded.height) == size
    assert decoded.image.width < decoded.image.height if rotation in (90, -90) else True
    # The pale square was drawn up and left: a quarter turn against the clock brings it down and left.
    pixels = np.asarray(decoded.image.convert("L").resize((8, 8))).astype(int)
    brightest = np.unravel_index(pixels.argmax(), pixels.shape)
    assert (int(brightest[1] > 3), int(brightest[0] > 3)) == corner


def test_mirrored_videos_come_upright():
    decoded = _read(make_video([(RED, 1.0)], flips={"hflip": True}))
    pixels = np.asarray(decoded.image.convert("L").resize((8, 8))).astype(int)
    assert np.unravel_index(pixels.argmax(), pixels.shape)[1] > 3


def test_pixels_that_are_not_square_are_stretched():
    decoded = _read(make_video([(RED, 1.0)], pixel_aspect=Fraction(3, 2)))
    assert (decoded.width, decoded.height) == (240, 96)
    assert decoded.image.width == pytest.approx(2.5 * decoded.image.height, abs=2)


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("colour", [RED, GREEN, BLUE, (128, 128, 128), (16, 16, 16)])
def test_colours_are_those_that_were_filmed(full_range, colour):
    content = make_video([(colour, 0.5)], full_range=full_range, codec_options={"preset": "ultrafast", "crf": "5"})
    pixel = np.asarray(_read(content).image)[-10, -10].astype(int)
    assert np.abs(pixel - colour).max() <= 6


def test_a_high_dynamic_range_is_toned_down():
    nits = np.array([0, 20, 60, 203, 1000, 4000])
    power = (nits / 10_000) ** 0.1593017578125
    codes = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    row = np.repeat((codes * 65535).astype(np.uint16), 32)
    pixels = np.repeat(np.repeat(row[None], 96, 0)[..., None], 3, 2)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        parameters = "log-level=none:pools=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
        stream = container.add_stream("libx265", rate=FPS, options={"preset": "ultrafast", "x265-params": parameters})
        stream.width, stream.height, stream.pix_fmt = row.size, 96, "yuv420p10le"
        for moment in range(5):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb48le")
            frame = frame.reformat(format="yuv420p10le", dst_colorspace=9)
            frame.pts = moment
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    image = np.asarray(_read(buffer.getvalue(), shortest_edge=96, longest_edge=192).image).astype(int)
    levels = image[48, 16::32].mean(axis=1)
    assert list(levels) == sorted(levels)
    assert levels[0] <= 3
    assert levels[1] == pytest.approx(89, abs=6)  # a tenth of diffuse white, as sRGB writes it
    assert 215 <= levels[3] <= 240  # diffuse white, with something left for highlights
    assert levels[5] >= 250


def test_dates_places_cameras_and_titles_of_a_phones_video_are_read():
    tags = {
        "com.apple.quicktime.creationdate": "2019-07-04T15:30:00+0200",
        "com.apple.quicktime.location.ISO6709": "+48.8577+002.2950+035.000/",
        "com.apple.quicktime.make": "Apple",
        "com.apple.quicktime.model": "iPhone 11",
        "com.apple.quicktime.content.identifier": "9B6CF2A4-0001",
        "creation_time": "2019-07-04T13:30:05Z",
        "title": "At the tower",
    }
    content = make_video([(RED, 0.5)], muxer="mov", tags=tags, muxer_options={"movflags": "use_metadata_tags"})
    metadata = _read(content).metadata
    assert (metadata.taken_at, metadata.taken_at_offset_minutes) == (datetime(2019, 7, 4, 15, 30), 120)
    assert metadata.taken_at_source is TakenAtSource.VIDEO
    assert (metadata.latitude, metadata.longitude, metadata.altitude_m) == (48.8577, 2.295, 35.0)
    assert metadata.camera == "Apple iPhone 11"
    assert (metadata.title, metadata.pairing_id) == ("At the tower", "9B6CF2A4-0001")


def test_the_position_that_android_writes_is_read():
    metadata = _read(make_video([(RED, 0.5)], tags={"location": "-33.8568+151.2153/"})).metadata
    assert (metadata.latitude, metadata.longitude) == (-33.8568, 151.2153)


def test_a_time_without_a_zone_becomes_the_machines_own(monkeypatch):
    content = make_video([(RED, 0.5)], tags={"creation_time": "2020-01-31T23:30:00Z"})
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    try:
        metadata = _read(content).metadata
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (metadata.taken_at, metadata.taken_at_offset_minutes) == (datetime(2020, 2, 1, 0, 30), 60)


@pytest.mark.parametrize(
    "written", ["1904-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2020", "0000-00-00", "", "x" * 99]
)
def test_empty_times_are_none(written):
    assert read_tags({"creation_time": written}, UTC).taken_at is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+48.8577+002.2950/", (48.8577, 2.295, None)),
        ("+27.5916+086.5640+8850CRSWGS_84/", (27.5916, 86.564, 8850.0)),
        ("-1230.5-07545.25/", (-(12 + 30.5 / 60), -(75 + 45.25 / 60), None)),
        ("+404520.0-0735900.0/", (40 + 45 / 60 + 20 / 3600, -(73 + 59 / 60), None)),
        ("+00.0000+000.0000/", (None, None, None)),
        ("+99.0000+000.0000/", (None, None, None)),
        ("nowhere", (None, None, None)),
        ("+" * 5000, (None, None, None)),
    ],
)
def test_positions_are_read_in_all_writings_of_iso_6709(text, expected):
    metadata = read_tags({"location": text})
    assert (metadata.latitude, metadata.longitude, metadata.altitude_m) == pytest.approx(expected)


def test_a_date_with_its_offset_wins_and_senseless_offsets_do_not():
    zone = timezone(timedelta(hours=-5))
    tags = {"creation_time": "2020-01-01T12:00:00.000000Z", "date": "2019-07-04T15:30:00+23:00"}
    metadata = read_tags(tags, zone)
    assert (metadata.taken_at, metadata.taken_at_offset_minutes) == (datetime(2020, 1, 1, 7), -300)
    metadata = read_tags(tags | {"date": "2019-12-31T15:30:00+0530"}, zone)
    assert (metadata.taken_at, metadata.taken_at_offset_minutes) == (datetime(2019, 12, 31, 15, 30), 330)


def test_sound_alone_is_no_video():
    assert _reason(make_sound()) == "not-a-photo"
    assert detect(make_sound("ipod")) is None
    matroska = make_sound("matroska")
    assert _reason(matroska) == "not-a-photo"
    assert not is_photo(b"song.mka", matroska[:4096])
    assert not is_photo(b"song.mp3", make_sound("mp3", "libmp3lame")[:4096])
    assert not is_photo(b"song.ogg", make_sound("ogg", "libopus")[:4096])


def test_sound_beside_the_video_is_passed_over():
    assert _seen(_read(make_video(SCENES[:2], with_sound=True))) == [RED, GREEN]


def test_too_many_pixels_are_refused():
    assert _reason(make_video([(RED, 0.5)]), max_pixels=160 * 96 - 1) == "too-many-pixels"
    assert _read(make_video([(RED, 0.5)]), max_pixels=160 * 96)


def test_a_video_without_its_index_is_truncated():
    content = make_video(SCENES)
    assert _reason(content[: content.index(b"moov") - 4]) == "truncated"
    assert _reason(content[: len(content) // 2]) == "truncated"


def test_what_was_copied_of_a_cut_video_is_indexed():
    # Room for the index before the pictures, as programs make it for the web.
    first = make_video(SCENES, muxer_options={"moov_size": "20000"}, keyframe_every=10)
    frames_at = first.index(b"mdat")
    assert first.index(b"moov") < frames_at
    decoded = _read(first[: frames_at + (len(first) - frames_at) // 2])
    assert _seen(decoded)[:2] == [RED, GREEN]
    for muxer, codec in (("matroska", "libx264"), ("mpegts", "libx264"), ("avi", "mjpeg")):
        whole = make_video(SCENES, muxer=muxer, codec=codec, keyframe_every=10)
        assert RED in _seen(_read(whole[: len(whole) * 2 // 3])), muxer


def test_a_live_recording_without_length_or_index_is_read():
    content = make_video(SCENES, muxer="webm", codec="libvpx", muxer_options={"live": "1"}, keyframe_every=10)
    decoded = _read(content)
    assert _seen(decoded) == [RED, GREEN, BLUE, YELLOW]
    assert decoded.duration_seconds == pytest.approx(10, abs=0.5)


def test_a_fragmented_video_is_read():
    content = make_video(SCENES, muxer_options={"movflags": "frag_keyframe+empty_moov"}, keyframe_every=10)
    assert _seen(_read(content)) == [RED, GREEN, BLUE, YELLOW]


def test_a_quicktime_file_from_before_ftyp_is_read():
    content = make_video(SCENES[:2], muxer="mov", codec="mjpeg")
    old = box(b"wide", b"") + content[int.from_bytes(content[:4], "big") :]
    assert detect(old[:4096]) is MOV
    assert detect(b"The free software on this disk may be copied by anyone who wants to. " * 20) is None


def test_containers_are_opened_as_what_they_are(tmp_path):
    """No playlist, no other file, no address: whatever the content says, FFmpeg opens nothing but the file."""
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(make_video([(RED, 1.0)]))
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n".encode()
    concat = f"ffconcat version 1.0\nfile '{secret}'\n".encode()
    for content in (playlist, concat):
        for format in VIDEO_FORMATS:
            assert _reason(content, format=format) in ("broken", "truncated", "not-a-photo")


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_damaged_videos_raise_nothing_else(name):
    muxer, codec = MAKERS[name]
    size = (176, 144) if codec in ("flv", "mpeg4") else (64, 48)
    content = make_video([(RED, 0.5), (BLUE, 0.5)], muxer=muxer, codec=codec, size=size, keyframe_every=3)
    format = detect(content[:4096])
    generator = np.random.default_rng(7)
    for number in range(24):
        damaged = bytearray(content)
        for at in generator.integers(0, len(content) if number % 2 else min(2000, len(content)), 1 + number):
            damaged[at] = generator.integers(256)
        if number % 3 == 0:
            del damaged[generator.integers(len(damaged)) :]
        try:
            decoded = _read(bytes(damaged), format=format)
        except UnreadableFileError as error:
            assert error.reason in REASONS
        else:
            assert decoded.frames


@pytest.mark.parametrize("format", VIDEO_FORMATS, ids=lambda format: format.name)
def test_nothing_and_noise_are_refused(format):
    for content in (b"", b"\0" * 5000, np.random.default_rng(1).bytes(5000)):
        assert _reason(content, format=format) in REASONS


def test_a_disk_that_fails_is_told_and_does_not_harm_the_next_video(tmp_path):
    content = make_video([(RED, 1.0)])

    class Failing(io.BytesIO):
        def read(self, size=-1):
            if self.tell() > 100:
                raise OSError(5, "Input/output error")
            return super().read(50)

    with pytest.raises(UnreadableFileError) as caught:
        read_video(Failing(content), format=MP4, shortest_edge=64, longest_edge=64, max_pixels=10**7)
    assert caught.value.reason == "unreadable"
    assert _read(content).frames


def test_a_video_is_read_from_an_unbuffered_file_which_stays_open(tmp_path):
    path = tmp_path / "a.mkv"
    path.write_bytes(make_video(SCENES[:2], muxer="matroska"))
    before = len(os.listdir("/proc/self/fd"))
    with path.open("rb", buffering=0) as file:
        decoded = read_video(file, format=MKV, shortest_edge=64, longest_edge=64, max_pixels=10**7)
        assert not file.closed
    assert _seen(decoded) == [RED, GREEN]
    assert len(os.listdir("/proc/self/fd")) == before


def test_an_unknown_codec_is_unsupported():
    content = make_video([(RED, 0.5)], muxer="avi", codec="mjpeg")
    assert _reason(content.replace(b"MJPG", b"ZzZz"), format=AVI) == "unsupported"
