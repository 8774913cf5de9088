#!/usr/bin/env python3
"""push.py BUNDLE HOST:PORT: fills a plain-HTTP registry from a bundle, each image under <upstream host>/<path>.

With one prefix per upstream host, containerd's hosts.toml (override_path) maps every upstream name to it.
"""
import http.client
import json
import sys
from pathlib import Path
from urllib.parse import urlencode, urlsplit


def request(address, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(address, timeout=120)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def push_blob(address, repository, root, blob):
    path = root / "blobs" / "sha256" / blob["digest"].split(":")[1]
    if request(address, "HEAD", f"/v2/{repository}/blobs/{blob['digest']}").status == 200:
        return
    started = request(address, "POST", f"/v2/{repository}/blobs/uploads/")
    place = urlsplit(started.headers["Location"])
    target = f"{place.path}?{place.query}&{urlencode({'digest': blob['digest']})}"
    with open(path, "rb") as f:
        done = request(address, "PUT", target, f, {"Content-Length": str(blob["size"]), "Content-Type": "application/octet-stream"})
    if done.status != 201:
        sys.exit(f"{repository}: blob {blob['digest']}: status {done.status}")


def main(bundle, address):
    root = Path(bundle)
    for image in json.loads((root / "bundle.json").read_text())["images"]:
        raw = (root / "blobs" / "sha256" / image["digest"].split(":")[1]).read_bytes()
        manifest = json.loads(raw)
        for blob in [manifest["config"], *manifest["layers"]]:
            push_blob(address, image["name"], root, blob)
        done = request(address, "PUT", f"/v2/{image['name']}/manifests/{image['tag']}", raw, {"Content-Type": manifest["mediaType"]})
        if done.status != 201:
            sys.exit(f"{image['name']}: manifest: status {done.status}")
        print(f"{image['name']}:{image['tag']}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
