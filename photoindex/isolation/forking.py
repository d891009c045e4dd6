"""The process from which decoders are forked: it has everything imported, sees no photo, and outlives none of them.

A process forked from here is ready in milliseconds and shares its memory with the others. The daemon itself can't
be forked: its threads would leave their locks behind. This one has no threads, and ends when the daemon does.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import socket
import time
from collections.abc import Sequence
from pathlib import Path

from photoindex.isolation import worker
from photoindex.isolation.confinement import Bounds, confine, die_with_parent
from photoindex.isolation.wire import Message, receive, send
from photoindex.machine import keep_memory
from photoindex.media import decode, register
from photoindex.media.sample import draw_sample

_END_SECONDS = 2.0
_DESCRIPTORS = 3


def main(descriptor: int) -> None:
    """Serve the parent at the other end of the socket `descriptor` until it closes it."""
    # Ended by the end of its parent alone: a Ctrl-C or a service manager's SIGTERM reaches all processes of a group,
    # and a decoder that dies of it would look like one that a photo has killed.
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    _be_the_first_to_go()
    parent = socket.socket(fileno=descriptor)
    time.tzset()
    keep_memory()
    _warm_up()
    children: set[int] = set()
    try:
        while True:
            request, descriptors = receive(parent, descriptors=_DESCRIPTORS)
            try:
                answer = _serve(request, descriptors, parent, children)
            finally:
                for each in descriptors:
                    os.close(each)
            send(parent, answer)
    except (EOFError, OSError):
        pass
    finally:
        for pid in children:
            _end(pid)


def _be_the_first_to_go() -> None:
    """Where memory runs out, the kernel is to end a decoder, which costs one file, and not the daemon."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _warm_up() -> None:
    """Import what decoders import at their first use: a confined process can't."""
    register()
    importlib.import_module("rawpy")
    decode(draw_sample(), shortest_edge=224, longest_edge=512)
    gc.collect()
    gc.freeze()  # so that collecting doesn't write to, and thereby copy, what the processes share


def _serve(request: Message, descriptors: Sequence[int], parent: socket.socket, children: set[int]) -> dict[str, int]:
    """`fork` a decoder, or `end` one. What the system refuses is answered with its error number."""
    if "end" in request:
        children.discard(request["end"])
        return {"status": _end(request["end"])}
    try:
        for module in request["modules"]:
            importlib.import_module(module)
        own = os.getpid()
        pid = os.fork()
    except OSError as error:
        return {"errno": error.errno or 0}
    if pid == 0:
        _be_a_decoder(own, parent, descriptors, Bounds(**request["fork"]))
    children.add(pid)
    return {"pid": pid}


def _be_a_decoder(parent: int, server: socket.socket, descriptors: Sequence[int], bounds: Bounds) -> None:
    """Never returns."""
    code = 1
    try:
        die_with_parent(parent)
        server.close()
        _silence()
        mine, inbox, outbox = descriptors
        with socket.socket(fileno=mine) as own:
            send(own, {"level": confine(bounds)})
            worker.work(own, inbox, outbox)
        code = 0
    finally:
        os._exit(code)


def _silence() -> None:
    """Libraries write lines about odd files, thousands of them, to the standard error."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)
    os.close(nothing)


def _end(pid: int) -> int:
    """Kill that child; the status with which it ended, its own if it has ended by itself; -1 if it can't be ended."""
    deadline = time.monotonic() + _END_SECONDS
    try:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        os.kill(pid, signal.SIGKILL)
        while not done and time.monotonic() < deadline:
            done, status = os.waitpid(pid, os.WNOHANG)
            if not done:
                time.sleep(0.002)
    except ChildProcessError:
        return -1
    return status if done else -1
