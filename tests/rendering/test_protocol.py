"""Frames and messages: what crosses comes back, and what is no message is refused."""

from __future__ import annotations

import random

import pytest

from steersman.core.golang.types import Int64
from steersman.core.render.model import Capabilities, ReleaseInfo, RenderRequest
from steersman.rendering import protocol
from steersman.rendering.limits import RenderLimits
from steersman.rendering.protocol import (
    ChartBytes,
    Died,
    Failed,
    Hello,
    Lookup,
    LookupResult,
    NeedChart,
    ProtocolError,
    Render,
    WireError,
)

LIMIT = 10_000
REQUEST = RenderRequest(
    "sha256:x", {"a": [1, 1.5, True, None, "ä"], "b": {"c": 2**70}}, ReleaseInfo("web", "ns", 3, False, True),
    Capabilities("v1.37.1", ("v1", "apps/v1")), include_crds=True,
)  # fmt: skip


def body(message: protocol.ToWorker | protocol.ToClient) -> bytes:
    data = protocol.frame(message, LIMIT)
    header, rest = data[: protocol.HEADER_BYTES], data[protocol.HEADER_BYTES :]
    assert protocol.body_length(header, LIMIT) == len(rest)
    return rest


@pytest.mark.parametrize(
    "message",
    [
        Render(REQUEST, RenderLimits()),
        ChartBytes(b"\x00\xff", None),
        ChartBytes(b"", b"\x01"),
        LookupResult({"a": 1}, "x"),
    ],
    ids=lambda message: type(message).__name__,
)
def test_messages_to_the_worker_come_back(message: protocol.ToWorker) -> None:
    assert protocol.message_for_worker(body(message)) == message


@pytest.mark.parametrize(
    "message",
    [
        Hello("1"),
        NeedChart(),
        Lookup("v1", "Secret", "ns", "a"),
        Failed(WireError("TemplateError", "x", "y", {"line": 3}), True),
        Died("SIGKILL", True),
    ],
    ids=lambda message: type(message).__name__,
)
def test_messages_to_the_client_come_back(message: protocol.ToClient) -> None:
    assert protocol.message_for_client(body(message)) == message


def test_whole_numbers_of_the_engine_are_plain_numbers_here() -> None:
    assert protocol.message_for_worker(body(LookupResult({"n": Int64(5)}))) == LookupResult({"n": 5})


def test_surrogates_become_replacement_characters() -> None:
    message = LookupResult({"a\udcff": ["b\udc80c", {"d": "\udcff"}]})
    assert protocol.message_for_worker(body(message)) == LookupResult({"a\ufffd": ["b\ufffdc", {"d": "\ufffd"}]})


def test_too_long_a_message_is_not_sent() -> None:
    with pytest.raises(ProtocolError, match="more than 10000"):
        protocol.frame(LookupResult({"a": "x" * LIMIT}), LIMIT)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe", id="no-text"),
        pytest.param(b"{", id="no-json"),
        pytest.param(b"[]", id="no-object"),
        pytest.param(b"{}", id="no-type"),
        pytest.param(b'{"type": "Render"}', id="fields-missing"),
        pytest.param(b'{"type": "os.system"}', id="unknown-type"),
        pytest.param(b'{"type": "ChartBytes", "archive": "%", "compiled": null}', id="no-base64"),
        pytest.param(b'{"type": "LookupResult", "found": []}', id="wrong-type"),
        pytest.param(b'{"type": "LookupResult", "found": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001, id="deep"),
    ],
)
def test_garbage_is_no_message(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        protocol.message_for_worker(data)
    with pytest.raises(ProtocolError):
        protocol.message_for_client(data)


def test_mutated_messages_are_read_or_refused() -> None:
    generator = random.Random(7)
    whole = body(Render(REQUEST, RenderLimits()))
    for _ in range(3000):
        data = bytearray(whole)
        for _ in range(generator.randint(1, 4)):
            data[generator.randrange(len(data))] = generator.randrange(256)
        try:
            protocol.message_for_worker(bytes(data))
        except ProtocolError:
            continue
