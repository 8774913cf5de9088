"""Logs, faults, settings, the inbox's store, target discovery."""

from __future__ import annotations

import json
import logging

import pytest
from opentelemetry import trace

from app_python import targets
from app_python.faults import FaultError, Faults, allowed
from app_python.inbox import Inbox
from app_python.logs import JsonFormatter, Seldom
from app_python.settings import Settings
from app_python.telemetry import log_context


def record(message="hello", **extra):
    made = logging.LogRecord("x", logging.INFO, __file__, 1, message, (), None)
    made.__dict__.update(extra)
    return made


# -- logs


def test_a_line_is_one_json_object_with_the_ids_of_the_span():
    with trace.get_tracer("t").start_as_current_span("s") as span:
        line = json.loads(JsonFormatter("svc", log_context).format(record(order_id="a")))
    assert line["trace_id"] == f"{span.get_span_context().trace_id:032x}"
    assert line["span_id"] == f"{span.get_span_context().span_id:016x}"
    assert {k: line[k] for k in ("level", "service", "message", "order_id")} == {
        "level": "info",
        "service": "svc",
        "message": "hello",
        "order_id": "a",
    }


def test_no_span_no_ids():
    assert "trace_id" not in json.loads(JsonFormatter("svc", log_context).format(record()))


def test_newlines_and_stack_traces_stay_on_one_line():
    made = record("a\nb")
    try:
        raise ValueError("c\nd")
    except ValueError as error:
        made.exc_info = (type(error), error, error.__traceback__)
    text = JsonFormatter("svc").format(made)
    assert "\n" not in text
    assert "ValueError" in json.loads(text)["exception"]


def test_what_json_cannot_hold_is_written_as_text():
    assert json.loads(JsonFormatter("svc").format(record(thing=object())))["thing"].startswith("<object")


def test_seldom():
    seldom = Seldom(every=3600)
    assert seldom.filter(record())
    assert not seldom.filter(record())


# -- faults and settings


def test_faults_from_the_environment(monkeypatch):
    monkeypatch.setenv("FAULT_ERROR_RATE", "1")
    faults = Faults.from_environment()
    with pytest.raises(FaultError):
        faults.strike()


@pytest.mark.parametrize("value", ["much", "2", "-1", "nan"])
def test_a_bad_fault_in_the_environment_stops_the_start(monkeypatch, value):
    monkeypatch.setenv("FAULT_ERROR_RATE", value)
    with pytest.raises(SystemExit):
        Faults.from_environment()


def test_a_leak_grows_and_is_let_go():
    faults = Faults({"leak_kb": 8})
    faults.strike()
    faults.strike()
    assert [len(b) for b in faults._leaked] == [8192, 8192]
    faults.set({"leak_kb": 0})
    assert faults._leaked == []


def test_latency_waits(monkeypatch):
    waited = []
    monkeypatch.setattr("app_python.faults.time.sleep", waited.append)
    Faults({"latency_ms": 250}).strike()
    assert waited == [0.25]


def test_an_empty_token_allows_nobody():
    assert not allowed("", "Bearer ")
    assert not allowed("", None)
    assert allowed("t", "Bearer t")
    assert not allowed("t", "Bearer ü")


def test_a_setting_that_is_no_number_stops_the_start(monkeypatch):
    monkeypatch.setenv("PORT", "http")
    with pytest.raises(SystemExit, match="PORT"):
        Settings.load()


# -- inbox

NOTE = {
    "version": "4",
    "receiver": "pager",
    "status": "firing",
    "groupKey": "g",
    "alerts": [
        {"status": "firing", "labels": {"alertname": "A", "service": "x"}, "startsAt": "t"},
        {"status": "resolved", "labels": {"alertname": "B"}},
    ],
}


def test_the_inbox_keeps_the_newest_first_and_finds():
    inbox = Inbox()
    assert inbox.take(NOTE) == 2
    assert [a["labels"]["alertname"] for a in inbox.find({})] == ["B", "A"]
    assert [a["labels"]["alertname"] for a in inbox.find({"status": "firing"})] == ["A"]
    assert inbox.find({"service": "x", "receiver": "pager"})[0]["startsAt"] == "t"
    assert inbox.find({"service": "y"}) == []
    inbox.clear()
    assert inbox.find({}) == []
    assert inbox.received == 2


def test_the_inbox_forgets_the_oldest():
    inbox = Inbox(keep=3)
    for n in range(5):
        inbox.take({"alerts": [{"labels": {"alertname": str(n)}}]})
    assert [a["labels"]["alertname"] for a in inbox.find({})] == ["4", "3", "2"]


@pytest.mark.parametrize("payload", [None, [], {}, {"alerts": "x"}, {"alerts": [1]}])
def test_the_inbox_refuses_what_is_no_notification(payload):
    with pytest.raises(ValueError, match=r"needed|object"):
        Inbox().take(payload)


# -- target discovery


def pod(**changes):
    made = {
        "metadata": {
            "name": "a-1",
            "namespace": "apps",
            "labels": {"app.kubernetes.io/name": "a"},
            "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "8080"},
        },
        "spec": {"nodeName": "n", "containers": [{"ports": [{"containerPort": 80}, {"containerPort": 81}]}]},
        "status": {"podIP": "10.0.0.1", "phase": "Running"},
    }
    for path, value in changes.items():
        head, _, tail = path.partition("__")
        made[head][tail] = value
    return made


def test_a_pod_becomes_a_target_with_the_labels_prometheus_gives():
    (target,) = targets.pods([pod()])
    assert target["targets"] == ["10.0.0.1:80"]  # the annotation's port is put on it by the relabel rules
    assert target["labels"] == {
        "__meta_kubernetes_namespace": "apps",
        "__meta_kubernetes_pod_name": "a-1",
        "__meta_kubernetes_pod_ip": "10.0.0.1",
        "__meta_kubernetes_pod_phase": "Running",
        "__meta_kubernetes_pod_node_name": "n",
        "__meta_kubernetes_pod_label_app_kubernetes_io_name": "a",
        "__meta_kubernetes_pod_annotation_prometheus_io_scrape": "true",
        "__meta_kubernetes_pod_annotation_prometheus_io_port": "8080",
    }


def test_pods_without_address_or_annotation_are_left_out():
    assert targets.pods([pod(status__podIP=None), pod(metadata__annotations=None), pod(metadata__annotations={})]) == []


def test_each_port_without_the_annotation():
    found = targets.pods([pod(metadata__annotations={"prometheus.io/scrape": "true"}, status__podIP="fd00::1")])
    assert [t["targets"] for t in found] == [["[fd00::1]:80"], ["[fd00::1]:81"]]


def test_a_node_becomes_its_kubelet():
    node = {
        "metadata": {"name": "n"},
        "status": {
            "addresses": [{"type": "Hostname", "address": "n"}, {"type": "InternalIP", "address": "172.18.0.2"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        },
    }
    assert targets.nodes([node, {"metadata": {"name": "m"}, "status": {}}]) == [
        {"targets": ["172.18.0.2:10250"], "labels": {"__meta_kubernetes_node_name": "n"}}
    ]
