#!/usr/bin/env python3
"""Writes container images without a container engine: layers, OCI images, docker archives, bundles.

  oci.py layer SRC OUT [--plain]          tar a tree; OUT.tar (--plain) or OUT.tar.zst, facts in OUT.json
  oci.py image --out DIR --name N --tag T --origin O [--note ..] [--config JSON] LAYER...
  oci.py layout OUT.tar IMAGE_DIR...      an OCI layout as one tar, which `ctr images import` reads
  oci.py archive OUT.tar IMAGE_DIR        what `docker load` reads; layers must be plain; prints the image id

A LAYER is a tree, or the OUT.json of a layer made before (shared between images).
The same input gives the same bytes: names are sorted, times fixed, owners numeric.
Only the standard library and the zstd program are used. bundle.py makes the bundle.
"""
import argparse
import hashlib
import io
import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
from pathlib import Path

EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", "1761955200"))  # 2025-11-01, fixed so that digests are
CREATED = "2025-11-01T00:00:00Z"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ZSTD = ["zstd", "-q", "-3", "-T1", "-c"]  # one thread: the output does not depend on the number of cores


class Hashing:
    """A file to write to that keeps the sha256 and size of what went through."""

    def __init__(self, sink):
        self.sink, self.hash, self.size = sink, hashlib.sha256(), 0

    def write(self, data):
        self.hash.update(data)
        self.size += len(data)
        return self.sink.write(data)

    @property
    def digest(self):
        return "sha256:" + self.hash.hexdigest()


def dump(value) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def sha256_file(path) -> str:
    with open(path, "rb") as f:
        return "sha256:" + hashlib.file_digest(f, "sha256").hexdigest()


def link(src, dst):
    """A hard link where the file system allows it, else a copy."""
    if os.path.exists(dst):
        return
    try:
        os.link(src, dst)
    except OSError:
        shutil.copyfile(src, str(dst) + ".tmp")
        os.replace(str(dst) + ".tmp", dst)


# --- layers ------------------------------------------------------------------

def walk(root: Path):
    """Every path under root, parents first, names sorted bytewise."""
    for name in sorted(os.listdir(root)):
        path = root / name
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from walk(path)


def tar_tree(root: Path, sink) -> None:
    """Writes root's content as a tar. Devices and sockets are left out: an engine makes its own."""
    with tarfile.open(fileobj=sink, mode="w|", format=tarfile.PAX_FORMAT, bufsize=1 << 20) as tar:
        for path in walk(root):
            mode = path.lstat().st_mode
            if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) or stat.S_ISSOCK(mode) or stat.S_ISFIFO(mode):
                continue
            info = tar.gettarinfo(str(path), arcname=str(path.relative_to(root)))
            info.mtime, info.uname, info.gname = EPOCH, "", ""
            if info.isreg():
                with open(path, "rb") as f:
                    tar.addfile(info, f)
            else:
                tar.addfile(info)


def make_layer(src: Path, out: str, plain: bool) -> dict:
    """Makes OUT.tar or OUT.tar.zst from a tree and returns (and keeps beside it) the layer's facts."""
    target = out + (".tar" if plain else ".tar.zst")
    with open(target + ".tmp", "wb") as f:
        if plain:
            raw = Hashing(f)
            tar_tree(src, raw)
        else:
            with subprocess.Popen(ZSTD, stdin=subprocess.PIPE, stdout=f) as z:
                raw = Hashing(z.stdin)
                tar_tree(src, raw)
                z.stdin.close()
                if z.wait() != 0:
                    raise SystemExit(f"oci.py: zstd failed on {src}")
    os.replace(target + ".tmp", target)
    facts = {
        "file": os.path.basename(target),
        "mediaType": LAYER if plain else LAYER + "+zstd",
        "diffId": raw.digest,
        "digest": raw.digest if plain else sha256_file(target),
        "size": os.path.getsize(target),
    }
    Path(out + ".json").write_bytes(dump(facts))
    return dict(facts, path=target)


def load_layer(source: str, scratch: Path, plain: bool) -> dict:
    if os.path.isdir(source):
        number = len(list(scratch.glob("*.json")))
        return make_layer(Path(source), str(scratch / f"layer{number}"), plain)
    facts = json.loads(Path(source).read_text())
    return dict(facts, path=os.path.join(os.path.dirname(source), facts["file"]))


# --- images ------------------------------------------------------------------

def image_config(layers, settings: dict, origin: str) -> dict:
    config = {"Env": [PATH], "Labels": {}}
    config.update(settings)
    if not any(e.startswith("PATH=") for e in config["Env"]):
        config["Env"] = [PATH] + config["Env"]
    config["Labels"] = dict(config["Labels"], **{"dev.labctl.origin": origin})
    return {
        "architecture": "amd64", "os": "linux", "created": CREATED, "config": config,
        "rootfs": {"type": "layers", "diff_ids": [l["diffId"] for l in layers]},
        "history": [{"created": CREATED, "created_by": "labctl test bed"} for _ in layers],
    }


