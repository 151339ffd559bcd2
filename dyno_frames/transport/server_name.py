"""Normalize the address of a server, for the names of files about it."""

from __future__ import annotations

import platform
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
_HERE = "localhost"


def server_name(url: str) -> str:
    """Return the normalized host and port of a server, without DNS lookups.

    Every loopback address and name is ``localhost``.

    Examples
    --------
    >>> server_name("http://127.0.0.1:8080"), server_name("http://LOCALHOST:8080/")
    ('localhost:8080', 'localhost:8080')
    >>> server_name("http://API.Mail.Dyno.me.:19000")
    'api.mail.dyno.me:19000'
    """
    parts = urlsplit(url)
    return f"{_host(parts.hostname or '')}:{parts.port or _PORTS.get(parts.scheme, '')}"


def is_loopback(hostname: str) -> bool:
    """Return whether a host's name or address is on this machine, without DNS lookups.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("api.mail.dyno.me")
    (True, True, False)
    """
    name = _plain(hostname)
    address = _address(name)
    if address is not None:
        return address.is_loopback
    return name == _HERE or name.endswith(f".{_HERE}")


def _host(hostname: str) -> str:
    name = _plain(hostname)
    address = _address(name)
    if is_loopback(name) or name == _plain(platform.node()):
        return _HERE
    if address is not None:
        return _HERE if address.is_unspecified else str(address)
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return name


def _plain(hostname: str) -> str:
    return hostname.lower().rstrip(".")


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(name)
        return getattr(address, "ipv4_mapped", None) or address
    except ValueError:
        pass
    if len(name.split()) != 1:
        return None  # inet_aton ignores the text after a space
    try:
        return IPv4Address(socket.inet_aton(name))  # also 127.1 and 0x7f000001, which are valid addresses
    except (OSError, ValueError):
        return None
