#!/usr/bin/env python3
"""What does each format cost, from the bytes of a file to the encoder's input and the thumbnail?

    python benchmarks/formats.py [--megapixels 12] [--rounds 3] [--only NAME ...] [--json FILE]

The picture is drawn, not a photo: clouds at every scale, with the noise of a sensor. It is written in each format and
then decoded as the indexer does it, for an encoder of 224 pixels and thumbnails of 512. CPU time counts all threads;
of all rounds the best one counts, as other work on the machine only ever makes a run slower.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from media import raw_files

from photoindex.encoders.pixels import Preprocessing
from photoindex.media import decode, detect, make_thumbnail, register
from photoindex.media.thumbnails import LONGEST_EDGE
from photoindex.media.video import read_video

ENCODER_EDGE = 224
PREPROCESSING = Preprocessing(ENCODER_EDGE, ENCODER_EDGE, Image.Resampling.BICUBIC, scale=(1.0,) * 3, shift=(0.0,) * 3)
"""As CLIP's; normalising is the encoder's part."""
SCENES = 5
SCENE_SECONDS = 2
FRAMES_PER_SECOND = 25

Row = dict[str, float | str]


def draw(width: int, height: int, seed: int = 0) -> Image.Image:
    """Clouds: random pixels of many sizes upon each other, the larger the stronger."""
    chooser = np.random.default_rng(seed)
    picture = np.full((height, width, 3), 128, dtype=np.float32)
    for cell in (2048, 512, 128, 32, 8, 2):
        small = chooser.normal(0, 1, (max(2, height // cell), max(2, width // cell), 3)).astype(np.float32)
        for band in range(3):
            layer = Image.fromarray(small[..., band]).resize((width, height), Image.Resampling.BICUBIC)
            picture[..., band] += np.asarray(layer) * 8 * cell**0.25
    picture += chooser.normal(0, 3, picture.shape)
    return Image.fromarray(picture.clip(0, 255).astype(np.uint8))


def encode(image: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def stills(image: Image.Image) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Each format's name, and what writes the picture in it."""
    width, height = image.size
    alpha = image.copy()
    alpha.putalpha(Image.linear_gradient("L").resize(image.size))
    grey = (np.asarray(image.convert("L")).astype(np.uint16) << 8) + 77
    floats = np.asarray(image.convert("L")).astype(np.float32) / 255
    preview = raw_files.jpeg(image)
    text = f"P3 {width} {height} 255\n".encode()
    yield "JPEG", lambda: encode(image, "JPEG", quality=92)
    yield "JPEG progressive", lambda: encode(image, "JPEG", quality=92, progressive=True)
    yield "JPEG CMYK", lambda: encode(image.convert("CMYK"), "JPEG", quality=92)
    yield "JPEG grey", lambda: encode(image.convert("L"), "JPEG", quality=92)
    yield "PNG", lambda: encode(image, "PNG", compress_level=3)
    yield "PNG alpha", lambda: encode(alpha, "PNG", compress_level=3)
    yield "PNG palette", lambda: encode(image.quantize(), "PNG", compress_level=3)
    yield "PNG 16-bit grey", lambda: encode(Image.fromarray(grey), "PNG", compress_level=3)
    yield "WebP", lambda: encode(image, "WEBP", quality=85, method=2)
    yield "WebP lossless", lambda: encode(image, "WEBP", lossless=True, method=0, quality=10)
    yield "GIF", lambda: encode(image.quantize(), "GIF")
    yield "BMP", lambda: encode(image, "BMP")
    yield "TIFF", lambda: encode(image, "TIFF")
    yield "TIFF LZW", lambda: encode(image, "TIFF", compression="tiff_lzw")
    yield "TIFF float", lambda: encode(Image.fromarray(floats), "TIFF")
    yield "AVIF", lambda: encode(image, "AVIF", quality=70, speed=9)
    yield "HEIC", lambda: encode(image, "HEIF", quality=70)
    yield "JPEG 2000", lambda: encode(image, "JPEG2000", quality_mode="rates", quality_layers=[12], irreversible=True)
    yield "PPM", lambda: encode(image, "PPM")
    yield "PPM as text", lambda: text + b" ".join(np.char.mod(b"%d", np.asarray(image).ravel()))
    yield "DNG, its preview", lambda: raw_files.dng(image, preview=preview)
    yield "DNG, developed", lambda: raw_files.dng(image)
    yield "NEF, its preview", lambda: raw_files.maker_raw(image, preview, make="NIKON CORPORATION", model="NIKON D5000")


