"""Faults that a person switches on to practise. All are off unless asked for, and each says so in the log.

From the environment (FAULT_LATENCY_MS …) they hold from the start; through /admin/faults they change while running.
"""

from __future__ import annotations

import hmac
import logging
import os
import random
import threading
import time

log = logging.getLogger(__name__)

LIMITS = {
    "latency_ms": 60_000.0,  # added to each order request (API) or message (worker)
    "error_rate": 1.0,  # share of order requests that answer 500, of messages that fail
    "leak_kb": 10_240.0,  # kept for ever per request or message, until the memory limit ends the process
    "poison_rate": 1.0,  # share of orders whose message is not JSON, which the worker can only reject
}
ENVIRONMENT = {name: f"FAULT_{name.upper()}" for name in LIMITS}


class FaultError(Exception):
    """The failure that was asked for."""


class Faults:
    def __init__(self, values: dict[str, float] | None = None) -> None:
        self._lock = threading.Lock()
        self._values = dict.fromkeys(LIMITS, 0.0)
        self._leaked: list[bytearray] = []
        if values:
            self.set(values)

    @staticmethod
    def from_environment() -> Faults:
        given = {name: os.environ[variable] for name, variable in ENVIRONMENT.items() if os.environ.get(variable)}
        try:
            return Faults({name: float(raw) for name, raw in given.items()})
        except ValueError as error:
            raise SystemExit(f"bad FAULT_ variable: {error}") from None

    def set(self, values: dict[str, float]) -> dict[str, float]:
        """Changes the faults named, leaves the others, refuses all of them when one is wrong."""
        checked = {}
        for name, value in values.items():
            if name not in LIMITS:
                raise ValueError(f"unknown fault {name!r}; known: {', '.join(LIMITS)}")
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= LIMITS[name]:
                raise ValueError(f"{name} must be a number from 0 to {LIMITS[name]:g}")
            checked[name] = float(value)
        with self._lock:
            self._values.update(checked)
            if checked.get("leak_kb") == 0:
                self._leaked.clear()
            now = dict(self._values)
        if any(now.values()):
            log.warning("faults are on", extra={"faults": now})
        return now

    def get(self) -> dict[str, float]:
        with self._lock:
            return dict(self._values)

    def strike(self) -> None:
        """Called once per request or message; does what is switched on."""
        now = self.get()
        if now["leak_kb"]:
            block = bytearray(int(now["leak_kb"] * 1024))
            block[::4096] = b"x" * len(block[::4096])  # touch each page, else the kernel never hands it out
            with self._lock:
                self._leaked.append(block)
        if now["latency_ms"]:
            time.sleep(now["latency_ms"] / 1000)
        if now["error_rate"] and random.random() < now["error_rate"]:  # noqa: S311 (chance, not a secret)
            raise FaultError("an error that was asked for (FAULT_ERROR_RATE)")

    def poisons(self) -> bool:
        return random.random() < self.get()["poison_rate"]  # noqa: S311


def allowed(token: str, header: str | None) -> bool:
    """True when the header carries the token. Compared in constant time; an empty token allows nobody."""
    return bool(token) and hmac.compare_digest((header or "").encode(), f"Bearer {token}".encode())
