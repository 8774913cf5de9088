"""An emulated cloud in this process for each test, and spans kept in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator

# Before boto3 is used anywhere: never a real account, whatever the shell has set.
os.environ.update(
    AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true"
)
for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "OTEL_EXPORTER_OTLP_ENDPOINT", "ADMIN_TOKEN"):
    os.environ.pop(name, None)

import pytest
from fastapi.testclient import TestClient
from moto import mock_aws
from opentelemetry import trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app_python import metrics
from app_python.api import create_app
from app_python.faults import Faults
from app_python.orders import Orders
from app_python.settings import Settings
from app_python.telemetry import setup_tracing
from app_python.worker import Worker

EXPORTER = InMemorySpanExporter()
setup_tracing("test").add_span_processor(SimpleSpanProcessor(EXPORTER))


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("WAIT_SECONDS", "0")
    monkeypatch.setenv("WORK_MS", "0")
    monkeypatch.setenv("VISIBILITY_TIMEOUT", "0")
    monkeypatch.setenv("ADMIN_TOKEN", "secret")
    return Settings.load()


@pytest.fixture
def orders(settings: Settings) -> Iterator[Orders]:
    with mock_aws():
        orders = Orders(settings)
        orders.ensure()
        yield orders


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def client(settings: Settings, orders: Orders, faults: Faults) -> Iterator[TestClient]:
    with TestClient(create_app(settings, orders, faults), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def worker(settings: Settings, orders: Orders) -> Worker:
    return Worker(settings, orders, Faults())


@pytest.fixture
def spans() -> InMemorySpanExporter:
    assert trace.get_tracer_provider()
    EXPORTER.clear()
    return EXPORTER


@pytest.fixture
def sample():
    """sample(name, **labels): a metric's value now, 0 when it is not there yet."""
    return lambda name, **labels: metrics.REGISTRY.get_sample_value(name, labels) or 0.0
