"""The tests' own encoder ranks as a reader expects."""

from __future__ import annotations

import numpy as np
from colour_encoder import COLOURS, DIM, ColourEncoder
from PIL import Image


def test_every_colour_is_nearest_to_its_name():
    encoder = ColourEncoder()
    images = [encoder.prepare(Image.new("RGB", (90, 40), colour)) for colour in COLOURS.values()]
    embedded = encoder.encode_images(images)
    named = encoder.encode_texts([f"a {name} thing" for name in COLOURS])
    assert embedded.shape == named.shape == (len(COLOURS), DIM)
    assert (named @ embedded.T).argmax(axis=1).tolist() == list(range(len(COLOURS)))


def test_a_text_without_colour_is_far_from_every_photo():
    encoder = ColourEncoder()
    photo = encoder.encode_images([encoder.prepare(Image.new("RGB", (9, 9), "red"))])
    assert float(np.max(encoder.encode_texts(["a cat", "sea"]) @ photo.T)) < 0.1