def make_image(out: Path, name, tag, origin, note, settings, sources, plain=False) -> dict:
    """Writes OUT/blobs and OUT/image.json."""
    blobs, scratch = out / "blobs", out / "layers"
    blobs.mkdir(parents=True, exist_ok=True)
    scratch.mkdir(exist_ok=True)
    layers = [load_layer(s, scratch, plain) for s in sources]
    for layer in layers:
        link(layer["path"], blobs / layer["digest"].split(":")[1])
    shutil.rmtree(scratch)
    config = dump(image_config(layers, settings, origin))
    manifest = dump({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "digest": sha256(config), "size": len(config)},
        "layers": [{k: l[k] for k in ("mediaType", "digest", "size")} for l in layers],
        "annotations": {"dev.labctl.origin": origin},
    })
    for blob in (config, manifest):
        (blobs / sha256(blob).split(":")[1]).write_bytes(blob)
    image = {
        "name": name, "tag": tag, "origin": origin, "note": note,
        "digest": sha256(manifest), "manifestSize": len(manifest), "id": sha256(config),
        "layers": [{k: l[k] for k in ("mediaType", "digest", "size", "diffId")} for l in layers],
        "size": sum(l["size"] for l in layers),
    }
    (out / "image.json").write_text(json.dumps(image, indent=1, sort_keys=True) + "\n")
    return image


def read_image(folder: str) -> dict:
    return json.loads(Path(folder, "image.json").read_text())


def descriptor(image: dict) -> dict:
    ref = f"{image['name']}:{image['tag']}"
    return {
        "mediaType": MANIFEST, "digest": image["digest"], "size": image["manifestSize"],
        "platform": {"architecture": "amd64", "os": "linux"},
        "annotations": {"org.opencontainers.image.ref.name": ref, "io.containerd.image.name": ref},
    }


def index_json(images) -> bytes:
    ordered = sorted(images, key=lambda i: (i["name"], i["tag"]))
    return dump({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                 "manifests": [descriptor(i) for i in ordered]})


# --- single files --------------------------------------------------------------

def add_bytes(tar, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = len(data), EPOCH, 0o644
    tar.addfile(info, io.BytesIO(data))


def add_file(tar, name: str, path) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = os.path.getsize(path), EPOCH, 0o644
    with open(path, "rb") as f:
        tar.addfile(info, f)


def write_layout_tar(out: str, folders) -> None:
    blobs = {}
    for folder in folders:
        for blob in Path(folder, "blobs").iterdir():
            blobs[blob.name] = blob
    with tarfile.open(out + ".tmp", "w") as tar:
        add_bytes(tar, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        add_bytes(tar, "index.json", index_json([read_image(f) for f in folders]))
        for name in sorted(blobs):
            add_file(tar, f"blobs/sha256/{name}", blobs[name])
    os.replace(out + ".tmp", out)


def write_archive(out: str, folder: str) -> str:
    """A docker archive of one image. The engine's id of the image is the digest of its config."""
    image = read_image(folder)
    if any(not l["mediaType"].endswith(".tar") for l in image["layers"]):
        raise SystemExit(f"oci.py: {folder}: an archive needs plain layers (older engines read no zstd)")
    blob = lambda digest: Path(folder, "blobs", digest.split(":")[1])
    config = image["id"].split(":")[1] + ".json"
    names = [l["digest"].split(":")[1] + "/layer.tar" for l in image["layers"]]
    with tarfile.open(out + ".tmp", "w") as tar:
        add_bytes(tar, "manifest.json", dump([{
            "Config": config, "RepoTags": [f"{image['name']}:{image['tag']}"], "Layers": names}]))
        add_file(tar, config, blob(image["id"]))
        for name, layer in zip(names, image["layers"]):
            add_file(tar, name, blob(layer["digest"]))
    os.replace(out + ".tmp", out)
    return image["id"]


def main(argv) -> None:
    parser = argparse.ArgumentParser(prog="oci.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    sub = parser.add_subparsers(dest="command", required=True)
    p = sub.add_parser("layer")
    p.add_argument("src")
    p.add_argument("out")
    p.add_argument("--plain", action="store_true")
    p = sub.add_parser("image")
    for name in ("--out", "--name", "--tag", "--origin"):
        p.add_argument(name, required=True)
    p.add_argument("--note", default="")
    p.add_argument("--config", default="{}", help='{"Entrypoint":[..],"Cmd":[..],"User":"..","Env":[..]}')
    p.add_argument("--plain", action="store_true")
    p.add_argument("layer", nargs="+")
    for name in ("layout", "archive"):
        p = sub.add_parser(name)
        p.add_argument("out")
        p.add_argument("folder", nargs="+")
    a = parser.parse_args(argv)
    if a.command == "layer":
        make_layer(Path(a.src), a.out, a.plain)
    elif a.command == "image":
        image = make_image(Path(a.out), a.name, a.tag, a.origin, a.note, json.loads(a.config), a.layer, a.plain)
        print(image["digest"])
    elif a.command == "layout":
        write_layout_tar(a.out, a.folder)
    else:
        print(write_archive(a.out, a.folder[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
