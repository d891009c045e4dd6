"""Encoders: what turns images and texts into embeddings of one space.

    resolved = encoders.resolve("auto", in_use=None)    # what to use, its weights made local
    encoder = encoders.load(resolved, parts="text")     # torch and transformers are imported only now
    encoder.encode_texts(["a dog in the snow"])         # (1, dim), norm 1

This package and its light half (registry, resolving) import neither torch nor transformers.
"""

from __future__ import annotations

from photoindex.encoders.base import Encoder, EncoderInfo, Parts
from photoindex.encoders.registry import (
    AUTO,
    ENCODERS,
    RECOMMENDED,
    STARTER,
    Availability,
    EncoderSpec,
    available,
    find,
)
from photoindex.encoders.resolving import Resolved, fingerprint, resolve
from photoindex.errors import EncoderError
from photoindex.messages import say

__all__ = [
    "AUTO",
    "ENCODERS",
    "RECOMMENDED",
    "STARTER",
    "Availability",
    "Encoder",
    "EncoderInfo",
    "EncoderSpec",
    "Parts",
    "Resolved",
    "available",
    "find",
    "fingerprint",
    "load",
    "load_image",
    "load_text",
    "resolve",
    "set_threads",
]


def load(what: Resolved | EncoderSpec | str, parts: Parts = "both", device: str | None = None) -> Encoder:
    """Load an encoder, or one half of it: a web server needs the text half only, the daemon the image half.

    `what` is what `resolve` gave, or anything it takes. `device` is a torch device; None takes the best there
    is. Raises UnknownEncoderError, EncoderUnavailableError or EncoderError, each with one line to show.
    """
    if not isinstance(what, Resolved):
        what = resolve(what if isinstance(what, str) else what.name)
    if what.folder is None:
        from photoindex.encoders.starter import StarterEncoder

        return StarterEncoder(parts, device)
    from photoindex.encoders.clip import ClipEncoder

    return ClipEncoder(
        what.folder,
        name=what.spec.name,
        fingerprint=fingerprint(what),
        multilingual=what.spec.multilingual,
        parts=parts,
        device=device,
    )


def load_text(name: str, fingerprint: str, device: str | None = None) -> Encoder:
    """Load the text half of the encoder that made the stored embeddings, for a process that searches.

    Raises EncoderError when it can't be loaded, or when what has that name now is not what made them.
    """
    return _load_half(name, fingerprint, "text", device)


def load_image(name: str, fingerprint: str, device: str | None = None) -> Encoder:
    """Load its image half, for searching by a picture. Raises EncoderError as `load_text`."""
    return _load_half(name, fingerprint, "image", device)


def _load_half(name: str, fingerprint: str, half: Parts, device: str | None) -> Encoder:
    try:
        encoder = load(name, half, device)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise EncoderError(say("the encoder %(name)s can't be loaded: %(reason)s", name=name, reason=reason)) from error
    if encoder.info.fingerprint != fingerprint:
        raise EncoderError(
            say(
                "the encoder %(name)s is not the one the photos were indexed with (its weights have "
                "changed); index again with: photoindex index --encoder %(name)s",
                name=name,
            )
        )
    return encoder


def set_threads(count: int) -> None:
    """Threads within one operation that the calling thread starts; without torch loaded there is nothing to set."""
    import sys

    if "torch" in sys.modules:
        from photoindex.encoders.device import set_threads as set_torch_threads

        set_torch_threads(count)
