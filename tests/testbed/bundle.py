#!/usr/bin/env python3
"""Writes and checks a bundle folder (docs/bundle.md is the contract).

  bundle.py write --out DIR --name NAME --kubernetes V --node DIR --registry DIR [--image DIR]... [--tool NAME=VERSION=FILE]...
  bundle.py check DIR

--node and --registry name image folders that also hold archive.tar (oci.py archive).
Files are hard links where possible, so writing a bundle again takes a second.
"""
import argparse
import json
import os
import sys
import tarfile
from pathlib import Path

from oci import CREATED, MANIFEST, index_json, link, read_image, sha256, sha256_file

ORIGINS = {"upstream", "modules", "debian", "pypi", "here"}


def place(src, dst: Path) -> None:
    """Links src at dst, replacing what is there."""
    dst.parent.mkdir(parents=True, exist_ok=True)
    temp = dst.with_name("." + dst.name + ".new")
    temp.unlink(missing_ok=True)
    link(src, temp)
    os.replace(temp, dst)


def cached_sum(path) -> str:
    """sha256 of a large file, kept beside it: the file is never changed in place."""
    note = Path(str(path) + ".sha256")
    if note.exists() and note.stat().st_mtime >= os.stat(path).st_mtime:
        return note.read_text().strip()
    digest = sha256_file(path).split(":")[1]
    note.write_text(digest + "\n")
    return digest


def engine_entry(image: dict, archive: str) -> dict:
    return {"name": image["name"], "tag": image["tag"], "archive": archive, "id": image["id"],
            "origin": image["origin"], "note": image["note"]}


def write(a) -> None:
    out = Path(a.out)
    blobs = out / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)
    images = sorted((read_image(f) for f in a.image), key=lambda i: i["name"])
    sums, wanted = {}, set()
    for folder in a.image:
        for blob in Path(folder, "blobs").iterdir():
            link(blob, blobs / blob.name)
            wanted.add(blob.name)
    entries, keep = {}, set()
    for kind, folder, file in (("nodeImage", a.node, "kindnode.tar"), ("registryImage", a.registry, "registry.tar")):
        archive = Path(folder, "archive.tar")
        place(archive, out / "engine" / file)
        sums[f"engine/{file}"] = cached_sum(archive)
        keep.add(f"engine/{file}")
        entries[kind] = engine_entry(read_image(folder), f"engine/{file}")
    tools = []
    for spec in a.tool:
        name, version, path = spec.split("=", 2)
        place(path, out / "tools" / name)
        sums[f"tools/{name}"] = cached_sum(path)
        keep.add(f"tools/{name}")
        tools.append({"name": name, "version": version, "path": f"tools/{name}", "sha256": sums[f"tools/{name}"]})
    lock = {
        "apiVersion": "labctl.dev/v1", "kind": "Bundle", "name": a.name, "created": CREATED,
        "platform": "linux/amd64", "kubernetes": a.kubernetes, **entries,
        "images": [{k: i[k] for k in ("name", "tag", "digest", "size", "origin", "note")} for i in images],
        "tools": tools,
    }
    files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": index_json(images),
             "bundle.json": (json.dumps(lock, indent=2) + "\n").encode()}
    for name in ("index.json", "bundle.json"):
        sums[name] = sha256(files[name]).split(":")[1]
    files["SHA256SUMS"] = "".join(f"{sums[n]}  {n}\n" for n in sorted(sums)).encode()
    for name, data in files.items():
        temp = out / f".{name}.new"
        temp.write_bytes(data)
        os.replace(temp, out / name)
    # only now, when all is written, go the files of an earlier bundle in this folder
    stale = [b for b in blobs.iterdir() if b.name not in wanted]
    stale += [f for d in ("engine", "tools") for f in (out / d).iterdir() if f"{d}/{f.name}" not in keep]
    for path in stale:
        path.unlink()
    total = sum(i["size"] for i in images)
    print(f"{out}: {len(images)} images, {total / 1e6:.0f} MB in layers, {len(tools)} tools")


# --- check ---------------------------------------------------------------------

