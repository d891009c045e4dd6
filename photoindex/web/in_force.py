"""The settings that indexing goes by, as they are now: from the daemon that runs, or as one would find them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from photoindex import chosen, embeddings, lock
from photoindex.config import Origin, with_chosen
from photoindex.encoders import registry
from photoindex.encoders.registry import AUTO, ENCODERS, STARTER, EncoderSpec
from photoindex.web.services import services

_FIXED = (Origin.FLAG, Origin.VARIABLE, Origin.FILE)


@dataclass(frozen=True)
class InForce:
    """A setting as it is now."""

    value: Any
    fixed: str | None
    """Where it is set so that it can't be changed here: `flag`, `variable` or `file`; None where it can."""
    is_default: bool


@dataclass(frozen=True)
class EncoderChoice:
    """An encoder to choose."""

    name: str
    spec: EncoderSpec | None
    """None for the automatic choice."""
    at_hand: bool
    """Whether its weights are on this machine."""
    answers: bool
    """Whether it answers searches now."""
    is_chosen: bool
    is_starter: bool = False


def setting(session: Session, name: str) -> InForce:
    """A setting, as the daemon that runs goes by it, or one that is started like this server would."""
    here = with_chosen(services().settings, chosen.read(session))
    value, origin = getattr(here, name), here.origins.get(name, Origin.DEFAULT)
    use = chosen.uses(session).get(name) if lock.is_held(services().daemon_lock) else None
    if use is not None and use.origin in _FIXED:
        value, origin = use.value, Origin(use.origin)
    return InForce(value, str(origin) if origin in _FIXED else None, origin == Origin.DEFAULT)


def encoders(session: Session) -> list[EncoderChoice]:
    """Those to choose from: the automatic choice, those with a name, and another one that is in use."""
    active = embeddings.active_encoder(session)
    value = setting(session, "encoder").value
    specs = list(ENCODERS)
    for name in (active.name if active else AUTO, value):
        if name != AUTO and all(each.name != name for each in specs):
            specs.append(EncoderSpec(name))
    named = [
        EncoderChoice(
            name=each.name,
            spec=each,
            at_hand=registry.available(each) != "download",
            answers=active is not None and active.name == each.name,
            is_chosen=value == each.name,
            is_starter=each.name == STARTER,
        )
        for each in specs
    ]
    return [EncoderChoice(AUTO, None, at_hand=True, answers=False, is_chosen=value == AUTO), *named]