def videos() -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Ten seconds of 1080p in five scenes."""
    yield "MP4 H.264", lambda: film("mp4", "libx264", {"preset": "ultrafast"})
    yield "MP4 HEVC", lambda: film("mp4", "libx265", {"preset": "ultrafast", "x265-params": "log-level=error"})
    yield "MOV MPEG-4", lambda: film("mov", "mpeg4", {})
    yield "WebM VP8", lambda: film("webm", "libvpx", {"deadline": "realtime", "cpu-used": "8"})
    yield "MKV H.264", lambda: film("matroska", "libx264", {"preset": "ultrafast"})
    yield "AVI MPEG-4", lambda: film("avi", "mpeg4", {})


def film(container_name: str, codec: str, options: dict[str, str]) -> bytes:
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container_name) as container:
        stream = container.add_stream(codec, rate=FRAMES_PER_SECOND, options=options)
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for scene in range(SCENES):
            wide = draw(2100, 1080, seed=scene)
            for number in range(SCENE_SECONDS * FRAMES_PER_SECOND):
                frame = av.VideoFrame.from_image(wide.crop((3 * number, 0, 3 * number + 1920, 1080)))
                container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return buffer.getvalue()


def index(content: bytes) -> tuple[int, int]:
    """Do what the indexer does with a file; how large the encoder's images are, and how many."""
    format = detect(content)
    assert format is not None
    if format.kind == "video":
        decoded = read_video(
            io.BytesIO(content),
            format=format,
            shortest_edge=ENCODER_EDGE,
            longest_edge=LONGEST_EDGE,
            max_pixels=100_000_000,
        )
    else:
        decoded = decode(content, shortest_edge=ENCODER_EDGE, longest_edge=LONGEST_EDGE)
    images = [frame.image for frame in decoded.frames] or [decoded.image]
    for image in images:
        PREPROCESSING.prepare(image)
    make_thumbnail(decoded.image)
    return len(images), max(decoded.image.size)


def measure(name: str, content: bytes, rounds: int) -> Row:
    index(content)
    cpu, wall = [], []
    for _ in range(rounds):
        began, began_cpu = time.perf_counter(), time.process_time()
        images, edge = index(content)
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - began_cpu)
    return {
        "format": name,
        "megabytes": round(len(content) / 1e6, 2),
        "cpu_ms": round(1000 * min(cpu), 1),
        "wall_ms": round(1000 * min(wall), 1),
        "images": images,
        "longest_edge": edge,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=[], help="formats whose name begins so")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    arguments = parser.parse_args()
    register()
    edge = (arguments.megapixels * 1e6 / 12) ** 0.5
    width, height = (2 * round(edge * part / 2) for part in (4, 3))
    print(f"{'':20}{'MB':>8}{'CPU ms':>10}{'wall ms':>10}{'images':>8}{'edge':>8}")
    rows = []
    for name, write in (*stills(draw(width, height)), *videos()):
        if arguments.only and not name.startswith(tuple(arguments.only)):
            continue
        try:
            content = write()
        except Exception as error:  # not every build of FFmpeg and Pillow can write everything
            print(f"{name:20} can't be written here: {error}")
            continue
        row = measure(name, content, arguments.rounds)
        rows.append(row)
        print(
            f"{name:20}{row['megabytes']:8.1f}{row['cpu_ms']:10.1f}{row['wall_ms']:10.1f}"
            f"{row['images']:8}{row['longest_edge']:8}",
            flush=True,
        )
    report = {
        "machine": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}",
        "pixels": f"{width} x {height}",
        "rows": rows,
    }
    print(json.dumps(report))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
