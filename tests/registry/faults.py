"""What goes wrong between a registry and us, by name: from the right answer to a wrong one.

`FAULTS` are functions of the request, the right answer, the host of another server, and random numbers.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from random import Random

from registry.scripted import Reply, Request, sha256

Fault = Callable[[Request, Reply, str, Random], Reply]

_TLS_HELLO = b"\x15\x03\x01\x00\x02\x02\x28"


def _status(*statuses: int, retry_after: str = "") -> Fault:
    headers = {"Retry-After": retry_after} if retry_after else {}
    return lambda request, good, other, rng: Reply(rng.choice(statuses), b"no", headers)


def _wrong_bytes(request: Request, good: Reply, other: str, rng: Random) -> Reply:
    body = bytearray(good.body or b"x")
    body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
    return replace(good, body=bytes(body))


def _swapped(request: Request, good: Reply, other: str, rng: Random) -> Reply:
    """Another manifest than a moment ago, well made and with a digest of its own."""
    body = good.body.replace(b'"schemaVersion"', b'"swapped": true, "schemaVersion"', 1)
    return replace(good, body=body, headers={**good.headers, "Docker-Content-Digest": sha256(body)})


def _short(request: Request, good: Reply, other: str, rng: Random) -> Reply:
    return replace(good, body=good.body[: rng.randrange(len(good.body) + 1)], announced=len(good.body))


def _long(request: Request, good: Reply, other: str, rng: Random) -> Reply:
    return replace(good, body=good.body + rng.randbytes(rng.randrange(1, 5000)))


def _encoded(request: Request, good: Reply, other: str, rng: Random) -> Reply:
    """A body that a client which asked for no encoding has to unpack."""
    return replace(good, body=gzip.compress(good.body), headers={**good.headers, "Content-Encoding": "gzip"})


def _bombed(request: Request, good: Reply, other: str, rng: Random) -> Reply:
    return replace(good, body=gzip.compress(bytes(10**7)), headers={"Content-Encoding": "gzip"})


FAULTS: dict[str, Fault] = {
    "drips": lambda request, good, other, rng: replace(good, drip=rng.choice([0.001, 0.01])),
    "stalls": lambda request, good, other, rng: replace(good, stall=True),
    "stalls-before-the-status": lambda request, good, other, rng: Reply(raw=b"HTT", stall=True),
    "resets": lambda request, good, other, rng: replace(good, reset_at=rng.randrange(len(good.body) + 1)),
    "hangs-up": lambda request, good, other, rng: Reply(raw=b""),
    "speaks-no-http": lambda request, good, other, rng: Reply(
        raw=rng.choice([_TLS_HELLO, b"220 smtp\r\n", b"\0" * 99])
    ),
    "wrong-bytes": _wrong_bytes,
    "swapped": _swapped,
    "short": _short,
    "long": _long,
    "length-is-negative": lambda request, good, other, rng: replace(good, announced=-1),
    "length-is-too-small": lambda request, good, other, rng: replace(good, announced=len(good.body) // 2),
    "length-is-absent": lambda request, good, other, rng: replace(good, unannounced=True),
    "chunked": lambda request, good, other, rng: replace(good, chunked=True),
    "chunked-and-stalls": lambda request, good, other, rng: replace(good, chunked=True, stall=True),
    "encoded": _encoded,
    "encoded-bomb": _bombed,
    "empty": lambda request, good, other, rng: replace(good, body=b""),
    "broken-json": lambda request, good, other, rng: replace(good, body=good.body[: len(good.body) // 2]),
    "redirect-in-circles": lambda request, good, other, rng: Reply(302, headers={"Location": request.path}),
    "redirect-to-another-host": lambda request, good, other, rng: Reply(
        rng.choice([301, 302, 303, 307, 308]), headers={"Location": f"http://{other}{request.path}"}
    ),
    "redirect-to-nowhere": lambda request, good, other, rng: Reply(
        302, headers={"Location": rng.choice(["", "http://127.0.0.1:1/x", "ftp://x/y", "http://[::", "//"])}
    ),
    "refused": _status(401, 403),
    "absent": _status(404, 410),
    "odd-status": _status(100, 206, 304, 418, 505, 999),
    "busy": _status(429, 503),
    "busy-for-a-moment": _status(429, 503, retry_after="0"),
    "busy-for-an-hour": _status(429, 503, retry_after="3600"),
    "busy-for-nonsense": _status(429, 503, retry_after="-1e9 parsecs"),
    "broken-inside": _status(500, 502, 504),
}
