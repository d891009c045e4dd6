"""The encoders PhotoIndex knows by name, and how a name, repository or folder becomes one of them.

Light on purpose: `photoindex encoder list` and the web server read it without torch or transformers.
"""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from photoindex.encoders import hub
from photoindex.errors import UnknownEncoderError
from photoindex.messages import mark, say

Availability = Literal["installed", "cached", "download"]

AUTO = "auto"
STARTER = "starter"
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+(@[\w./-]+)?")


@dataclass(frozen=True)
class EncoderSpec:
    """An encoder as chosen, before it is loaded. Exactly one of `repository` and `folder` is set, or none."""

    name: str
    """What a user types to choose it again: a registry name, a repository or an absolute folder."""
    description: str = ""
    dim: int | None = None
    """None until the checkpoint was read."""
    download_mb: int | None = None
    languages: str = "unknown"
    multilingual: bool = False
    recommended: bool = False
    repository: str | None = None
    revisions: tuple[str, ...] = ("main",)
    """Branch, tag or commit; the first that has safetensors. Its commit is part of the fingerprint."""
    folder: Path | None = None


ENCODERS = (
    EncoderSpec(
        name=STARTER,
        description=mark("comes with PhotoIndex, works offline; knows everyday things, not scenes or actions"),
        dim=384,
        download_mb=0,
        languages=mark("English"),
    ),
    EncoderSpec(
        name="clip-vit-b-32",
        description=mark("OpenAI CLIP, light and fast"),
        dim=512,
        download_mb=608,
        languages=mark("English"),
        repository="openai/clip-vit-base-patch32",
        # main has pickled weights only; the pull request with the same ones as safetensors was never merged
        revisions=("main", "refs/pr/15"),
    ),
    EncoderSpec(
        name="clip-vit-b-16",
        description=mark("OpenAI CLIP, four times the work for finer detail"),
        dim=512,
        download_mb=602,
        languages=mark("English"),
        repository="openai/clip-vit-base-patch16",
    ),
    EncoderSpec(
        name="clip-vit-l-14",
        description=mark("OpenAI CLIP, large: best with a GPU"),
        dim=768,
        download_mb=1714,
        languages=mark("English"),
        repository="openai/clip-vit-large-patch14",
    ),
    EncoderSpec(
        name="siglip2-base",
        description=mark("Google SigLIP 2, as fast as clip-vit-b-32 and much better"),
        dim=768,
        download_mb=1542,
        languages=mark("over 100, French and English among them"),
        multilingual=True,
        recommended=True,
        repository="google/siglip2-base-patch32-256",
    ),
)
RECOMMENDED = next(spec for spec in ENCODERS if spec.recommended)


def find(name: str) -> EncoderSpec:
    """The encoder of that name, repository (`owner/name`, `owner/name@revision`) or folder; asks no network.

    Raises UnknownEncoderError for anything else.
    """
    for spec in ENCODERS:
        if name.lower() in (spec.name, spec.repository):
            return spec
    folder = Path(os.path.expandvars(name)).expanduser()
    if (folder / "config.json").is_file():
        return EncoderSpec(name=str(folder.absolute()), folder=folder.absolute(), multilingual=_many(name))
    if folder.is_dir() or folder.is_absolute() or name.startswith("."):
        hint = say("an encoder's folder holds a checkpoint from Hugging Face")
        if folder.is_dir():
            wrong = say("%(folder)s has no config.json; %(hint)s", folder=folder, hint=hint)
        else:
            wrong = say("%(folder)s does not exist; %(hint)s", folder=folder, hint=hint)
        raise UnknownEncoderError(wrong)
    if _REPOSITORY.fullmatch(name):
        repository, _, revision = name.partition("@")
        return EncoderSpec(name=name, repository=repository, revisions=(revision or "main",), multilingual=_many(name))
    names = [spec.name for spec in ENCODERS]
    close = difflib.get_close_matches(name.lower(), names, n=1)
    known = say(
        "the encoders are %(names)s, any owner/name on Hugging Face, and any folder with a checkpoint",
        names=", ".join(names),
    )
    meant = say("did you mean %(close)s? (%(known)s)", close=close[0], known=known) if close else known
    raise UnknownEncoderError(say("there is no encoder %(name)s; %(hint)s", name=repr(name), hint=meant))


def available(spec: EncoderSpec) -> Availability:
    """Whether it came with PhotoIndex or lies in a folder, is in the Hugging Face cache, or must be downloaded."""
    if spec.repository is None:
        return "installed"
    return "cached" if hub.cached(spec.repository, *spec.revisions) else "download"


def _many(name: str) -> bool:
    """Whether a checkpoint's name says that it knows many languages: its files don't."""
    return any(word in name.lower() for word in ("siglip2", "multilingual", "xlm", "i18n"))
