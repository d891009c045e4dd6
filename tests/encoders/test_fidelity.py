"""Our short way from file to embedding against the long one: full decode, the checkpoint's own processor, float32."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from drawing import draw_image
from PIL import Image, ImageOps
from transformers import CLIPModel, SiglipModel
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
from transformers.utils import logging as transformers_logging

from photoindex import encoders
from photoindex.media import decode
from photoindex.media.colours import to_srgb
from photoindex.media.thumbnails import LONGEST_EDGE

LEAST_COSINE = 0.999


@pytest.fixture(params=["clip", "siglip"])
def case(request, clip_folder, siglip_folder):
    """Our encoder, as fast as it is here, and transformers' model and image processor."""
    transformers_logging.disable_progress_bar()
    if request.param == "clip":
        folder, model, processor = clip_folder, CLIPModel, CLIPImageProcessorPil
    else:
        folder, model, processor = siglip_folder, SiglipModel, SiglipImageProcessorPil
    encoder = encoders.load(str(folder), "image")
    return encoder, model.from_pretrained(folder).eval(), processor.from_pretrained(folder)


def cosines(case, contents: list[bytes]) -> np.ndarray:
    encoder, model, processor = case
    prepared, pixels = [], []
    for content in contents:
        decoded = decode(content, shortest_edge=encoder.input_size, longest_edge=LONGEST_EDGE)
        prepared.append(encoder.prepare(decoded.image))
        with Image.open(io.BytesIO(content)) as image:
            upright = to_srgb(ImageOps.exif_transpose(image))  # the reference itself ignores colour profiles
        pixels.append(processor(images=upright, return_tensors="pt")["pixel_values"])
    with torch.inference_mode():
        expected = model.get_image_features(pixel_values=torch.cat(pixels)).pooler_output
        expected = torch.nn.functional.normalize(expected, dim=-1).numpy()
    return (encoder.encode_images(prepared) * expected).sum(axis=1)


def jpeg(image: Image.Image, orientation: int = 1) -> bytes:
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    image.save(buffer, "JPEG", quality=90, exif=exif)
    return buffer.getvalue()


@pytest.mark.parametrize("size", [(1600, 1200), (900, 1350)])
def test_every_orientation_embeds_as_the_reference(case, size):
    image = draw_image(size=size)
    contents = [jpeg(image, orientation) for orientation in range(1, 9)]
    assert cosines(case, contents).min() >= LEAST_COSINE


def test_sizes_where_much_is_left_out_embed_as_the_reference(case):
    sizes = [(4000, 3000), (3024, 4032), (6000, 4000), (2048, 1536), (1024, 768), (1023, 577), (200, 90)]
    assert cosines(case, [jpeg(draw_image(size=size, seed=size[0])) for size in sizes]).min() >= LEAST_COSINE


@pytest.mark.parametrize("step", [6, pytest.param(1, marks=pytest.mark.long)])
def test_real_photos_embed_as_the_reference(case, step, shared_photos):
    files = sorted(shared_photos.glob("*.jpg"))[::step]
    found = cosines(case, [file.read_bytes() for file in files])
    assert found.min() >= LEAST_COSINE, files[int(found.argmin())].name
