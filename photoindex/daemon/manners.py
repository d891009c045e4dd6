"""Manners: when the daemon encodes nothing for now, and why. Watching goes on, and so does searching."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from photoindex import pausing, sensors
from photoindex.daemon.hours import ALWAYS, Hours
from photoindex.database import Database
from photoindex.messages import Message, say

LOOK_SECONDS = 1.0
"""How often it is asked whether somebody has paused indexing."""
SENSOR_SECONDS = 10.0
"""How often temperature and battery are read: each reading may ask a slow chip."""
COOLER = 10
"""So many degrees cooler it goes on: else it would start and stop every second."""
FULLER = 5
"""So many percent fuller it goes on, as a battery's charge wavers."""


@dataclass(frozen=True)
class Rules:
    """When to rest; see the settings of these names. 0 never minds."""

    hours: Hours = ALWAYS
    min_battery_percent: int = 0
    max_celsius: int = 0


class Manners:
    """To be asked from one thread, again and again."""

    def __init__(self, database: Database, rules: Rules, sysfs: Path = sensors.SYSFS) -> None:
        self._database = database
        self._rules = rules
        self._sysfs = sysfs
        self._pause: Message | None = None
        self._condition: Message | None = None
        self._hot = self._low = False
        self._looked_at = self._sensed_at = float("-inf")

    def why_rest(self) -> Message | None:
        """Why nothing is to be encoded now, in plain words; None when it may be. Raises DatabaseError."""
        now = time.monotonic()
        if now - self._looked_at >= LOOK_SECONDS:
            self._pause = self._paused()
            self._looked_at = now
        if now - self._sensed_at >= SENSOR_SECONDS:
            self._condition = self._too_hot() or self._too_empty()
            self._sensed_at = now
        return self._pause or self._outside_hours() or self._condition

    def _paused(self) -> Message | None:
        with self._database.read() as session:
            pause = pausing.read(session)
        if pause is None:
            return None
        if pause.until is None:
            return say("paused; to go on: photoindex resume")
        return say("paused until %(time)s; to go on now: photoindex resume", time=pause.until_here)

    def _outside_hours(self) -> Message | None:
        now = datetime.now()
        if self._rules.hours.include(now):
            return None
        return say("waiting for %(time)s, as the setting index_hours says", time=self._rules.hours.next_start(now))

    def _too_hot(self) -> Message | None:
        heat = sensors.hottest(self._sysfs) if self._rules.max_celsius else None
        least = self._rules.max_celsius - (COOLER if self._hot else 0)
        self._hot = heat is not None and heat.celsius > least
        if heat is None or not self._hot:
            return None
        return say(
            "letting the machine cool down: %(sensor)s is at %(celsius)s °C, the limit is %(limit)s °C",
            sensor=heat.sensor,
            celsius=str(heat.celsius),
            limit=str(self._rules.max_celsius),
        )

    def _too_empty(self) -> Message | None:
        battery = sensors.battery(self._sysfs) if self._rules.min_battery_percent else None
        least = self._rules.min_battery_percent + (FULLER if self._low else 0)
        always = self._rules.min_battery_percent == 100
        self._low = battery is not None and battery.discharging and (always or battery.percent < least)
        if battery is None or not self._low:
            return None
        return say(
            "saving the battery: it is at %(percent)s %%, and the limit is %(limit)s %%",
            percent=str(battery.percent),
            limit=str(self._rules.min_battery_percent),
        )
