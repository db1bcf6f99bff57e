"""Free loopback ports for one instance.

A port that is free now may be taken before the server binds it: instance.py checks that the server itself listens, and
starts again with other ports when it could not.
"""

import socket
from contextlib import ExitStack
from dataclasses import dataclass, fields

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Ports:
    """One port per server that is reached over the network; the others serve nothing."""

    etcd: int
    apiserver: int
    node: int
    registry: int


def choose() -> Ports:
    """Ports nobody listens on right now, all different."""
    return Ports(*free_ports(len(fields(Ports))))


def free_ports(count: int) -> list[int]:
    """So many different ports; held until all are known, so that none comes twice."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [int(each.getsockname()[1]) for each in sockets]
