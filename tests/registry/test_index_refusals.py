"""Every way in which an index is refused, twenty times each: at another place, with other charts, the same verdict.

What is refused is refused in the words for it, and whatever happens to the bytes of an index, nothing but our own
errors comes out: by the fast way or by the exact one, here or in the process that reads large ones.
"""

from __future__ import annotations

import gzip
import json
import signal
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random

import pytest

from steersman.core.chart.index import Index
from steersman.core.chart.indexfile import EXACT_BYTES, IndexTooLarge, InvalidIndex, index_from_bytes
from steersman.registry.errors import UnreadableIndex
from steersman.registry.indexing import IndexLimits, IndexReader

SEEDS = range(20)
WORDS = (b"", b"\n", b"  ", b": ", b"- ", b"'", b"&a ", b"*a", b"|", b"{", b"\xff")


@dataclass
class Draft:
    """An index in lines, of a seed: some charts with some versions."""

    random: Random
    lines: list[str]

    @classmethod
    def of(cls, seed: int) -> Draft:
        random = Random(seed)
        lines = ["apiVersion: v1", "entries:"]
        for chart in range(random.randint(1, 5)):
            lines.append(f"  chart-{chart}:")
            for patch in range(random.randint(1, 6)):
                version = f"{random.randint(0, 3)}.{random.randint(0, 20)}.{patch}"
                lines += [
                    "  - apiVersion: v2",
                    f"    appVersion: \"{random.random()}\"",
                    f"    created: \"2026-01-{random.randint(10, 28)}T10:00:00.{random.randint(1, 10**9)}Z\"",
                    f"    description: {random.choice(['Serves pages', 'A chart: quoted', '# of things'])!r}",
                    f"    digest: {random.randbytes(32).hex()}x",
                    "    keywords:",
                    "    - web",
                    f"    name: chart-{chart}",
                    "    urls:",
                    f"    - chart-{chart}-{version}.tgz",
                    f"    version: {version}",
                ]  # fmt: skip
        lines.append('generated: "2026-11-29T10:00:00Z"')
        return cls(random, lines)

    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    def at(self, start: str) -> int:
        """The number of a line that starts so."""
        return self.random.choice([n for n, line in enumerate(self.lines) if line.startswith(start)])

    def insert(self, start: str, *lines: str) -> str:
        """With more lines behind one that starts so."""
        at = self.at(start) + 1
        self.lines[at:at] = lines
        return self.text()

    def replace(self, start: str, line: str) -> str:
        """With another line for one that starts so."""
        self.lines[self.at(start)] = line
        return self.text()


def _cut_in_quotes(draft: Draft) -> str:
    text = draft.text()
    at = draft.random.choice([n for n, char in enumerate(text) if char == '"' and text[n - 1] == " "])
    return text[: at + draft.random.randint(1, 4)]


def _bomb(draft: Draft) -> str:
    levels = draft.random.randint(9, 20)
    width = draft.random.randint(9, 12)
    lines = ["b0: &b0 [x]"]
    lines += [f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * width)}]" for n in range(1, levels)]
    return draft.insert("apiVersion: v1", *lines)


Spoil = Callable[[Draft], str]


def more(start: str, line: str) -> Spoil:
    return lambda draft: draft.insert(start, line)


def other(start: str, line: str) -> Spoil:
    return lambda draft: draft.replace(start, line)


def _nested(draft: Draft) -> str:
    return draft.insert("apiVersion: v1", "annotations: " + "[" * draft.random.randint(250, 2000))


def _html(draft: Draft) -> str:
    return f"<html>\n<body>{draft.random.random()}</body>\n</html>\n"


def _json_number(draft: Draft) -> str:
    return json.dumps({"apiVersion": "v1", "entries": {"a": [{"version": draft.random.randint(1, 9)}]}})


UNKNOWN = 'unknown field "colour"'
REFUSALS: list[object] = [
    pytest.param(other("apiVersion: v1", "#"), "no API version specified", id="no-api-version"),
    pytest.param(more("    name: ", "    name: other"), "already set in map", id="key-twice"),
    pytest.param(more("  - apiVersion", "    colour: red"), UNKNOWN, id="unknown-field"),
    pytest.param(more("apiVersion: v1", "colour: red"), UNKNOWN, id="unknown-field-of-the-index"),
    pytest.param(other("    urls:", "    urls: {}\n    sources:"), "cannot unmarshal object", id="map-for-list"),
    pytest.param(other("    name: ", "    name: [a]"), "cannot unmarshal array", id="list-for-text"),
    pytest.param(other("    created: ", "    created: soon"), "parsing time", id="no-time"),
    pytest.param(other("    created: ", '    created: "2026-02-30T10:00:00Z"'), "day out of range", id="no-day"),
    pytest.param(other("  chart-0:", "  chart-0: text\n  c:"), "cannot unmarshal string", id="text-for-versions"),
    pytest.param(other("    version: ", "    version: *none"), "unknown anchor", id="no-anchor"),
    pytest.param(other("    keywords:", "    keywords"), "could not find expected ':'", id="no-colon"),
    pytest.param(more("    urls:", "\t- x"), "cannot start any token", id="tab"),
    pytest.param(_cut_in_quotes, "unexpected end of stream", id="cut"),
    pytest.param(_bomb, "excessive aliasing", id="aliases"),
    pytest.param(_nested, "max depth", id="nesting"),
    pytest.param(_html, "cannot unmarshal string", id="html"),
    pytest.param(lambda draft: "\x1f" + draft.text(), "control characters", id="control-character"),
    pytest.param(lambda draft: f"[{draft.random.random()}]", "cannot unmarshal array", id="json-list"),
    pytest.param(_json_number, "cannot unmarshal number", id="json-number"),
]


