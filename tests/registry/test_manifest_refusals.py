"""Every way in which a manifest is refused, twenty times each: in other surroundings, the same verdict in its words.

The registry serves what the class makes of a good manifest, under its right digest unless the class is about that.
Whatever it is, no blob is asked for and no chart is had.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from random import Random
from typing import Any

import pytest
from registry.conftest import PLAIN
from registry.scripted import CHART, REPOSITORY, Reply, ScriptedServer, sha256, stored

from steersman.errors import SourceError
from steersman.registry.access import Limits
from steersman.registry.cache import ChartCache
from steersman.registry.errors import DigestMismatch, NotAChart, TooLarge
from steersman.registry.manifest import CONFIG_TYPE, CONTENT_TYPE, INDEX_TYPE, MANIFEST_TYPE, PROVENANCE_TYPE
from steersman.registry.reach import Reach
from steersman.registry.source import Charts, ChartSources

SEEDS = range(20)
LIMITS = Limits(connect_seconds=2, read_seconds=2, total_seconds=5, manifest_bytes=65_536, chart_bytes=100_000)
Document = dict[str, Any]


@pytest.fixture
async def source(cache: ChartCache) -> AsyncIterator[Charts]:
    sources = ChartSources(cache, limits=LIMITS, reach=Reach(local=True))
    yield sources.source(PLAIN)
    await sources.close()


def descriptor(random: Random, media_type: str, digest: str = "", size: int | None = None) -> Document:
    made = {
        "mediaType": media_type,
        "digest": digest or f"sha256:{random.randbytes(32).hex()}",
        "size": random.randint(1, 50_000) if size is None else size,
    }
    if random.random() < 0.3:
        made["annotations"] = {"org.opencontainers.image.title": f"file-{random.randint(0, 99)}"}
    return made


def good(random: Random) -> Document:
    """The manifest of a chart as any tool might write it."""
    layers = [descriptor(random, CONTENT_TYPE, sha256(CHART), len(CHART))]
    if random.random() < 0.5:
        layers.append(descriptor(random, PROVENANCE_TYPE))
    layers += [descriptor(random, f"application/x-{n}") for n in range(random.randint(0, 3))]
    random.shuffle(layers)
    document: Document = {
        "schemaVersion": 2,
        "config": descriptor(random, CONFIG_TYPE),
        "layers": layers,
        "annotations": {f"key-{n}": random.randbytes(8).hex() for n in range(random.randint(0, 4))},
    }
    if random.random() < 0.8:
        document["mediaType"] = MANIFEST_TYPE
    names = list(document)
    random.shuffle(names)
    return {name: document[name] for name in names}


def written(random: Random, document: Document) -> bytes:
    return json.dumps(document, indent=random.choice([None, 1, 3])).encode()


def chart_layer(document: Document) -> Document:
    layer: Document = next(layer for layer in document["layers"] if layer["mediaType"] == CONTENT_TYPE)
    return layer


def changed(change: Callable[[Random, Document], object]) -> Callable[[Random], bytes]:
    """The bytes of a good manifest to which this was done."""

    def make(random: Random) -> bytes:
        document = good(random)
        change(random, document)
        return written(random, document)

    return make


def in_layer(name: str, choose: Callable[[Random], object]) -> Callable[[Random], bytes]:
    return changed(lambda random, document: chart_layer(document).update({name: choose(random)}))


def cut(random: Random) -> bytes:
    data = written(random, good(random)).rstrip()
    return data[: random.randrange(len(data))]


def garbled(random: Random) -> bytes:
    data = bytearray(written(random, good(random)))
    data[random.randrange(len(data))] = random.choice(b"\x00\x01\xff\xfe")
    return bytes(data)


def nested(random: Random) -> bytes:
    depth = random.randint(2000, 20_000)
    return b'{"config": ' + b"[" * depth + b"]" * depth + b"}"


def index(random: Random, count: int, **more: object) -> bytes:
    listed = [descriptor(random, MANIFEST_TYPE) | more for _ in range(count)]
    return written(random, {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": listed})


def not_a_digest(random: Random) -> str:
    digest = random.randbytes(32).hex()
    wrong = ["", digest, f"sha256:{digest[:-1]}", f"sha256:{digest}0", f"SHA256:{digest}", f"sha512:{digest}{digest}"]
    return random.choice([*wrong, f"sha256:{digest[:-1]}g", f"sha256:../{digest}", f"sha256:{digest}\n"])


CLASSES: dict[str, tuple[Callable[[Random], bytes], type[SourceError], str]] = {
    "cut": (cut, NotAChart, "cannot be read"),
    "garbled": (garbled, NotAChart, "cannot be read"),
    "not-json": (lambda random: random.randbytes(random.randint(1, 2000)), NotAChart, "cannot be read"),
    "empty": (lambda random: b" " * random.randint(0, 50), NotAChart, "cannot be read"),
    "nested": (nested, NotAChart, "cannot be read"),
    "no-object": (lambda random: json.dumps(random.choice([[], 1, "x", None, True])).encode(), NotAChart, "be read"),
    "no-config": (changed(lambda _, document: document.pop("config")), NotAChart, "cannot be read"),
    "no-layers": (changed(lambda _, document: document.pop("layers")), NotAChart, "cannot be read"),
    "layers-of-no-kind": (
        changed(lambda random, document: document.update(layers=random.choice([{}, "x", 3, [1], [[]], [None]]))),
        NotAChart, "cannot be read",
    ),
    "another-config": (
        changed(lambda random, document: document["config"].update(mediaType=f"application/x-{random.random()}")),
        NotAChart, "config is not that of a chart",
    ),
    "no-chart-layer": (in_layer("mediaType", lambda random: f"text/x-{random.random()}"), NotAChart, "no chart layer"),
    "no-layer": (changed(lambda _, document: document["layers"].clear()), NotAChart, "no chart layer"),
    "two-charts": (
        changed(lambda random, document: document["layers"].insert(0, descriptor(random, CONTENT_TYPE))),
        NotAChart, "2 layers of one kind",
    ),
    "two-provenances": (
        changed(lambda random, document: document["layers"].extend([descriptor(random, PROVENANCE_TYPE)] * 2)),
        NotAChart, "layers of one kind",
    ),
    "no-digest": (in_layer("digest", not_a_digest), NotAChart, "no valid digest"),
    "negative-size": (in_layer("size", lambda random: -random.randint(1, 10**9)), NotAChart, "no valid digest or size"),
    "size-of-no-kind": (
        in_layer("size", lambda random: random.choice(["9", 1.5, None, [], {}])), NotAChart, "cannot be read"
    ),
    "too-large": (in_layer("size", lambda random: random.randint(10**6, 10**30)), TooLarge, "the chart"),
    "empty-index": (lambda random: index(random, 0), NotAChart, "index has no chart"),
    "long-index": (lambda random: index(random, random.randint(33, 60)), NotAChart, "index of [0-9]+ manifests"),
    "index-of-no-kind": (
        lambda random: written(random, {"mediaType": INDEX_TYPE, "manifests": random.choice([{}, "x", 3, [1]])}),
        NotAChart, "cannot be read",
    ),
    "index-without-digests": (
        lambda random: index(random, random.randint(1, 9), digest=not_a_digest(random)), NotAChart, "valid digest"
    ),
    "index-of-indexes": (
        lambda random: index(random, random.randint(1, 9), mediaType=INDEX_TYPE), NotAChart, "index has no chart"
    ),
    "too-many-bytes": (lambda random: written(random, good(random)) + b" " * 70_000, TooLarge, "the manifest"),
}  # fmt: skip


@pytest.mark.parametrize("name", CLASSES)
async def test_each_class_is_refused_in_its_words(name: str, server: ScriptedServer, source: Charts) -> None:
    make, error, words = CLASSES[name]
    for seed in SEEDS:
        data = make(Random(f"{name} {seed}"))
        server.script = stored(data)
        server.requests.clear()
        with pytest.raises(error, match=words):
            await source.fetch(server.url, sha256(data))
        assert set(server.paths()) <= {f"GET /v2/{REPOSITORY}/manifests/{sha256(data)}"}, seed
        assert await _kept(source, server.url, sha256(data)) is None


async def test_other_bytes_than_the_pinned_ones(server: ScriptedServer, source: Charts) -> None:
    for seed in SEEDS:
        random = Random(seed)
        data = written(random, good(random))
        other = bytearray(data)
        other[random.randrange(len(other))] ^= 1 << random.randrange(8)
        server.script = lambda request, other=bytes(other): Reply(200, other)
        server.requests.clear()
        with pytest.raises(DigestMismatch, match=f"is {sha256(bytes(other))}, wanted {sha256(data)}"):
            await source.fetch(server.url, sha256(data))
        assert len(server.requests) == 1


async def test_without_a_fault_they_are_charts(server: ScriptedServer, source: Charts) -> None:
    for seed in SEEDS:
        random = Random(seed)
        data = written(random, good(random))
        server.script = stored(data)
        assert await source.fetch(server.url, sha256(data)) == CHART


async def _kept(source: Charts, url: str, digest: str) -> bytes | None:
    try:
        return await source.kept(url, digest)
    except NotAChart:  # its bytes are kept, since they are what their digest says; they are still no chart
        return None
