#!/usr/bin/env python3
"""Checks the manifests with every tool that is at hand, and says which tools were not.

    manifests/check.py [--stack NAME] [--tools DIR[:DIR…]] [--out DIR]

It substitutes %{…} as labctl does, writes what the ConfigMaps hold to files, and gives them to their own programs:
promtool, amtool, envoy, loki, otelcol, tempo. Then it looks at what every workload must have. Exit 1 on any finding.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
MARK = re.compile(r"%\{([^}]*)\}")
findings: list[str] = []


def finding(text: str) -> None:
    findings.append(text)
    print(f"  FINDING {text}")


def load(path: Path) -> list[dict]:
    # A bare %{name} is no YAML, so no file may hold one outside quotes.
    return [d for d in yaml.safe_load_all(path.read_text()) if d]


def stack(name: str) -> dict:
    own = load(HERE.parent / "stacks" / f"{name}.yaml")[0]
    if "extends" not in own:
        return own
    base = stack(own["extends"])
    for key, value in own.get("components", {}).items():
        base["components"].setdefault(key, {}).update(value)
    base["choices"] = {**base.get("choices", {}), **own.get("choices", {})}
    return base


class Set:
    """The components of one stack, with their values."""

    def __init__(self, name: str) -> None:
        self.stack = stack(name)
        self.all = {p.parent.name: load(p)[0] for p in sorted(HERE.glob("*/component.yaml"))}
        self.on = [n for n, c in self.stack["components"].items() if c.get("enabled", True)]
        self.exports: dict[str, tuple[str, str]] = {}
        for n in self.on:
            if n not in self.all:
                finding(f"stack {name}: no component {n}")
                continue
            for key, value in self.all[n].get("exports", {}).items():
                if key in self.exports:
                    finding(f"{n} and {self.exports[key][1]} both export {key}")
                self.exports[key] = (value, n)
        self.on = [n for n in self.on if n in self.all]

    def value(self, key: str, component: str) -> str:
        if key == "lab":
            return "lab"
        if key.startswith("export:"):
            value, owner = self.exports[key[7:]]
            return self.fill(value, owner)
        own = self.all[component]
        size = self.stack["components"].get(component, {}).get("size", self.stack.get("size", "small"))
        values = {k: p["default"] for k, p in own.get("params", {}).items()}
        values.update(own.get("sizes", {}).get(size, {}).get("set", {}))
        values.update(self.stack["components"].get(component, {}).get("set", {}))
        return str(values[key])

    def fill(self, text: str, component: str) -> str:
        def one(match: re.Match) -> str:
            try:
                return self.value(match[1], component)
            except KeyError:
                finding(f"{component}: nothing gives %{{{match[1]}}}")
                return "unknown"

        return MARK.sub(one, text)

    def objects(self, component: str) -> list[dict]:
        found = []
        for path in sorted((HERE / component).glob("*.yaml")):
            if path.name == "component.yaml":
                continue
            for document in load(path):
                data = document.pop("data", None) if document["kind"] == "ConfigMap" else None
                filled = json.loads(self.fill(json.dumps(document), component))
                if data is not None:
                    notes = filled["metadata"].get("annotations") or {}
                    opted = notes.pop("labctl.dev/substitute", "") == "true"
                    for key, text in data.items():
                        if not isinstance(text, str):
                            finding(f"{component}: ConfigMap value {key} is not a string")
                        if MARK.search(text) and not opted:
                            finding(f"{component}: {key} has %{{…}} and does not opt in")
                    filled["data"] = {k: self.fill(v, component) if opted else v for k, v in data.items()}
                found.append(filled)
        return found


def workloads(component: str, objects: list[dict], images: set[str]) -> tuple[int, int]:
    """What each pod must have; CPU (m) and memory (Mi) asked for."""
    cpu = memory = 0
    for o in objects:
        at = f"{component}: {o['kind']} {o['metadata']['name']}"
        labels = o["metadata"].get("labels", {})
        for key in ("app.kubernetes.io/name", "app.kubernetes.io/component", "app.kubernetes.io/part-of"):
            if key not in labels:
                finding(f"{at}: no label {key}")
        if o["kind"] == "Namespace":
            finding(f"{at}: labctl makes namespaces")
        if o["kind"] not in {"Deployment", "DaemonSet", "StatefulSet", "Job"}:
            continue
        spec = o["spec"]["template"]["spec"]
        pod_security = spec.get("securityContext", {})
        if pod_security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            finding(f"{at}: no seccomp profile")
        if not pod_security.get("runAsNonRoot") and component != "otel-collector":
            finding(f"{at}: may run as root")
        for c in spec["containers"]:
            own = c.get("securityContext", {})
            resources = c.get("resources", {})
            if c["image"] not in images:
                finding(f"{at}: image {c['image']} is not in component.yaml")
            if own.get("capabilities", {}).get("drop") != ["ALL"] or not own.get("readOnlyRootFilesystem"):
                finding(f"{at}/{c['name']}: capabilities or root file system")
            if own.get("allowPrivilegeEscalation") is not False:
                finding(f"{at}/{c['name']}: may escalate")
            for probe in ("readinessProbe", "livenessProbe", "startupProbe"):
                if probe not in c:
                    finding(f"{at}/{c['name']}: no {probe}")
            for half in ("requests", "limits"):
                if set(resources.get(half, {})) != {"cpu", "memory"}:
                    finding(f"{at}/{c['name']}: {half}")
            asked = resources.get("requests", {})
            cpu += int(asked["cpu"].rstrip("m")) if asked["cpu"].endswith("m") else int(asked["cpu"]) * 1000
            memory += int(re.sub(r"Mi$", "", asked["memory"]))
    return cpu, memory


def dashboards(folder: Path) -> list[tuple[str, str]]:
    """(where, query) of every Prometheus panel, with Grafana's variables replaced."""
    queries = []
    for path in sorted(folder.glob("*.json")):
        board = json.loads(path.read_text())
        seen: set[int] = set()
        for panel in board["panels"]:
            if panel["id"] in seen:
                finding(f"{path.name}: panel id {panel['id']} twice")
            seen.add(panel["id"])
            for target in panel.get("targets", []):
                if target["datasource"]["type"] == "prometheus":
                    query = re.sub(r"\$__\w+", "1m", target["expr"])
                    queries.append((f"{path.name} '{panel['title']}'", re.sub(r"\$\{?\w+\}?", "x", query)))
    return queries


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--stack", action="append")
    parser.add_argument("--tools", default="")
    parser.add_argument("--out")
    args = parser.parse_args()
    os.environ["PATH"] = args.tools + os.pathsep + os.environ["PATH"]
    missing: set[str] = set()
    for name in args.stack or ["lite", "lite-packages"]:
        print(f"stack {name}")
        out = Path(args.out or tempfile.mkdtemp(prefix="labctl-manifests-")) / name
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        lab = Set(name)
        total_cpu = total_memory = 0
        queries: list[tuple[str, str]] = []
        for component in lab.on:
            own = lab.all[component]
            images = {f"{i['name']}:{i['tag']}" for i in own["images"]}
            objects = lab.objects(component)
            cpu, memory = workloads(component, objects, images)
            total_cpu, total_memory = total_cpu + cpu, total_memory + memory
            for o in objects:
                for key, text in o.get("data", {}).items() if o["kind"] == "ConfigMap" else ():
                    path = out / component / o["metadata"]["name"] / key
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(text)
                if o["kind"] == "ConfigMap" and o["metadata"]["name"] == "grafana-dashboards":
                    queries += dashboards(out / component / o["metadata"]["name"])
            for check in own.get("ready", []) + own.get("proof", []):
                if "prom" in check and "query" in check["prom"]:
                    queries.append((f"{component} check {check['name']}", check["prom"]["query"]))
            page = HERE.parent / own["metadata"]["page"]
            if not page.exists():
                finding(f"{component}: no page {own['metadata']['page']}")
            (out / f"{component}.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
        print(f"  {len(lab.on)} components ask for {total_cpu} m CPU and {total_memory} Mi")

        def run(tool: str, *arguments: str, cwd: Path | None = None, name: str = "") -> None:
            if not shutil.which(tool):
                missing.add(tool)
                return
            done = subprocess.run([tool, *arguments], cwd=cwd, capture_output=True, text=True)
            print(f"  {'ok  ' if done.returncode == 0 else 'FAIL'} {tool} {name or ' '.join(arguments)[:90]}")
            if done.returncode:
                finding(f"{tool}: {(done.stdout + done.stderr).strip()[-1500:]}")

        # Prometheus: the paths of the pod become paths here.
        account = out / "account"
        account.mkdir()
        for file in ("token", "ca.crt"):
            (account / file).write_text("")
        rules = out / "prometheus/prometheus-rules"
        config = out / "prometheus/prometheus/prometheus.yml"
        text = config.read_text().replace("/etc/prometheus-rules", str(rules))
        config.write_text(text.replace("/var/run/secrets/kubernetes.io/serviceaccount", str(account)))
        plain = re.search(r"^ +kubernetes_sd_configs", text, re.M) is not None  # a build without that discovery cannot read it
        if not (plain and debian_promtool()):
            run("promtool", "check", "config", "--syntax-only", str(config), name="check config")
        run("promtool", "check", "rules", *map(str, rules.glob("*.yaml")), name="check rules")
        tests = out / "rules-tests"
        shutil.copytree(rules, tests)
        shutil.copy(HERE / "prometheus/tests/rules.test.yaml", tests)
        run("promtool", "test", "rules", "rules.test.yaml", cwd=tests)
        # Every query of dashboards and checks as a recording rule: what parses there is PromQL.
        parsed = {"groups": [{"name": "queries", "rules": [{"record": f"q:{i}", "expr": q} for i, (_, q) in enumerate(queries)]}]}
        (out / "queries.yaml").write_text(yaml.safe_dump(parsed))
        run("promtool", "check", "rules", "--lint=none", str(out / "queries.yaml"), name=f"{len(queries)} queries")
        run("amtool", "check-config", str(out / "alertmanager/alertmanager/alertmanager.yml"), name="check-config")
        run("envoy", "--mode", "validate", "-c", str(out / "gateway/gateway/envoy.yaml"), "-l", "error", name="validate")
        run("loki", f"-config.file={out}/loki/loki/loki.yaml", "-verify-config", name="-verify-config")
        for file in ("otel-collector/collector.yaml", "otel-logs/agent.yaml"):
            run("otelcol", "validate", f"--config={out}/otel-collector/{file}", name=f"validate {file}")
        if "tempo" in lab.on:
            run("tempo", f"-config.file={out}/tempo/tempo/tempo.yaml", "-config.verify", name="-config.verify")
        print(f"  written to {out}")
    for tool in sorted(missing):
        print(f"NOT RUN: {tool} is not on PATH")
    print(f"{len(findings)} findings")
    return 1 if findings else 0


def debian_promtool() -> bool:
    """True for a promtool without Kubernetes discovery."""
    tool = shutil.which("promtool")
    return bool(tool) and b"kubernetes_sd_configs" not in Path(tool).read_bytes()


if __name__ == "__main__":
    sys.exit(main())
