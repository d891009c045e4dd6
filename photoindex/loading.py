"""Load one half of the encoder that made the stored embeddings; torch, where it needs that, comes with the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photoindex.embeddings import StoredEncoder

if TYPE_CHECKING:
    from photoindex.encoders.base import Encoder


def text_half(stored: StoredEncoder, device: str | None) -> Encoder:
    """For searching by words. Raises EncoderError."""
    from photoindex import encoders  # late: the process that only forks web servers must not load torch

    return encoders.load_text(stored.name, stored.fingerprint, device)


def image_half(stored: StoredEncoder, device: str | None) -> Encoder:
    """For searching by a picture. Raises EncoderError."""
    from photoindex import encoders

    return encoders.load_image(stored.name, stored.fingerprint, device)
