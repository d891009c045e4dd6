"""Refuses requests that call the server by a foreign name.

A web page elsewhere can point a name of its own at 127.0.0.1 (DNS rebinding) and then read, as the same origin,
whatever this machine serves there. The name it uses is in the Host header. An address written in digits can't be
pointed elsewhere, so a server that listens on all addresses accepts each of those.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable

from flask import Flask, abort, request

from photoindex.messages import say

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def guard(app: Flask, host: str, trusted_hosts: Iterable[str]) -> None:
    """Answer 400 unless the Host header is a loopback name, `host`, or one of `trusted_hosts`; ports don't matter."""
    names = LOOPBACK_NAMES | {_bare(name) for name in (host, *trusted_hosts)}
    everywhere = is_wildcard(host)
    if everywhere:
        own = socket.gethostname().lower()
        names |= {own, f"{own}.local"}

    @app.before_request
    def refuse_foreign_names() -> None:
        name = _bare(request.host)
        if name not in names and not (everywhere and _is_address(name)):
            abort(400, say("This server does not go by that name; add it to the setting trusted_hosts if it should."))


def is_wildcard(host: str) -> bool:
    """Whether listening on `host` means listening on every address of the machine."""
    return _is_address(_bare(host)) and ipaddress.ip_address(_bare(host)).is_unspecified


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine can reach `host`."""
    name = _bare(host)
    return name == "localhost" or (_is_address(name) and ipaddress.ip_address(name).is_loopback)


def _bare(host: str) -> str:
    """The name or address alone: lower case, without port, brackets and the final dot of a full name."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    if host.count(":") > 1:
        return host.lower()
    return host.partition(":")[0].rstrip(".").lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
