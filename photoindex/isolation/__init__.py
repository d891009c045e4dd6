"""Isolation: what decodes the bytes of files does so in processes that can reach nothing, and cost one file at most."""

from photoindex.isolation.decoder import OFF, Decoder, HereDecoder
from photoindex.isolation.decoders import Decoders, Seconds

__all__ = ["Decoder", "Decoders", "HereDecoder", "Seconds", "make_decoder"]


def make_decoder(isolation: str, *, max_bytes: int, max_pixels: int) -> Decoder:
    """As the setting says: `on`, or `off` for one that decodes in the calling process. Nothing is started yet."""
    return HereDecoder() if isolation == OFF else Decoders(max_bytes=max_bytes, max_pixels=max_pixels)
