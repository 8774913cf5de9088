from __future__ import annotations

import json

import pytest

OPENMETRICS = {"accept": "application/openmetrics-text; version=1.0.0"}
ADMIN = {"authorization": "Bearer secret"}


def post(client, **body):
    return client.post("/orders", json=body or None)


def test_an_order_is_accepted_kept_and_queued(client, orders):
    answer = post(client, item="pen", quantity=2)
    assert answer.status_code == 202
    body = answer.json()
    assert set(body) == {"id", "state", "trace_id"}
    assert body["state"] == "accepted"
    assert len(body["trace_id"]) == 32
    kept = client.get(f"/orders/{body['id']}").json()
    assert {k: kept[k] for k in ("id", "state", "item", "quantity", "trace_id")} == {**body, "item": "pen", "quantity": 2}
    assert orders.depths()["orders", "visible"] == 1


def test_a_body_is_optional(client):
    assert client.post("/orders").status_code == 202


@pytest.mark.parametrize(
    "body", [{"quantity": 0}, {"quantity": 101}, {"item": ""}, {"item": "x" * 65}, {"colour": "red"}, {"quantity": "many"}]
)
def test_bad_orders_are_refused_and_not_queued(client, orders, body):
    assert client.post("/orders", json=body).status_code == 422
    assert orders.depths()["orders", "visible"] == 0


def test_no_such_order(client):
    assert client.get("/orders/nothing").status_code == 404


def test_the_message_carries_the_producer_span(client, orders, spans):
    trace_id = post(client).json()["trace_id"]
    message = orders.receive()[0]
    version, trace, span, flags = message["MessageAttributes"]["traceparent"]["StringValue"].split("-")
    producer = next(s for s in spans.get_finished_spans() if s.name == "send orders")
    assert (version, trace) == ("00", trace_id)
    assert int(flags, 16) & 1  # sampled
    assert span == f"{producer.context.span_id:016x}"
    assert producer.attributes["messaging.destination.name"] == "orders"
    assert producer.attributes["messaging.message.id"] == message["MessageId"]


def test_a_caller_s_trace_is_continued(client, spans):
    caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    body = client.post("/orders", headers={"traceparent": caller}).json()
    assert body["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    server = next(s for s in spans.get_finished_spans() if s.name == "POST /orders")
    assert f"{server.parent.span_id:016x}" == "b7ad6b7169203331"


def test_a_request_counts_by_its_route_not_by_its_path(client, sample):
    labels = {"method": "GET", "route": "/orders/{order_id}", "status": "404"}
    before = sample("http_server_requests_total", **labels)
    client.get("/orders/one")
    client.get("/orders/two")
    client.get("/wp-login.php")
    assert sample("http_server_requests_total", **labels) == before + 2
    text = client.get("/metrics").text
    assert "/orders/one" not in text
    assert "wp-login" not in text
    assert 'route="unmatched"' in text


def test_probes_leave_no_trace_and_no_count(client, spans):
    for path in ("/healthz/live", "/healthz/ready", "/healthz/startup", "/metrics"):
        assert client.get(path).status_code == 200
    assert not spans.get_finished_spans()
    assert "healthz" not in client.get("/metrics").text


def test_metrics_are_openmetrics_with_exemplars_when_asked(client):
    trace_id = post(client).json()["trace_id"]
    plain = client.get("/metrics")
    assert plain.headers["content-type"].startswith("text/plain")
    assert trace_id not in plain.text
    rich = client.get("/metrics", headers=OPENMETRICS)
    assert rich.headers["content-type"].startswith("application/openmetrics-text")
    assert rich.text.endswith("# EOF\n")
    lines = [x for x in rich.text.splitlines() if x.startswith("http_server_request_duration_seconds_bucket") and trace_id in x]
    assert lines
    assert f'trace_id="{trace_id}"' in lines[0]


def test_ready_only_when_queue_and_table_are_there(client, orders):
    assert client.get("/healthz/ready").status_code == 200
    orders.ensured = False
    assert client.get("/healthz/ready").status_code == 503
    assert client.get("/healthz/live").status_code == 200


def test_without_its_cloud_it_answers_503_and_lives(client, orders, monkeypatch):
    from botocore.exceptions import EndpointConnectionError

    def away(**_):
        raise EndpointConnectionError(endpoint_url="http://gone")

    monkeypatch.setattr(orders.dynamodb, "put_item", away)
    answer = post(client)
    assert answer.status_code == 503
    assert len(answer.json()["trace_id"]) == 32
    assert client.get("/healthz/live").status_code == 200


def test_an_order_that_could_not_be_queued_is_rejected(client, orders, monkeypatch):
    from botocore.exceptions import EndpointConnectionError

    kept = []
    put = orders.put
    monkeypatch.setattr(orders, "put", lambda order: (kept.append(order), put(order)))

    def away(**_):
        raise EndpointConnectionError(endpoint_url="http://gone")

    monkeypatch.setattr(orders.sqs, "send_message", away)
    assert post(client).status_code == 503
    assert client.get(f"/orders/{kept[0]['id']}").json()["state"] == "rejected"


# -- faults


def test_the_admin_path_is_not_there_without_a_token(orders, settings):
    import dataclasses

    from fastapi.testclient import TestClient

    from app_python.api import create_app

    with TestClient(create_app(dataclasses.replace(settings, admin_token=""), orders)) as client:
        assert client.get("/admin/faults", headers=ADMIN).status_code == 404
        assert client.put("/admin/faults", json={"error_rate": 1}, headers={"authorization": "Bearer "}).status_code == 404


def test_the_admin_path_wants_the_right_token(client):
    assert client.get("/admin/faults").status_code == 401
    assert client.get("/admin/faults", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/admin/faults", headers=ADMIN).json() == dict.fromkeys(
        ("latency_ms", "error_rate", "leak_kb", "poison_rate"), 0.0
    )


def test_errors_on_demand_and_off_again(client, sample):
    assert client.put("/admin/faults", json={"error_rate": 1}, headers=ADMIN).status_code == 200
    before = sample("http_server_requests_total", method="POST", route="/orders", status="500")
    assert post(client).status_code == 500
    assert sample("http_server_requests_total", method="POST", route="/orders", status="500") == before + 1
    client.put("/admin/faults", json={"error_rate": 0}, headers=ADMIN)
    assert post(client).status_code == 202


@pytest.mark.parametrize("values", [{"error_rate": 1.5}, {"latency_ms": -1}, {"colour": 1}])
def test_bad_faults_are_refused_as_a_whole(client, faults, values):
    answer = client.put("/admin/faults", json={"leak_kb": 1, **values}, headers=ADMIN)
    assert answer.status_code == 422
    assert not any(faults.get().values())


def test_poison_reaches_the_queue_as_no_json(client, orders, faults):
    faults.set({"poison_rate": 1})
    assert post(client).status_code == 202
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(orders.receive()[0]["Body"])


def test_openapi_names_the_contract(client):
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths) == {"/orders", "/orders/{order_id}"}
    assert "202" in paths["/orders"]["post"]["responses"]
