"""Turns an image of any mode and colour profile into RGB as sRGB, on white where it is transparent."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageCms

_MAX_ICC_BYTES = 4_000_000
_ICC_SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}


def to_srgb(image: Image.Image, reduction: int = 1) -> Image.Image:
    """A new RGB image of `image` and nothing else, each edge divided by `reduction` (rounded up), by a box filter.

    Profiles are applied after the reduction, where there are fewer pixels to convert. One that is larger than 4 MB,
    broken or made for another mode is ignored: the picture then is taken as sRGB.
    """
    icc_profile = image.info.get("icc_profile")
    image = _to_plain_mode(image)
    if reduction > 1:
        image = image.reduce(reduction)
    if image.mode == "RGBA":
        image = _on_white(image)
    if isinstance(icc_profile, bytes) and 0 < len(icc_profile) <= _MAX_ICC_BYTES:
        image = _apply_profile(image, icc_profile)
    # A copy, for an opened image keeps its decoder alive, and that the whole file.
    image = image.copy() if image.mode == "RGB" else image.convert("RGB")
    image.info = {}
    return image


def _to_plain_mode(image: Image.Image) -> Image.Image:
    """L, RGB, RGBA or CMYK: modes whose pixels may be averaged."""
    if image.mode == "LAB":
        return _from_lab(image)
    if image.mode in ("La", "RGBa"):  # premultiplied
        image = image.convert({"La": "LA", "RGBa": "RGBA"}[image.mode])
    if image.has_transparency_data:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    if image.mode.startswith("I") or image.mode == "F":
        return _scale_to_8_bits(image)
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _scale_to_8_bits(image: Image.Image) -> Image.Image:
    """L from integers of more than 8 bits or from floats, by range: Pillow's `convert` would clip nearly all to white.

    Integers are scaled by the power of two that holds the largest, so that 12 bits in a 16-bit file look right and a
    dark 16-bit picture stays dark. Floats are taken as 0 to 1 or 0 to 255 where they fit, else stretched.
    """
    values = np.asarray(image)
    if values.dtype.kind in "iu" and values.size and values.min() >= 0:
        bits = max(8, int(values.max()).bit_length())
        return Image.fromarray((values >> (bits - 8)).astype(np.uint8))
    floats = values.astype(np.float32)
    finite = floats[np.isfinite(floats)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if low >= 0 and high <= 255:
        low, high = 0.0, 1.0 if high <= 1 else 255.0
    floats = np.nan_to_num(floats, nan=low, posinf=high, neginf=low)
    scaled = np.rint((floats - low) * (255 / max(high - low, 1e-30)))
    return Image.fromarray(scaled.clip(0, 255).astype(np.uint8))


def _on_white(image: Image.Image) -> Image.Image:
    background = Image.new("RGB", image.size, "white")
    background.paste(image, mask=image.getchannel("A"))
    return background


def _from_lab(image: Image.Image) -> Image.Image:
    transform = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
    return ImageCms.applyTransform(image, transform) or image


def _apply_profile(image: Image.Image, icc_profile: bytes) -> Image.Image:
    """`image` in sRGB, or as it is if the profile can't be used or is sRGB already."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))
        if profile.profile.xcolor_space.strip() != _ICC_SPACES[image.mode]:
            return image
        if "sRGB" in (profile.profile.profile_description or ""):
            return image
        converted = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    return converted or image
