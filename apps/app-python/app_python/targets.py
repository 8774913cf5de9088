"""Scrape targets for a Prometheus that was built without Kubernetes discovery (Debian's is).

It lists pods and nodes and answers in the format of Prometheus' HTTP discovery, with the very labels that the built-in
discovery gives, so that the same relabel rules serve both. Only the standard library.
"""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import ssl
import threading
import urllib.request
from http.server import ThreadingHTTPServer
from typing import Any

from .logs import setup_logging
from .web import JsonHandler

log = logging.getLogger("app_python.targets")

SERVICE = "prometheus-targets"
ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def label(name: str) -> str:
    """As Prometheus does it: what cannot be in a label name becomes an underscore."""
    return re.sub(r"[^a-zA-Z0-9_]", "_", name)


def pods(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One target per declared port, or one without a port for a pod that declares none."""
    targets = []
    for pod in found:
        meta, spec, status = pod["metadata"], pod["spec"], pod.get("status", {})
        address = status.get("podIP")
        # Only what asks for it: the built-in discovery gives all pods, and the rules then drop the others.
        if not address or (meta.get("annotations") or {}).get("prometheus.io/scrape") != "true":
            continue
        labels = {
            "__meta_kubernetes_namespace": meta["namespace"],
            "__meta_kubernetes_pod_name": meta["name"],
            "__meta_kubernetes_pod_ip": address,
            "__meta_kubernetes_pod_phase": status.get("phase", ""),
            "__meta_kubernetes_pod_node_name": spec.get("nodeName", ""),
        }
        for key, value in (meta.get("labels") or {}).items():
            labels[f"__meta_kubernetes_pod_label_{label(key)}"] = value
        for key, value in (meta.get("annotations") or {}).items():
            labels[f"__meta_kubernetes_pod_annotation_{label(key)}"] = value
        ports = [p["containerPort"] for c in spec["containers"] for p in c.get("ports", [])]
        host = f"[{address}]" if ":" in address else address
        # With a port annotation the rules put that port on every address, so one address is enough.
        if "prometheus.io/port" in (meta.get("annotations") or {}):
            ports = ports[:1]
        targets += [{"targets": [f"{host}:{port}"], "labels": labels} for port in ports] or [
            {"targets": [host], "labels": labels}
        ]
    return targets


def nodes(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One target per kubelet."""
    targets = []
    for node in found:
        addresses = {a["type"]: a["address"] for a in node.get("status", {}).get("addresses", [])}
        address = addresses.get("InternalIP")
        if address:
            port = node["status"].get("daemonEndpoints", {}).get("kubeletEndpoint", {}).get("Port", 10250)
            host = f"[{address}]" if ":" in address else address
            labels = {"__meta_kubernetes_node_name": node["metadata"]["name"]}
            targets.append({"targets": [f"{host}:{port}"], "labels": labels})
    return targets


class Cluster:
    """Lists from the API server with the pod's own service account."""

    def __init__(self, base: str | None = None, account: str = ACCOUNT) -> None:
        host = os.environ.get("KUBERNETES_SERVICE_HOST", "kubernetes.default.svc")
        port = os.environ.get("KUBERNETES_SERVICE_PORT", "443")
        self.base = base or f"https://{f'[{host}]' if ':' in host else host}:{port}"
        self.account = account
        self.tls = ssl.create_default_context(cafile=f"{account}/ca.crt") if self.base.startswith("https") else None

    def list(self, kind: str) -> list[dict[str, Any]]:
        # Read each time: the kubelet renews the token within the hour.
        with open(f"{self.account}/token") as file:
            token = file.read().strip()
        request = urllib.request.Request(  # noqa: S310 (our own API server)
            # resourceVersion=0 answers from the API server's memory and costs etcd nothing.
            f"{self.base}/api/v1/{kind}?resourceVersion=0",
            headers={"authorization": f"Bearer {token}", "accept": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=5, context=self.tls) as answer:  # noqa: S310
            return json.load(answer)["items"]


def handler(cluster: Cluster) -> type[JsonHandler]:
    kinds = {"/pods": ("pods", pods), "/nodes": ("nodes", nodes)}

    class Handler(JsonHandler):
        def do_GET(self) -> None:  # noqa: N802
            if self.path == "/healthz":
                self.answer(200, {"status": "ok"})
            elif self.path in kinds:
                kind, convert = kinds[self.path]
                try:
                    self.answer(200, convert(cluster.list(kind)))
                except (OSError, ValueError, KeyError) as error:
                    # Not an empty list: Prometheus keeps the targets it has when discovery fails.
                    log.warning("cannot list", extra={"kind": kind, "error": str(error)})
                    self.answer(503, {"error": "the API server does not answer"})
            else:
                self.answer(404, {"error": "not found"})

    return Handler


def main() -> None:
    setup_logging(SERVICE)
    port = int(os.environ.get("PORT", "8080"))
    server = ThreadingHTTPServer((os.environ.get("HOST", "0.0.0.0"), port), handler(Cluster()))  # noqa: S104
    server.daemon_threads = True
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    log.info("started", extra={"port": port})
    server.serve_forever()


if __name__ == "__main__":
    main()
