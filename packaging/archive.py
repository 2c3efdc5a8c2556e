"""Image archives without a container engine: reads what `docker save` writes, adds a layer, writes for `docker load`.

It reads both layouts: docker-archive (manifest.json) and OCI (index.json). It writes an OCI layout that also has a
manifest.json, as newer engines do, so that old and new ones can load it. Existing layers are copied unchanged.
"""

import copy
import hashlib
import io
import json
import tarfile

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
# The magic bytes of compressed layers.
COMPRESSIONS = ((b"\x1f\x8b", "+gzip"), (b"\x28\xb5\x2f\xfd", "+zstd"))


class Unfit(Exception):
    """The archive cannot be used; the text says why."""


class Image:
    """A configuration and layers, lowest first. Each layer is a function that opens it."""

    def __init__(self, config, layers):
        self.config, self.layers = config, layers
        if (config.get("os"), config.get("architecture")) != ("linux", "amd64"):
            raise Unfit(
                "the base is for %s/%s, but the executable is for linux/amd64"
                % (config.get("os"), config.get("architecture"))
            )
        if len(layers) != len(config["rootfs"]["diff_ids"]):
            raise Unfit(
                "the base has %d layers, but its configuration lists %d"
                % (len(layers), len(config["rootfs"]["diff_ids"]))
            )

    def with_layer(self, layer, comment, labels):
        """The image with another, uncompressed layer."""
        config = copy.deepcopy(self.config)
        config["rootfs"]["diff_ids"].append(digest(io.BytesIO(layer))[0])
        history = {"created_by": "packaging/image.py", "comment": comment}
        if "created" in config:
            history["created"] = config["created"]
        config.setdefault("history", []).append(history)
        settings = config.get("config") or {}
        settings["Labels"] = dict(settings.get("Labels") or {}, **labels)
        config["config"] = settings
        return Image(config, self.layers + [lambda: io.BytesIO(layer)])


def digest(file):
    """A file's digest and size."""
    sha256, size = hashlib.sha256(), 0
    for part in iter(lambda: file.read(1 << 20), b""):
        sha256.update(part)
        size += len(part)
    return "sha256:" + sha256.hexdigest(), size


def read(archive):
    """The only linux/amd64 image in an open tar archive."""
    names = set(archive.getnames())
    if "index.json" in names:
        return _read_oci(archive)
    if "manifest.json" in names:
        return _read_docker(archive)
    raise Unfit("the base is not an image archive: it has neither index.json nor manifest.json")


def _opened(archive, name):
    try:
        file = archive.extractfile(name)
    except KeyError:
        file = None
    if file is None:
        raise Unfit("the base does not contain the file %s" % name)
    return file


def _read_docker(archive):
    images = json.load(_opened(archive, "manifest.json"))
    if len(images) != 1:
        raise Unfit("the base contains %d images: save only one" % len(images))
    config = json.load(_opened(archive, images[0]["Config"]))
    # A layer can be a link to another one.
    return Image(config, [lambda name=name: _opened(archive, name) for name in images[0]["Layers"]])


def _blob(archive, descriptor):
    """A blob whose digest was verified."""
    name = "blobs/" + descriptor["digest"].replace(":", "/")
    if digest(_opened(archive, name)) != (descriptor["digest"], descriptor["size"]):
        raise Unfit("the base is damaged: %s does not have the digest in its name" % name)
    return _opened(archive, name)


def _read_oci(archive):
    index = json.load(_opened(archive, "index.json"))
    while True:
        fitting = [
            one
            for one in index["manifests"]
            if one.get("platform", {}).get("architecture", "amd64") == "amd64"
            and one.get("platform", {}).get("os", "linux") == "linux"
        ]
        if len(fitting) != 1:
            raise Unfit("the base contains %d images for linux/amd64: save only one" % len(fitting))
        document = json.load(_blob(archive, fitting[0]))
        if "manifests" not in document:
            break
        index = document
    config = json.load(_blob(archive, document["config"]))
    return Image(config, [lambda one=one: _blob(archive, one) for one in document["layers"]])


def _media_type(file):
    start = file.read(4)
    return LAYER + next((suffix for magic, suffix in COMPRESSIONS if start.startswith(magic)), "")


def layer_of(files):
    """An uncompressed layer of files, given by path and contents: owned by root, executable by everyone."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, data in files:
            entry = tarfile.TarInfo(path)
            entry.mode, entry.size = 0o755, len(data)
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def _add(tar, name, file, size):
    entry = tarfile.TarInfo(name)
    entry.mode, entry.size = 0o644, size
    tar.addfile(entry, file)


def write(image, reference, path):
    """Writes the image as an archive. Once loaded, it is called `reference` (name:tag)."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        written = set()

        def blob(media_type, open_it):
            name, size = digest(open_it())
            if name not in written:
                _add(tar, "blobs/" + name.replace(":", "/"), open_it(), size)
                written.add(name)
            return {"mediaType": media_type, "digest": name, "size": size}

        def document(media_type, value):
            data = json.dumps(value, indent=1).encode()
            return blob(media_type, lambda: io.BytesIO(data))

        layers = [blob(_media_type(layer()), layer) for layer in image.layers]
        config = document(CONFIG, image.config)
        manifest = document(MANIFEST, {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers})
        manifest["platform"] = {"os": "linux", "architecture": "amd64"}
        manifest["annotations"] = {
            "io.containerd.image.name": reference,
            "org.opencontainers.image.ref.name": reference.rsplit(":", 1)[1],
        }
        tops = {
            "oci-layout": {"imageLayoutVersion": "1.0.0"},
            "index.json": {"schemaVersion": 2, "mediaType": INDEX, "manifests": [manifest]},
            "manifest.json": [
                {
                    "Config": "blobs/" + config["digest"].replace(":", "/"),
                    "RepoTags": [reference],
                    "Layers": ["blobs/" + layer["digest"].replace(":", "/") for layer in layers],
                }
            ],
        }
        for name, value in tops.items():
            data = json.dumps(value).encode()
            _add(tar, name, io.BytesIO(data), len(data))
