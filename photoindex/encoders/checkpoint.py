"""What a folder with a CLIP or SigLIP checkpoint holds, read without torch or transformers."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from blake3 import blake3

from photoindex.encoders.pixels import Preprocessing, read_preprocessing
from photoindex.errors import EncoderError
from photoindex.messages import say

Family = Literal["clip", "siglip"]

_CONFIG = "config.json"
_PROCESSORS = ("preprocessor_config.json", "processor_config.json")
_TOKENIZERS = ("tokenizer.json", "vocab.json", "spiece.model", "tokenizer.model")
_IDENTITY = ("config.json", *_PROCESSORS, *_TOKENIZERS, "tokenizer_config.json")
_VERSION = "1"  # of our own part in what an embedding is; raise it when prepare() or the pooling changes


@dataclass(frozen=True)
class Checkpoint:
    """A folder in Hugging Face format: config, preprocessing, tokenizer, safetensors."""

    folder: Path
    family: Family
    dim: int
    text_length: int
    """Tokens a text is cut at."""
    preprocessing: Preprocessing


def read_checkpoint(folder: Path) -> Checkpoint:
    """Look a checkpoint over. Raises EncoderError with the file that is missing or wrong."""
    config = _read_json(folder / _CONFIG)
    family = _family(config, folder)
    if not list(folder.glob("*.safetensors")):
        others = [file.name for file in folder.glob("*.bin")]
        what = say("only %(file)s, which PhotoIndex never loads", file=others[0]) if others else say("none")
        raise EncoderError(say("%(folder)s has no weights in safetensors format (%(what)s)", folder=folder, what=what))
    processor = next((folder / name for name in _PROCESSORS if (folder / name).is_file()), None)
    if processor is None:
        raise EncoderError(say("%(file)s is missing", file=folder / _PROCESSORS[0]))
    if not any((folder / name).is_file() for name in _TOKENIZERS):
        raise EncoderError(say("%(file)s is missing", file=folder / _TOKENIZERS[0]))
    described = _read_json(processor)
    try:
        dim, length = _geometry(family, config)
    except (KeyError, TypeError, ValueError):
        raise EncoderError(
            say("%(file)s does not describe a whole %(family)s encoder", file=folder / _CONFIG, family=family)
        ) from None
    preprocessing = read_preprocessing(described.get("image_processor", described), str(processor))
    _check_edge(config, preprocessing, processor)
    return Checkpoint(folder, family, dim, length, preprocessing)


def content_fingerprint(folder: Path) -> str:
    """Hex digest of everything in a folder that decides its embeddings: about 0.2 s for 600 MB."""
    digest = hashlib.sha256(_VERSION.encode())
    files = [folder / name for name in _IDENTITY] + sorted(folder.glob("*.safetensors"))
    for file in files:
        if not file.is_file():
            continue
        try:
            content = blake3(max_threads=blake3.AUTO).update_mmap(file).digest()
        except OSError as error:
            raise EncoderError(say("%(file)s can't be read: %(error)s", file=file, error=error.strerror)) from None
        digest.update(file.name.encode() + b"\0" + content)
    return digest.hexdigest()


def commit_fingerprint(repository: str, commit: str) -> str:
    """Hex digest for a snapshot from the hub, whose commit already is a digest of its content."""
    return hashlib.sha256(f"{_VERSION} {repository}@{commit}".encode()).hexdigest()


def _family(config: dict[str, Any], folder: Path) -> Family:
    kind = config.get("model_type")
    if kind == "siglip2":
        raise EncoderError(
            say(
                "%(folder)s is a SigLIP2 of variable resolution (NaFlex), which PhotoIndex can't use; "
                "take the same size with fixed resolution, such as google/siglip2-base-patch32-256",
                folder=folder,
            )
        )
    towers = (config.get("text_config"), config.get("vision_config"))
    if kind not in ("clip", "siglip") or not all(isinstance(tower, dict) for tower in towers):
        raise EncoderError(
            say(
                "%(file)s is of a %(kind)s model, not of a whole CLIP or SigLIP",
                file=folder / _CONFIG,
                kind=kind or say("nameless"),
            )
        )
    return cast(Family, kind)


def _geometry(family: Family, config: dict[str, Any]) -> tuple[int, int]:
    text, vision = config["text_config"], config["vision_config"]
    if family == "clip":
        return int(config.get("projection_dim", 512)), int(text.get("max_position_embeddings", 77))
    # a base-size SigLIP leaves the figures out of its config: these are transformers' own defaults
    dim = int(text.get("projection_size") or text.get("hidden_size", 768))
    if dim != int(vision.get("hidden_size", 768)):
        raise ValueError("the towers end in different dimensions")
    return dim, int(text.get("max_position_embeddings", 64))


def _check_edge(config: dict[str, Any], preprocessing: Preprocessing, processor: Path) -> None:
    expected = int(config["vision_config"].get("image_size", 224))
    if preprocessing.edge != expected:
        raise EncoderError(
            say(
                "%(file)s makes images of %(edge)s pixels, but the encoder takes %(expected)s",
                file=processor,
                edge=preprocessing.edge,
                expected=expected,
            )
        )


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EncoderError(say("%(file)s is missing", file=file)) from None
    except (OSError, ValueError):
        raise EncoderError(say("%(file)s can't be read as JSON", file=file)) from None
    if not isinstance(content, dict):
        raise EncoderError(say("%(file)s does not hold a JSON object", file=file))
    return content
