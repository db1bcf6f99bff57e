"""A registry that misbehaves as told: an HTTP server on loopback whose answers are functions of the request."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from steersman.registry.manifest import CONFIG_TYPE, CONTENT_TYPE, INDEX_TYPE, MANIFEST_TYPE

REPOSITORY = "charts/demo"
CHART = b"a chart archive, as far as the registry can tell " * 100


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def authorization(self) -> str:
        return self.headers.get("Authorization", "")


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    announced: int | None = None
    """Content-Length, where it is not the truth."""
    unannounced: bool = False
    """No Content-Length at all: the body ends with the connection."""
    chunked: bool = False
    stall: bool = False
    """Send half of the body and then nothing more."""
    drip: float = 0.0
    """Seconds between one piece of the body (or of `raw`) and the next, of twenty."""
    reset_at: int | None = None
    """Reset the connection after this many bytes of the body."""
    raw: bytes | None = None
    """Bytes in place of an answer; then nothing more, or with `stall` not even the end of the connection."""


Script = Callable[[Request], Reply]


class ScriptedServer:
    """Records what it is asked and answers by its script, which a test may replace at any time."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server
        self.requests: list[Request] = []
        self.released = threading.Event()
        self.script: Script = lambda request: Reply(404)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        return f"oci://{self.host}/{REPOSITORY}"

    def paths(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.requests]


@contextmanager
def serve(
    certificate: tuple[Path, Path] | None = None, *, newest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED
) -> Iterator[ScriptedServer]:
    """Run a server for the duration of the block; with a certificate and key it speaks TLS."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # headers and body in one packet: two would wait for each other's acknowledgement

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            request = Request(self.command, self.path, dict(self.headers), body)
            scripted.requests.append(request)
            reply = scripted.script(request)
            self.close_connection = reply.stall or reply.announced is not None or reply.unannounced
            if reply.raw is not None:
                self.send_pieces(reply.raw, reply)
                self.close_connection = True
            else:
                self.send_head(reply)
                if self.command != "HEAD":
                    self.send_body(reply)
            if reply.stall:
                self.wfile.flush()
                scripted.released.wait(30)

        def send_head(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.chunked:
                self.send_header("Transfer-Encoding", "chunked")
            elif not reply.unannounced:
                self.send_header("Content-Length", str(len(reply.body) if reply.announced is None else reply.announced))
            self.end_headers()

        def send_body(self, reply: Reply) -> None:
            body = reply.body[: len(reply.body) // 2] if reply.stall else reply.body[: reply.reset_at]
            self.send_pieces(body, reply)
            if reply.chunked and not reply.stall:
                self.wfile.write(b"0\r\n\r\n")
            if reply.reset_at is not None:
                self.reset()

        def send_pieces(self, data: bytes, reply: Reply) -> None:
            size = len(data) // 20 + 1 if reply.drip or reply.chunked else len(data) + 1
            for at in range(0, len(data), size):
                piece = data[at : at + size]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if reply.chunked else piece)
                if reply.drip:
                    self.wfile.flush()
                    time.sleep(reply.drip)

        def reset(self) -> None:
            """End the connection as a machine that crashed does."""
            self.wfile.flush()
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())
            self.close_connection = True

        do_GET = do_HEAD = do_POST = do_PUT = answer  # noqa: N815  # http.server's names

        def finish(self) -> None:
            """Close both files, whatever the client has left of the connection."""
            for file in (self.wfile, self.rfile):
                with suppress(OSError):
                    file.close()

        def log_message(self, *args: object) -> None:
            """Silence."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]  # clients hang up here
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        context.maximum_version = newest
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scripted = ScriptedServer(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield scripted
    finally:
        scripted.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def manifest_of(
    chart: bytes = CHART,
    *,
    config_type: str = CONFIG_TYPE,
    layer_types: tuple[str, ...] = (CONTENT_TYPE,),
    size: int | None = None,
) -> bytes:
    """A manifest whose layers all are this chart."""
    length = len(chart) if size is None else size
    layers = [{"mediaType": kind, "digest": sha256(chart), "size": length} for kind in layer_types]
    config = {"mediaType": config_type, "digest": sha256(b"{}"), "size": 2}
    document = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": config, "layers": layers}
    return json.dumps(document).encode()


def index_of(*manifests: bytes, artifact_types: tuple[str, ...] = ()) -> bytes:
    """An index that lists these manifests."""
    kinds = artifact_types or ("",) * len(manifests)
    listed = [
        {"mediaType": MANIFEST_TYPE, "digest": sha256(manifest), "size": len(manifest)}
        | ({"artifactType": kind} if kind else {})
        for manifest, kind in zip(manifests, kinds, strict=True)
    ]
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": listed}).encode()


def stored(*manifests: bytes, chart: bytes = CHART) -> Script:
    """The script of a registry that has these manifests by digest, and one chart."""
    replies = {f"/v2/{REPOSITORY}/manifests/{sha256(one)}": Reply(200, one) for one in manifests}
    replies[f"/v2/{REPOSITORY}/blobs/{sha256(chart)}"] = Reply(200, chart)
    return lambda request: replies.get(request.path, Reply(404))


def contents(
    manifest: bytes, chart: bytes = CHART, tags: tuple[str, ...] = (), *, repository: str = REPOSITORY
) -> Script:
    """The script of a registry that works: one manifest under its digest and under these tags, and its blob."""
    tag_list = json.dumps({"name": repository, "tags": list(tags)}).encode()
    repository = f"/v2/{repository}"
    manifest_reply = Reply(200, manifest, {"Docker-Content-Digest": sha256(manifest), "Content-Type": MANIFEST_TYPE})
    replies = {
        f"{repository}/manifests/{sha256(manifest)}": manifest_reply,
        f"{repository}/blobs/{sha256(chart)}": Reply(200, chart),
        f"{repository}/tags/list": Reply(200, tag_list),
    } | {f"{repository}/manifests/{tag}": manifest_reply for tag in tags}
    return lambda request: replies.get(request.path.partition("?")[0], Reply(404))
