"""Tests of oci.py and bundle.py: layouts are valid, digests match, the same input gives the same bytes."""
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest
from contextlib import redirect_stdout
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import bundle
import oci


def quiet(function, *args):
    with redirect_stdout(io.StringIO()) as said:
        function(*args)
    return said.getvalue().strip()


def tree(folder: Path) -> Path:
    (folder / "usr/bin").mkdir(parents=True)
    (folder / "usr/bin/tool").write_text("#!/bin/sh\necho hi\n")
    (folder / "usr/bin/tool").chmod(0o755)
    os.link(folder / "usr/bin/tool", folder / "usr/bin/twin")
    (folder / "bin").symlink_to("usr/bin")
    (folder / "tmp").mkdir()
    (folder / "tmp").chmod(0o1777)
    return folder


def image(out: Path, source, *options) -> str:
    return quiet(oci.main, ["image", "--out", str(out), "--name", "docker.io/some/tool", "--tag", "1.0", "--origin", "modules",
                            "--config", '{"Entrypoint":["/bin/tool"],"User":"65534"}', *options, str(source)])


def digest(path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


class Base(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = Path(self.folder.name)


class Layers(Base):
    def test_same_tree_at_another_time_and_place_gives_the_same_layer(self):
        first = oci.make_layer(tree(self.root / "a"), str(self.root / "one"), plain=True)
        time.sleep(0.01)
        second = oci.make_layer(tree(self.root / "b"), str(self.root / "two"), plain=True)
        self.assertEqual(first["digest"], second["digest"])

    def test_modes_links_and_times(self):
        facts = oci.make_layer(tree(self.root / "a"), str(self.root / "one"), plain=True)
        with tarfile.open(facts["path"]) as tar:
            found = {m.name: m for m in tar}
        self.assertEqual(sorted(found), ["bin", "tmp", "usr", "usr/bin", "usr/bin/tool", "usr/bin/twin"])
        self.assertEqual(found["tmp"].mode, 0o1777)
        self.assertEqual(found["usr/bin/tool"].mode, 0o755)
        self.assertTrue(found["usr/bin/twin"].islnk())
        self.assertTrue(found["bin"].issym())
        self.assertEqual({m.mtime for m in found.values()}, {oci.EPOCH})

    def test_packed_layer_names_the_digest_of_its_content(self):
        plain = oci.make_layer(tree(self.root / "a"), str(self.root / "one"), plain=True)
        packed = oci.make_layer(tree(self.root / "b"), str(self.root / "two"), plain=False)
        self.assertEqual(packed["diffId"], plain["digest"])
        self.assertEqual(packed["digest"], "sha256:" + digest(packed["path"]))
        raw = subprocess.run(["zstd", "-dqc", packed["path"]], check=True, capture_output=True).stdout
        self.assertEqual("sha256:" + hashlib.sha256(raw).hexdigest(), packed["diffId"])

    def test_a_fifo_is_left_out(self):
        folder = tree(self.root / "a")
        os.mkfifo(folder / "pipe")
        facts = oci.make_layer(folder, str(self.root / "one"), plain=True)
        with tarfile.open(facts["path"]) as tar:
            self.assertNotIn("pipe", tar.getnames())


class Images(Base):
    def test_blobs_are_named_by_their_digest_and_linked_up(self):
        manifest_digest = image(self.root / "i", tree(self.root / "a"))
        blobs = self.root / "i/blobs"
        for blob in blobs.iterdir():
            self.assertEqual(digest(blob), blob.name)
        manifest = json.loads((blobs / manifest_digest[7:]).read_text())
        config = json.loads((blobs / manifest["config"]["digest"][7:]).read_text())
        self.assertEqual(config["config"]["Labels"], {"dev.labctl.origin": "modules"})
        self.assertEqual(config["config"]["User"], "65534")
        self.assertTrue(config["config"]["Env"][0].startswith("PATH="))
        self.assertEqual(len(config["rootfs"]["diff_ids"]), len(manifest["layers"]))

    def test_a_shared_layer_is_taken_as_it_is(self):
        facts = oci.make_layer(tree(self.root / "a"), str(self.root / "base"), plain=False)
        image(self.root / "i", self.root / "base.json")
        self.assertTrue((self.root / "i/blobs" / facts["digest"][7:]).exists())

    def test_archive_has_the_config_as_its_id(self):
        image(self.root / "i", tree(self.root / "a"), "--plain")
        said = quiet(oci.main, ["archive", str(self.root / "a.tar"), str(self.root / "i")])
        with tarfile.open(self.root / "a.tar") as tar:
            entry = json.load(tar.extractfile("manifest.json"))[0]
            config = tar.extractfile(entry["Config"]).read()
            layer = tar.extractfile(entry["Layers"][0]).read()
        self.assertEqual(said, "sha256:" + hashlib.sha256(config).hexdigest())
        self.assertEqual(json.loads(config)["rootfs"]["diff_ids"], ["sha256:" + hashlib.sha256(layer).hexdigest()])

    def test_archive_refuses_packed_layers(self):
        image(self.root / "i", tree(self.root / "a"))
        with self.assertRaises(SystemExit):
            oci.write_archive(str(self.root / "a.tar"), str(self.root / "i"))

    def test_layout_tar_names_images_for_containerd(self):
        image(self.root / "i", tree(self.root / "a"))
        oci.write_layout_tar(str(self.root / "l.tar"), [str(self.root / "i")])
        with tarfile.open(self.root / "l.tar") as tar:
            index = json.load(tar.extractfile("index.json"))
            self.assertIn("blobs/sha256/" + index["manifests"][0]["digest"][7:], tar.getnames())
        self.assertEqual(index["manifests"][0]["annotations"]["io.containerd.image.name"], "docker.io/some/tool:1.0")


class Bundles(Base):
    def setUp(self):
        super().setUp()
        image(self.root / "i", tree(self.root / "a"))
        for name in ("node", "registry"):
            image(self.root / name, tree(self.root / (name + "-tree")), "--plain")
            oci.write_archive(str(self.root / name / "archive.tar"), str(self.root / name))
        (self.root / "kind").write_text("x")
        (self.root / "kind").chmod(0o755)
        self.write("b")

    def write(self, out):
        quiet(bundle.main, ["write", "--out", str(self.root / out), "--name", "t", "--kubernetes", "1.34.4",
                            "--node", str(self.root / "node"), "--registry", str(self.root / "registry"),
                            "--image", str(self.root / "i"), "--tool", f"kind=0.33.0={self.root}/kind"])

    def test_sound(self):
        self.assertEqual(bundle.check(self.root / "b"), [])
        done = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=self.root / "b", capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_written_twice_is_the_same(self):
        before = {p: digest(p) for p in (self.root / "b").rglob("*") if p.is_file()}
        self.write("b")
        self.assertEqual(before, {p: digest(p) for p in (self.root / "b").rglob("*") if p.is_file()})

    def test_what_an_older_bundle_left_is_removed(self):
        (self.root / "b/blobs/sha256/old").write_text("x")
        (self.root / "b/tools/old").write_text("x")
        self.write("b")
        self.assertFalse((self.root / "b/blobs/sha256/old").exists() or (self.root / "b/tools/old").exists())

    def test_a_changed_blob_is_found(self):
        blob = max((self.root / "b/blobs/sha256").iterdir(), key=lambda p: p.stat().st_size)
        data = blob.read_bytes()
        blob.unlink()  # a link: the original stays whole
        blob.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        self.assertTrue(any("other content" in p for p in bundle.check(self.root / "b")))

    def test_a_missing_blob_and_a_changed_lock_are_found(self):
        max((self.root / "b/blobs/sha256").iterdir(), key=lambda p: p.stat().st_size).unlink()
        lock = self.root / "b/bundle.json"
        text = lock.read_text()
        lock.unlink()
        lock.write_text(text + " ")
        problems = bundle.check(self.root / "b")
        self.assertTrue(any("missing" in p for p in problems))
        self.assertIn("bundle.json: checksum differs", problems)


if __name__ == "__main__":
    unittest.main()
