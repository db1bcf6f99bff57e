"""Damaged archives and random texts end in the errors that callers expect, never in others."""

import gzip
import io
import random
import string
import tarfile
from typing import Any

import pytest

from steersman.core.chart.errors import ChartError
from steersman.core.chart.loader import load_archive
from steersman.core.chart.patterns import compile_glob, compile_match

FILES = {
    "app/Chart.yaml": b"apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies: [{name: a, version: 1.x}]\n",
    "app/values.yaml": b"a: 1\nb: {c: [1, 2]}\n",
    "app/templates/x.yaml": b"kind: {{ .Values.a }}\n",
    "app/charts/a/Chart.yaml": b"name: a\nversion: 1.0.0\n",
}


def plain_tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in FILES.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def damaged(data: bytes, source: random.Random, count: int) -> bytes:
    changed = bytearray(data)
    for _ in range(count):
        changed[source.randrange(len(changed))] = source.randrange(256)
    return bytes(changed)


def resealed(data: bytes) -> bytes:
    """With right header checksums, so that damage gets past the first check."""
    blocks = [bytearray(data[start : start + 512]) for start in range(0, len(data), 512)]
    for block in blocks:
        if block[257:262] == b"ustar":
            block[148:156] = b" " * 8
            block[148:156] = b"%06o\0 " % sum(block)
    return b"".join(blocks)


@pytest.mark.parametrize("seed", range(4))
def test_damaged_archives(seed: int) -> None:
    source, tar = random.Random(seed), plain_tar()
    for _ in range(40):
        whole = gzip.compress(resealed(damaged(tar, source, source.randint(1, 40))), 1)
        for data in (whole, damaged(whole, source, 3), whole[: source.randrange(len(whole))]):
            _expect(ChartError, lambda data=data: load_archive(data))


def test_a_broken_header_is_not_the_end() -> None:
    tar = bytearray(plain_tar())
    tar[1024 + 148] ^= 1
    with pytest.raises(ChartError, match="invalid tar header"):
        load_archive(gzip.compress(bytes(tar)))


def test_random_patterns() -> None:
    source = random.Random(1)
    for _ in range(500):
        text = "".join(source.choices("ab/*?[]{}^!-,\\é", k=source.randint(0, 12)))
        _expect(ChartError, lambda text=text: compile_match(text))
        _expect(ChartError, lambda text=text: compile_glob(text)("a/b" + string.ascii_lowercase))


def _expect(kind: type[Exception], call: Any) -> None:
    try:
        call()
    except kind:
        pass
