"""The programs as they run in the image: real processes, real sockets, an emulated cloud behind HTTP, no collector."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from moto.server import ThreadedMotoServer


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def call(url: str, method: str = "GET", body: object = None, headers: dict | None = None) -> tuple[int, str]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json", **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def until(check, seconds: float = 20.0):
    end = time.monotonic() + seconds
    while True:
        try:
            found = check()
        except OSError:
            found = None
        if found:
            return found
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


class Program:
    def __init__(self, module: str, **env: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            env={**os.environ, "HOST": "127.0.0.1", "PORT": str(self.port), **env},
            cwd=Path(__file__).parent.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def stop(self) -> tuple[int, list[str]]:
        self.process.send_signal(signal.SIGTERM)
        try:
            out, _ = self.process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return self.process.returncode, out.splitlines()


@pytest.fixture
def run() -> Iterator:
    started: list[Program] = []

    def start(module: str, **env: str) -> Program:
        started.append(Program(module, **env))
        return started[-1]

    yield start
    for program in started:
        if program.process.poll() is None:
            program.process.kill()
            program.process.communicate()


@pytest.fixture
def cloud() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


def test_an_order_from_post_to_processed_with_no_collector(run, cloud):
    # A collector is configured and not there: telemetry must not be felt.
    env = {"AWS_ENDPOINT_URL": cloud, "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}", "WAIT_SECONDS": "1"}
    api, worker = run("app_python", **env), run("app_python.worker", **env)
    for program in (api, worker):
        until(lambda program=program: call(f"{program.url}/healthz/ready")[0] == 200)
    status, body = call(f"{api.url}/orders", "POST", {"item": "pen"})
    assert status == 202
    order = json.loads(body)
    until(lambda: json.loads(call(f"{api.url}/orders/{order['id']}")[1])["state"] == "processed")
    accept = {"accept": "application/openmetrics-text; version=1.0.0"}
    assert order["trace_id"] in call(f"{api.url}/metrics", headers=accept)[1]
    assert order["trace_id"] in call(f"{worker.url}/metrics", headers=accept)[1]

    # The emulator forgets everything; the next order comes through all the same.
    assert call(f"{cloud}/moto-api/reset", "POST")[0] == 200
    order_2 = json.loads(call(f"{api.url}/orders", "POST", {})[1])
    until(lambda: json.loads(call(f"{api.url}/orders/{order_2['id']}")[1]).get("state") == "processed")

    for program, service in ((api, "app-python"), (worker, "app-python-worker")):
        code, lines = program.stop()
        assert code in (0, -signal.SIGTERM), lines[-5:]
        parsed = [json.loads(line) for line in lines]  # every single line is JSON
        assert {p["service"] for p in parsed} == {service}
        assert any(p.get("trace_id") == order["trace_id"] for p in parsed)


def test_it_waits_for_a_cloud_that_comes_later(run):
    port = free_port()
    api = run("app_python", AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}")
    until(lambda: call(f"{api.url}/healthz/live")[0] == 200)
    assert call(f"{api.url}/healthz/ready")[0] == 503
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port)
    server.start()
    try:
        until(lambda: call(f"{api.url}/healthz/ready")[0] == 200)
    finally:
        server.stop()


def test_the_worker_s_faults_want_a_token(run, cloud):
    worker = run("app_python.worker", AWS_ENDPOINT_URL=cloud, ADMIN_TOKEN="secret")
    until(lambda: call(f"{worker.url}/healthz/live")[0] == 200)
    right = {"authorization": "Bearer secret"}
    url = f"{worker.url}/admin/faults"
    assert call(url, "PUT", {"latency_ms": 5})[0] == 401
    assert call(url, "PUT", {"latency_ms": -5}, right)[0] == 422
    assert call(url, "PUT", [1], right)[0] == 422
    assert json.loads(call(url, "PUT", {"latency_ms": 5}, right)[1])["latency_ms"] == 5
    assert json.loads(call(url, headers=right)[1])["latency_ms"] == 5
    assert call(f"{worker.url}/nothing")[0] == 404


def test_the_inbox_over_http(run):
    inbox = run("app_python.inbox")
    until(lambda: call(f"{inbox.url}/healthz")[0] == 200)
    note = {"version": "4", "receiver": "pager", "status": "firing", "alerts": [{"labels": {"alertname": "A"}}]}
    assert call(f"{inbox.url}/alerts", "POST", note)[0] == 202
    assert json.loads(call(f"{inbox.url}/alerts?alertname=A&receiver=pager")[1])["count"] == 1
    assert json.loads(call(f"{inbox.url}/alerts?alertname=B")[1]) == {"count": 0, "alerts": []}
    assert call(f"{inbox.url}/alerts", "POST", {"x": 1})[0] == 400
    assert call(f"{inbox.url}/else", "POST", note)[0] == 404
    assert "inbox_alerts_received_total 1" in call(f"{inbox.url}/metrics")[1]
    assert call(f"{inbox.url}/alerts", "DELETE")[0] == 200
    assert json.loads(call(f"{inbox.url}/alerts")[1])["count"] == 0
    code, _ = inbox.stop()
    assert code == 0


def test_targets_from_an_api_server(run, tmp_path, monkeypatch):
    from app_python import targets

    seen = []

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers["authorization"]))
            items = [
                {
                    "metadata": {"name": "a", "namespace": "b", "annotations": {"prometheus.io/scrape": "true"}},
                    "spec": {"containers": [{}]},
                    "status": {"podIP": "10.0.0.1", "phase": "Running"},
                }
            ]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"items": items}).encode())

        def log_message(self, *_: object) -> None:
            pass

    def serve(handler: type) -> ThreadingHTTPServer:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        Thread(target=server.serve_forever, daemon=True).start()
        return server

    (tmp_path / "token").write_text("t\n")
    api = serve(Api)
    cluster = targets.Cluster(f"http://127.0.0.1:{api.server_port}", str(tmp_path))
    front = serve(targets.handler(cluster))
    url = f"http://127.0.0.1:{front.server_port}"
    status, body = call(f"{url}/pods")
    assert status == 200
    assert json.loads(body)[0]["targets"] == ["10.0.0.1"]
    assert seen == [("/api/v1/pods?resourceVersion=0", "Bearer t")]
    assert call(f"{url}/else")[0] == 404
    api.shutdown()
    api.server_close()
    # Not an empty list: Prometheus would then drop what it has.
    assert call(f"{url}/pods")[0] == 503
    front.shutdown()
