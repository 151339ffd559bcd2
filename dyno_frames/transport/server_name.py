"""One name for one server, however its address is spelled: files about a server are named after it."""

from __future__ import annotations

import platform
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
_HERE = "localhost"


def server_name(url: str) -> str:
    """Return the host and port of a server, in one spelling. No name is looked up.

    Every address and name of this machine is ``localhost``.

    Examples
    --------
    >>> server_name("http://127.0.0.1:8080"), server_name("http://LOCALHOST:8080/")
    ('localhost:8080', 'localhost:8080')
    >>> server_name("http://API.Mail.Dyno.me.:19000")
    'api.mail.dyno.me:19000'
    """
    parts = urlsplit(url)
    return f"{_host(parts.hostname or '')}:{parts.port or _PORTS.get(parts.scheme, '')}"


def _host(hostname: str) -> str:
    name = hostname.lower().rstrip(".")
    address = _address(name)
    if address is not None:
        mapped = getattr(address, "ipv4_mapped", None) or address
        return _HERE if mapped.is_loopback or mapped.is_unspecified else str(mapped)
    if name in {_HERE, platform.node().lower().rstrip(".")} or name.endswith(f".{_HERE}"):
        return _HERE
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return name


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(name))  # also 127.1 and 0x7f000001, which connect as well
    except (OSError, ValueError):
        return None
