"""Ctrl-C and SIGTERM: the first asks for an orderly end, the second ends at once."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

log = logging.getLogger(__name__)


class Stop(threading.Event):
    """Set by the first signal; `signal_number` tells which it was. A second one sets `hurry`."""

    def __init__(self) -> None:
        super().__init__()
        self.signal_number: int | None = None
        self.hurry = threading.Event()

    @property
    def by_ctrl_c(self) -> bool:
        return self.signal_number == signal.SIGINT


@contextmanager
def stop_on_signals(*, second_kills: bool = True) -> Iterator[Stop]:
    """An event that SIGINT, SIGTERM and SIGHUP set.

    `second_kills`: a second signal ends the process as if nobody handled it; else it sets `hurry`. Only for the
    main thread; the handlers before are put back.
    """
    stop = Stop()

    def handle(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            stop.hurry.set()
        stop.signal_number = stop.signal_number or number
        if second_kills:
            for each in before:
                signal.signal(each, signal.SIG_DFL)
        stop.set()

    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    if before[signal.SIGHUP] == signal.SIG_IGN:  # nohup: closing the terminal is to change nothing
        del before[signal.SIGHUP]
    for each in before:
        signal.signal(each, handle)
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def ending_within(stop: threading.Event, seconds: float) -> Iterator[None]:
    """From when `stop` is set the process has so long to end; then it ends at once, with code 0.

    A disk that does not answer keeps the threads that wait for it, and Python would wait for them. Nothing is lost:
    what is done is committed.
    """
    done = threading.Event()

    def watch() -> None:
        stop.wait()
        if not done.wait(seconds):
            log.warning("a disk does not answer; ending without waiting for it")
            logging.shutdown()
            os._exit(0)

    threading.Thread(target=watch, name="end", daemon=True).start()
    yield
    waited_for = [each for each in threading.enumerate() if not each.daemon and each is not threading.main_thread()]
    if not waited_for:
        done.set()
