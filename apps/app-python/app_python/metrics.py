"""The metrics of API and worker, and how they are written out.

Exemplars exist only in the OpenMetrics text format. Prometheus asks for it by itself; a browser gets the plain one.
"""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

# `*_created` series double the number of counters and nothing here reads them.
disable_created_metrics()

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

# 0.3 is a boundary on purpose: the latency objective is p95 <= 300 ms, and a bucket edge makes that exact.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0)

HTTP_REQUESTS = Counter("http_server_requests", "Requests answered.", ["method", "route", "status"], registry=REGISTRY)
HTTP_DURATION = Histogram(
    "http_server_request_duration_seconds",
    "Time from the first byte of a request to the end of its answer.",
    ["method", "route"],
    buckets=BUCKETS,
    registry=REGISTRY,
)
HTTP_IN_FLIGHT = Gauge("http_server_requests_in_flight", "Requests being answered now.", registry=REGISTRY)

ORDERS_CREATED = Counter("orders_created", "Orders taken and put on the queue.", registry=REGISTRY)
# Read by the API, not by the worker: when the worker is gone, the queue is what one must see growing.
QUEUE_MESSAGES = Gauge("queue_messages", "Messages in a queue.", ["queue", "state"], registry=REGISTRY)

PROCESSED = Counter("worker_messages_processed", "Messages done and deleted.", registry=REGISTRY)
FAILED = Counter("worker_messages_failed", "Tries that failed; one message can fail many times.", ["reason"], registry=REGISTRY)
DURATION = Histogram(
    "worker_message_duration_seconds", "Time spent on one message.", ["outcome"], buckets=BUCKETS, registry=REGISTRY
)
AGE = Histogram(
    "worker_message_age_seconds",
    "Time a message waited between send and receive.",
    buckets=(0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300),
    registry=REGISTRY,
)
LAST_POLL = Gauge("worker_last_poll_timestamp_seconds", "When the queue last answered.", registry=REGISTRY)


def render(accept: str) -> tuple[bytes, str]:
    """Body and content type for one scrape."""
    encode, content_type = choose_encoder(accept)
    return encode(REGISTRY), content_type
