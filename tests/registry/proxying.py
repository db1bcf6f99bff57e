"""A proxy that tunnels (CONNECT) to one server, whatever host it is asked for, if the password is right."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_CHUNK = 65536


@dataclass
class Proxy:
    """A proxy that runs; `asked` are the targets of its CONNECTs, `passed` the bytes that went through."""

    port: int
    target: tuple[str, int]
    password: str
    asked: list[str] = field(default_factory=list)
    passed: bytearray = field(default_factory=bytearray)

    @property
    def url(self) -> str:
        return f"http://me:{self.password}@127.0.0.1:{self.port}"


@contextmanager
def proxy_to(host: str, *, password: str = "hidden") -> Iterator[Proxy]:
    """Run a proxy in front of the server `127.0.0.1:PORT` for the duration of the block."""
    name, _, port = host.partition(":")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = Proxy(listener.getsockname()[1], (name, int(port)), password)
        thread = threading.Thread(target=_serve, args=(listener, proxy))
        thread.start()
        try:
            yield proxy
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket, proxy: Proxy) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_tunnel, args=(client, proxy), daemon=True).start()


def _tunnel(client: socket.socket, proxy: Proxy) -> None:
    with client:
        head = b""
        while b"\r\n\r\n" not in head:
            if not (chunk := client.recv(_CHUNK)):
                return
            head += chunk
        proxy.asked.append(head.split(b" ")[1].decode())
        expected = base64.b64encode(f"me:{proxy.password}".encode())
        if b"Basic " + expected not in head:
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(proxy.target) as server:
            back = threading.Thread(target=_copy, args=(server, client, bytearray()), daemon=True)
            back.start()
            _copy(client, server, proxy.passed)
            back.join()


def _copy(source: socket.socket, sink: socket.socket, seen: bytearray) -> None:
    with suppress(OSError):
        while chunk := source.recv(_CHUNK):
            seen += chunk
            sink.sendall(chunk)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
