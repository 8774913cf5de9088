"""Settings, read once from the environment. Every default works on a laptop with nothing around."""

from __future__ import annotations

import os
from dataclasses import dataclass


def _flag(name: str, default: str) -> bool:
    return os.environ.get(name, default).strip().lower() in {"1", "true", "yes", "on"}


def _number(name: str, default: str) -> float:
    raw = os.environ.get(name, default)
    try:
        return float(raw)
    except ValueError:
        raise SystemExit(f"{name}={raw!r} is not a number") from None


@dataclass(frozen=True)
class Settings:
    host: str
    port: int
    region: str
    queue: str
    dead_letter_queue: str
    table: str
    # In a real account Terraform makes queue and table; with the emulator the app does, because the emulator forgets on restart.
    ensure_resources: bool
    # After this many failed tries a message goes to the dead letter queue.
    max_receive_count: int
    visibility_timeout: int
    wait_seconds: int
    # What one order costs the worker. Some work must be visible in the duration histogram.
    work_ms: float
    # No token, no /admin: the fault switches cannot be reached at all then.
    admin_token: str

    @staticmethod
    def load() -> Settings:
        queue = os.environ.get("QUEUE_NAME", "orders")
        return Settings(
            host=os.environ.get("HOST", "0.0.0.0"),  # noqa: S104 (in a pod the Service must reach it)
            port=int(_number("PORT", "8080")),
            region=os.environ.get("AWS_REGION", "us-east-1"),
            queue=queue,
            dead_letter_queue=os.environ.get("DEAD_LETTER_QUEUE_NAME", f"{queue}-dlq"),
            table=os.environ.get("TABLE_NAME", "orders"),
            ensure_resources=_flag("ENSURE_RESOURCES", "true"),
            max_receive_count=int(_number("MAX_RECEIVE_COUNT", "3")),
            visibility_timeout=int(_number("VISIBILITY_TIMEOUT", "10")),
            wait_seconds=int(_number("WAIT_SECONDS", "5")),
            work_ms=_number("WORK_MS", "20"),
            admin_token=os.environ.get("ADMIN_TOKEN", ""),
        )
