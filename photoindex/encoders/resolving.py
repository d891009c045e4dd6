"""From what a user asks for to an encoder whose weights are on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from photoindex.encoders import checkpoint, hub, registry, starter
from photoindex.encoders.registry import AUTO, RECOMMENDED, STARTER, EncoderSpec
from photoindex.errors import EncoderError, EncoderUnavailableError
from photoindex.messages import said, say

_SWITCH = say(
    "For better search, and in many languages, switch with: photoindex up --encoder %(name)s", name=RECOMMENDED.name
)


@dataclass(frozen=True)
class Resolved:
    """An encoder that can be loaded: its files are here."""

    spec: EncoderSpec
    folder: Path | None
    """Where its checkpoint lies; None for the starter."""
    commit: str | None = None
    """Of a checkpoint from the hub."""
    notice: str | None = None
    """One line for the user where this is not what they might expect."""


def resolve(name: str = AUTO, in_use: str | None = None, progress: hub.Progress | None = None) -> Resolved:
    """Find an encoder and make sure that its weights are local, downloading them if need be.

    `name` is a registry name, a repository, a folder or "auto". Automatic means: the encoder whose name is
    `in_use`, the one the library's embeddings are of; without one the recommended encoder if it is cached or
    can be downloaded; else the starter with a notice. Waits at most 10 seconds for a hub that does not answer.

    Raises UnknownEncoderError, EncoderUnavailableError (the weights can't be had) or EncoderError.
    """
    if name != AUTO:
        return _local(registry.find(name), progress)
    if in_use == STARTER:
        return Resolved(
            registry.find(STARTER),
            None,
            notice=say("This library uses the starter encoder. %(switch)s", switch=_SWITCH),
        )
    if in_use is not None:
        return _still_in_use(in_use, progress)
    try:
        return _local(RECOMMENDED, progress)
    except EncoderError as error:
        reason = str(error).replace(str(RECOMMENDED.repository), RECOMMENDED.name)
        notice = say(
            "Using the starter encoder, because %(reason)s. %(switch)s", reason=reason.rstrip("."), switch=_SWITCH
        )
        return Resolved(registry.find(STARTER), folder=None, notice=notice)


def fingerprint(resolved: Resolved) -> str:
    """What `EncoderInfo.fingerprint` of the loaded encoder will be, without torch and without loading it."""
    if resolved.folder is None:
        return starter.fingerprint()
    if resolved.commit is not None and resolved.spec.repository is not None:
        return checkpoint.commit_fingerprint(resolved.spec.repository, resolved.commit)
    return checkpoint.content_fingerprint(resolved.folder)


def _local(spec: EncoderSpec, progress: hub.Progress | None) -> Resolved:
    if spec.repository is None:
        return Resolved(spec, spec.folder)
    snapshot = hub.ensure(spec.repository, spec.revisions, progress)
    return Resolved(spec, snapshot.folder, snapshot.commit)


def _still_in_use(in_use: str, progress: hub.Progress | None) -> Resolved:
    """The library's encoder; another one can't read its embeddings, so there is no falling back."""
    try:
        return _local(registry.find(in_use), progress)
    except EncoderError as error:
        raise EncoderUnavailableError(
            say(
                "this library was indexed with %(in_use)s, but %(error)s; "
                "bring it back, or index anew with another one: photoindex up --encoder %(name)s",
                in_use=in_use,
                error=said(error),
                name=STARTER,
            )
        ) from None
