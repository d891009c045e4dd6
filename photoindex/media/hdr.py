"""Brings pictures of high dynamic range (ITU-R BT.2100) to sRGB, as a screen without it would show them."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PQ, HLG = 16, 18
"""Transfer characteristics by their numbers in ITU-T H.273."""

_WHITE_NITS = 203  # diffuse white of graded HDR (ITU-R BT.2408)
_HLG_PEAK_NITS = 1000
_KNEE = 0.5  # what is darker is left as it is, what is brighter is rolled off towards white
_LUMINANCE = np.array([0.2627, 0.6780, 0.0593], np.float32)
_GAMMA_STEPS = 1 << 14
_BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)


def to_sdr(pixels: NDArray[np.uint16], transfer: int) -> Image.Image:
    """RGB (sRGB) of `pixels` (height, width, 3), full range, in BT.2020 with `transfer` PQ or HLG.

    Up to half of diffuse white the light is what the file says; highlights, which are as many times brighter as the
    camera wished, keep their hue and fade into white.
    """
    light = _linear(transfer)[pixels]
    if transfer == HLG:  # the system gamma of a display of 1000 nits; HLG holds the light of the scene
        light *= np.maximum(light @ _LUMINANCE, 1e-6)[..., None] ** np.float32(0.2) * (_HLG_PEAK_NITS / _WHITE_NITS)
    brightest = np.maximum(light.max(axis=2, keepdims=True), 1e-6)
    over = np.maximum(brightest - _KNEE, 0)
    rolled = np.minimum(brightest, _KNEE) + (1 - _KNEE) * (1 - np.exp(-over / (1 - _KNEE)))
    light = (light * (rolled / brightest)) @ _BT2020_TO_BT709.T
    indices = np.rint(light.clip(0, 1) * (_GAMMA_STEPS - 1)).astype(np.uint16)
    return Image.fromarray(_srgb()[indices])


@cache
def _linear(transfer: int) -> NDArray[np.float32]:
    """Light by code value: of PQ in diffuse whites on the display, of HLG in parts of the brightest in the scene."""
    codes = np.arange(1 << 16) / ((1 << 16) - 1)
    if transfer == HLG:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        return np.where(codes <= 0.5, codes**2 / 3, (np.exp((codes - c) / a) + b) / 12).astype(np.float32)
    m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
    power = codes ** (1 / m2)
    nits = 10_000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    return (nits / _WHITE_NITS).astype(np.float32)


@cache
def _srgb() -> NDArray[np.uint8]:
    """sRGB of linear light in `_GAMMA_STEPS` steps (IEC 61966-2-1)."""
    light = np.linspace(0, 1, _GAMMA_STEPS)
    coded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return (coded * 255 + 0.5).astype(np.uint8)
