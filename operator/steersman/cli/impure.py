"""What templates may ask of this machine when a command renders: the time, randomness, and host names where allowed."""

from __future__ import annotations

import os
import time

from steersman.core.template.runtime import Effects


def real_effects(*, resolve_hosts: bool = False) -> Effects:
    """The clock, zone and random numbers of this machine. Lookups find nothing: there is no cluster."""
    zone = os.environ.get("TZ") or _system_zone()
    effects = Effects(clock=time.time_ns, entropy=os.urandom, time_zone=zone)
    if not resolve_hosts:
        return effects
    return Effects(clock=effects.clock, entropy=os.urandom, time_zone=zone, resolve_host=_address_of)


def _system_zone() -> str:
    """The name that /etc/localtime points to, "" (UTC) where it does not tell."""
    link = os.path.realpath("/etc/localtime")
    return link.partition("/zoneinfo/")[2]


def _address_of(host: str) -> str:
    """One address of a host, any of them as in Sprig; "" where there is none."""
    # Only here: hardly any command asks the network.
    import random
    import socket

    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return ""
    return str(random.choice(found)[4][0])  # noqa: S311 - a choice among equals, no secret