@pytest.mark.parametrize(("spoil", "words"), REFUSALS)
def test_each_class_is_refused_in_its_words(spoil: Spoil, words: str) -> None:
    for seed in SEEDS:
        text = spoil(Draft.of(seed))
        with pytest.raises(InvalidIndex) as caught:
            index_from_bytes(text.encode())
        assert words in caught.value.message, (seed, text)


def test_a_compressed_index_is_none() -> None:
    for seed in SEEDS:
        with pytest.raises(InvalidIndex, match=r"invalid|control characters"):
            index_from_bytes(gzip.compress(Draft.of(seed).text().encode(), mtime=seed))


def test_the_drafts_are_read_before_they_are_spoilt() -> None:
    for seed in SEEDS:
        index = index_from_bytes(Draft.of(seed).text().encode())
        assert sum(len(index.versions(name)) for name in index) >= 1
        assert index.skipped == ()


def test_whatever_happens_to_its_bytes() -> None:
    for seed in SEEDS:
        draft = Draft.of(seed)
        for _ in range(20):
            data = bytearray(draft.text().encode())
            for _ in range(draft.random.randint(1, 5)):
                at = draft.random.randrange(len(data))
                data[at : at + draft.random.choice([0, 1, 1, 30])] = draft.random.choice(
                    [
                        draft.random.randbytes(1),
                        b"",
                        b"\n",
                        b"  ",
                        b": ",
                        b"- ",
                        b"'",
                        b"&a ",
                        b"*a",
                        b"|",
                        b"{",
                        b"\xff",
                    ]
                )
            try:
                assert isinstance(index_from_bytes(bytes(data)), Index)
            except (InvalidIndex, IndexTooLarge) as error:
                assert error.message


LARGE: list[object] = [
    pytest.param(more("    name: ", "    name: other"), "already set in map", id="key-twice"),
    pytest.param(more("  - apiVersion", "    colour: red"), UNKNOWN, id="unknown-field"),
    pytest.param(_bomb, "anchors, aliases and tags are not read", id="aliases"),
    pytest.param(_cut_in_quotes, "unexpected end of stream", id="cut"),
    pytest.param(_nested, "max depth", id="nesting"),
    pytest.param(other("    name: ", "    name: [a]"), "cannot unmarshal array", id="list-for-text"),
]
FILLER = b"#" + b"x" * EXACT_BYTES + b"\n"


@pytest.mark.parametrize(("spoil", "words"), LARGE)
def test_large_ones_are_refused_without_the_exact_way(spoil: Spoil, words: str) -> None:
    for seed in SEEDS:
        with pytest.raises(InvalidIndex) as caught:
            index_from_bytes(FILLER + spoil(Draft.of(seed)).encode())
        assert words in caught.value.message, seed


@pytest.mark.parametrize(("spoil", "words"), LARGE)
def test_the_process_that_reads_them_says_the_same(spoil: Spoil, words: str) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(FILLER + spoil(Draft.of(1)).encode())
        file.flush()
        with pytest.raises(UnreadableIndex) as caught:
            IndexReader().read(file, "charts.example")
        assert words in caught.value.problem


def test_what_takes_too_much_is_ended() -> None:
    for seed in SEEDS[:2]:
        with tempfile.TemporaryFile() as file:
            file.write(b"apiVersion: v1\nentries:\n  a:\n  - description: '" + b"x" * (20 * 1024 * 1024 + seed))
            file.flush()
            with pytest.raises(UnreadableIndex, match=r"memory|too much"):
                IndexReader(IndexLimits(memory_bytes=8 * 1024 * 1024, memory_factor=0.1)).read(file, "charts.example")
            with pytest.raises(UnreadableIndex, match="too long"):
                IndexReader(IndexLimits(wall_seconds=0.01)).read(file, "charts.example")


def test_what_an_index_says_is_told_in_part() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"apiVersion: v1\n? " + b"k" * 5000 + b"\n: v\n")
        file.flush()
        with pytest.raises(UnreadableIndex) as caught:
            IndexReader().read(file, "charts.example")
        assert "unknown field" in caught.value.message
        assert len(caught.value.message) < 1000
    index = index_from_bytes(
        json.dumps({"apiVersion": "v1", "entries": {"a" * 5000: [{"name": "b/" * 5000, "version": "1.0.0"}]}}).encode()
    )
    assert sum(map(len, (index.skipped[0].name, index.skipped[0].problem))) < 1000


def test_whoever_closes_waits_for_no_index() -> None:
    reader = IndexReader()
    with tempfile.TemporaryFile() as file, ThreadPoolExecutor(1) as thread:
        file.write(b"# a comment\n" * (10 * 1024 * 1024))
        file.flush()
        reading = thread.submit(reader.read, file, "charts.example")
        while not reader._running:
            time.sleep(0.01)
        (process,) = reader._running
        reader.close()
        with pytest.raises(UnreadableIndex):
            reading.result(timeout=20)
        assert process.returncode == -signal.SIGKILL
        with pytest.raises(UnreadableIndex):
            reader.read(file, "charts.example")
