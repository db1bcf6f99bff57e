"""Which registries and addresses this process talks to for those who write HelmReleases.

Two questions. Which hosts may be named: `--allowed-registries`, asked for every URL that a spec or an index names. And
which addresses may be connected to: by default none of this machine or its link (loopback, link-local, the clouds'
metadata services), whatever name stands for them; asked by `connections` of the address itself, after DNS, and again
after every redirect. Private networks are allowed: registries of clusters live there.

An allowed registry may send us on (to the storage behind it, to its token service): those hosts need not be listed,
but their addresses are checked too. With a proxy, the proxy's address is the one connected to; then only what the URL
itself shows can be checked.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from steersman.errors import InvalidInput
from steersman.registry.errors import AddressNotAllowed, RegistryNotAllowed

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in ("169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254")
) | {ipaddress.ip_address("168.63.129.16"), ipaddress.ip_address("100.100.100.200")}
_LOCAL_NAMES = frozenset({"localhost", "metadata.google.internal", "metadata"})


_HOST = re.compile(r"(?:[A-Za-z0-9*](?:[A-Za-z0-9*._-]*[A-Za-z0-9*])?|\[[0-9A-Fa-f:.*]+\])(?::(?:[0-9]{1,5}|\*))?")
_PATH = re.compile(r"[A-Za-z0-9._~%+/-]*")


def pattern_of(text: str) -> str:
    """The pattern `host[:port][/path]` that this text means, without the scheme that it may begin with. Raises
    InvalidInput where it can match nothing, or not what was meant."""
    scheme, there, rest = text.partition("://")
    if there and scheme.lower() not in ("oci", "https", "http"):
        raise InvalidInput(f"{text!r} begins with {scheme}://", hint="write host[:port][/path]")
    host, _, path = (rest if there else text).partition("/")
    last = path.rpartition("/")[2]
    if "@" in text:
        raise InvalidInput(f"{text!r} holds an @", hint="leave digests and credentials out: write host[:port][/path]")
    if ":" in last:
        raise InvalidInput(f"{text!r} ends with a tag", hint=f"leave :{last.partition(':')[2]} out")
    if "*" in path:
        raise InvalidInput(
            f"{text!r} has * in its path, which is a prefix already", hint="leave out what begins with the *"
        )
    if not _HOST.fullmatch(host):
        raise InvalidInput(f"{text!r} does not begin with a host", hint="write host[:port][/path], as example.com/acme")
    if not _PATH.fullmatch(path):
        raise InvalidInput(f"{text!r} has a path with other characters than those of URLs", hint="correct it")
    return f"{host}/{path}".rstrip("/")


@dataclass(frozen=True, slots=True)
class Reach:
    """The policy. `registries` are patterns (`pattern_of`, see `allows`), none of them: every host. `local`: also
    addresses of this machine and its link."""

    registries: tuple[str, ...] = ()
    local: bool = False

    def allows(self, place: str) -> bool:
        """Whether `host[:port][/path]` matches a pattern: `*` in its host stands for any characters; its path, if it
        has one, is a prefix by whole segments; a pattern without a port covers every port."""
        return not self.registries or any(_matches(pattern, place) for pattern in self.registries)

    def check_place(self, place: str) -> None:
        """Raise RegistryNotAllowed unless a user may name this `host[:port][/path]`."""
        if not self.allows(place):
            raise RegistryNotAllowed(place, self.registries)

    def check_url(self, place: str, url: str) -> None:
        """Raise AddressNotAllowed where the URL itself shows an address of this machine, as a number or by name."""
        host = (urlsplit(url).hostname or "").rstrip(".")
        if host in _LOCAL_NAMES or host.endswith(".localhost"):
            if not self.local:
                raise AddressNotAllowed(place, host)
            return
        address = _numeric(host.partition("%")[0])
        if address is not None and not self.connects_to(str(address)):
            raise AddressNotAllowed(place, host)

    def connects_to(self, address: str) -> bool:
        """Whether this IP address may be connected to."""
        return self.local or not _is_local(_inner(ipaddress.ip_address(address.partition("%")[0])))


def _numeric(host: str) -> _Address | None:
    """The address that a host is in numbers, also in the forms of C (`127.1`, `0x7f000001`): a proxy may know them."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


def _inner(address: _Address) -> _Address:
    """The IPv4 address that an IPv6 one carries, where it carries one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_local(address: _Address) -> bool:
    return (
        address.is_loopback
        or address.is_link_local
        or address.is_unspecified
        or address.is_multicast
        or address in _METADATA
        or (isinstance(address, ipaddress.IPv4Address) and address.packed[0] == 0)
    )


def _matches(pattern: str, place: str) -> bool:
    host, _, path = place.partition("/")
    wanted_host, _, wanted_path = pattern.partition("/")
    if not _host_pattern(wanted_host).fullmatch(host.lower()):
        return False
    return not wanted_path or (f"{path}/".startswith(f"{wanted_path}/") and not _climbs(path))


def _climbs(path: str) -> bool:
    """Whether a path has `..`, which leads out of its prefix, in any form that somebody on the way may undo."""
    return any(part.partition(";")[0] in (".", "..") for part in re.split(r"[/\\]", unquote(path)))


@lru_cache(256)
def _host_pattern(pattern: str) -> re.Pattern[str]:
    text = "".join("[^/]*" if part == "*" else re.escape(part) for part in re.split(r"(\*)", pattern.lower()))
    has_port = re.search(r":[0-9*]+$", pattern)
    return re.compile(text if has_port else text + r"(:[0-9]+)?")