def check_blob(root: Path, descriptor: dict, problems: list) -> Path | None:
    """The blob's path when it is what the descriptor says."""
    path = root / "blobs" / "sha256" / descriptor["digest"].split(":")[1]
    if not path.is_file():
        problems.append(f"blob {descriptor['digest']} is missing")
    elif path.stat().st_size != descriptor["size"]:
        problems.append(f"blob {descriptor['digest']} has size {path.stat().st_size}, not {descriptor['size']}")
    elif sha256_file(path) != descriptor["digest"]:
        problems.append(f"blob {descriptor['digest']} has other content")
    else:
        return path
    return None


def check_archive(root: Path, entry: dict, problems: list) -> None:
    with tarfile.open(root / entry["archive"]) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))[0]
        config = tar.extractfile(manifest["Config"]).read()
    if sha256(config) != entry["id"]:
        problems.append(f"{entry['archive']}: id is {sha256(config)}, bundle.json says {entry['id']}")
    if manifest["RepoTags"] != [f"{entry['name']}:{entry['tag']}"]:
        problems.append(f"{entry['archive']}: is tagged {manifest['RepoTags']}")


def check_image(root: Path, image: dict, refs: dict, problems: list) -> None:
    ref = f"{image['name']}:{image['tag']}"
    found = refs.get(ref)
    if not found or found["digest"] != image["digest"]:
        problems.append(f"{ref}: index.json does not name {image['digest']}")
        return
    path = check_blob(root, found, problems)
    if path is None:
        return
    manifest = json.loads(path.read_text())
    for layer in manifest["layers"]:
        check_blob(root, layer, problems)
    path = check_blob(root, manifest["config"], problems)
    if path is None:
        return
    config = json.loads(path.read_text())
    if sum(l["size"] for l in manifest["layers"]) != image["size"]:
        problems.append(f"{ref}: size in bundle.json is not the sum of its layers")
    if len(config["rootfs"]["diff_ids"]) != len(manifest["layers"]):
        problems.append(f"{ref}: config and manifest disagree on the number of layers")
    if image["origin"] not in ORIGINS:
        problems.append(f"{ref}: unknown origin {image['origin']}")
    if config["config"].get("Labels", {}).get("dev.labctl.origin") != image["origin"]:
        problems.append(f"{ref}: label dev.labctl.origin is not {image['origin']}")


def check(folder: str) -> list:
    root, problems = Path(folder), []
    lock = json.loads((root / "bundle.json").read_text())
    index = json.loads((root / "index.json").read_text())
    for line in (root / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ", 1)
        if sha256_file(root / name) != "sha256:" + digest:
            problems.append(f"{name}: checksum differs")
    if json.loads((root / "oci-layout").read_text()) != {"imageLayoutVersion": "1.0.0"}:
        problems.append("oci-layout: not version 1.0.0")
    refs = {d["annotations"]["org.opencontainers.image.ref.name"]: d for d in index["manifests"]}
    if any(d["mediaType"] != MANIFEST for d in index["manifests"]):
        problems.append("index.json: a descriptor is not an image manifest")
    for image in lock["images"]:
        check_image(root, image, refs, problems)
    if len(refs) != len(lock["images"]):
        problems.append("index.json and bundle.json do not name the same images")
    for kind in ("nodeImage", "registryImage"):
        check_archive(root, lock[kind], problems)
    for tool in lock["tools"]:
        if not os.access(root / tool["path"], os.X_OK):
            problems.append(f"{tool['path']}: not executable")
    return problems


def main(argv) -> None:
    parser = argparse.ArgumentParser(prog="bundle.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    sub = parser.add_subparsers(dest="command", required=True)
    p = sub.add_parser("write")
    for name in ("--out", "--name", "--kubernetes", "--node", "--registry"):
        p.add_argument(name, required=True)
    p.add_argument("--image", action="append", default=[])
    p.add_argument("--tool", action="append", default=[])
    p = sub.add_parser("check")
    p.add_argument("folder")
    a = parser.parse_args(argv)
    if a.command == "write":
        return write(a)
    problems = check(a.folder)
    for problem in problems:
        print("bundle.py:", problem, file=sys.stderr)
    print(f"{a.folder}: {'sound' if not problems else str(len(problems)) + ' problems'}")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
