from __future__ import annotations

import json

import pytest
from botocore.exceptions import EndpointConnectionError
from opentelemetry.trace import SpanKind

from app_python import metrics


def depth(orders, queue="orders"):
    return sum(n for (name, _), n in orders.depths().items() if name == queue)


def test_an_order_is_processed_once_and_leaves_the_queue(client, worker, orders, sample):
    before = sample("worker_messages_processed_total")
    order = client.post("/orders").json()["id"]
    assert worker.turn() == 1
    assert client.get(f"/orders/{order}").json()["state"] == "processed"
    assert depth(orders) == 0
    assert worker.turn() == 0
    assert sample("worker_messages_processed_total") == before + 1


def test_the_trace_goes_through_the_queue(client, worker, spans):
    trace_id = client.post("/orders").json()["trace_id"]
    worker.turn()
    done = spans.get_finished_spans()
    producer = next(s for s in done if s.name == "send orders")
    process = next(s for s in done if s.name == "process orders")
    receive = next(s for s in done if s.name == "receive orders")
    assert f"{process.context.trace_id:032x}" == trace_id
    assert process.kind is SpanKind.CONSUMER
    assert process.parent.span_id == producer.context.span_id
    assert [link.context.span_id for link in process.links] == [producer.context.span_id]
    # The receive may bring messages of many traces: linked to them, part of none.
    assert receive.parent is None
    assert [link.context.span_id for link in receive.links] == [producer.context.span_id]
    assert receive.attributes["messaging.batch.message_count"] == 1


def test_a_poll_that_brings_nothing_leaves_no_span(worker, spans):
    worker.turn()
    assert not spans.get_finished_spans()


def test_a_message_without_a_trace_is_processed_too(worker, orders, spans):
    orders.put({"id": "a", "state": "accepted"})
    orders.send(json.dumps({"id": "a"}), {})
    worker.turn()
    assert orders.get("a")["state"] == "processed"
    assert next(s for s in spans.get_finished_spans() if s.name == "process orders").links == ()


def test_a_message_delivered_twice_counts_as_done(worker, orders):
    orders.put({"id": "a", "state": "accepted"})
    for _ in range(2):
        orders.send(json.dumps({"id": "a"}), {})
    while worker.turn():
        pass
    assert orders.get("a")["state"] == "processed"
    assert depth(orders) == 0


@pytest.mark.parametrize("body", ["this is not json", "[]", "null", '{"id": 7}', "{}", '"x"'])
def test_poison_ends_in_the_dead_letter_queue(worker, orders, sample, spans, body):
    before = sample("worker_messages_failed_total", reason="poison")
    orders.send(body, {})
    for _ in range(4):  # three tries, and the look that moves it
        worker.turn()
    assert sample("worker_messages_failed_total", reason="poison") == before + 3
    assert depth(orders) == 0
    assert depth(orders, "orders-dlq") == 1
    failed = [s for s in spans.get_finished_spans() if s.name == "process orders"]
    assert {s.attributes["error.type"] for s in failed} == {"poison"}


def test_one_bad_message_does_not_hold_up_the_others(client, worker, orders):
    orders.send("poison", {})
    order = client.post("/orders").json()["id"]
    worker.turn()
    assert client.get(f"/orders/{order}").json()["state"] == "processed"


def test_an_order_the_table_does_not_have_fails(worker, orders, sample):
    before = sample("worker_messages_failed_total", reason="order_missing")
    orders.send(json.dumps({"id": "ghost"}), {})
    worker.turn()
    assert sample("worker_messages_failed_total", reason="order_missing") == before + 1
    assert orders.get("ghost") is None


def test_faults_fail_messages(worker, orders, sample):
    worker.faults.set({"error_rate": 1})
    before = sample("worker_messages_failed_total", reason="fault")
    orders.put({"id": "a", "state": "accepted"})
    orders.send(json.dumps({"id": "a"}), {})
    worker.turn()
    assert sample("worker_messages_failed_total", reason="fault") == before + 1
    worker.faults.set({"error_rate": 0})
    worker.turn()
    assert orders.get("a")["state"] == "processed"


def test_age_and_duration_are_measured_with_exemplars(client, worker, sample):
    before = sample("worker_message_age_seconds_count")
    trace_id = client.post("/orders").json()["trace_id"]
    worker.turn()
    assert sample("worker_message_age_seconds_count") == before + 1
    text = metrics.render("application/openmetrics-text; version=1.0.0")[0].decode()
    assert any(x.startswith("worker_message_duration_seconds_bucket") and trace_id in x for x in text.splitlines())


def test_the_loop_survives_a_cloud_that_is_away(worker, orders, monkeypatch):
    calls = []

    def away(**_):
        calls.append(1)
        if len(calls) == 2:
            worker.stopping.set()
        raise EndpointConnectionError(endpoint_url="http://gone")

    monkeypatch.setattr(orders.sqs, "receive_message", away)
    monkeypatch.setattr(worker.stopping, "wait", lambda _: None)
    worker.run()
    assert len(calls) == 2
    assert worker.live()
    assert not worker.ready()


def test_the_loop_survives_a_bug(worker, orders, monkeypatch):
    def bug(**_):
        worker.stopping.set()
        raise RuntimeError("a bug")

    monkeypatch.setattr(orders.sqs, "receive_message", bug)
    worker.run()
    assert worker.live()
