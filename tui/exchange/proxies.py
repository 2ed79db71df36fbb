"""Finds the proxy that the environment names for a host. Each variable is read by itself: a bad one
affects no other.
"""

import os
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from tui.domain import details

_SCHEMES = ("http", "https")


class UnusableVariable(ValueError):
    """Raised when an environment variable cannot be used. It does not hold the value, which may have a password."""

    def __init__(self, why: str, name: str = "") -> None:
        super().__init__(why.format(variable=name))


def proxy_for(scheme: str, host: str, port: int) -> str | None:
    """Return the URL of the proxy for a host; None if there is none. Raises UnusableVariable."""
    from urllib.request import getproxies  # imports http and email

    proxies = getproxies()
    kind = scheme if proxies.get(scheme) else "all"
    value = proxies.get(kind, "").strip()
    if not value or is_bypassed(host, port, proxies.get("no", "")):
        return None
    return _checked(_variable(kind), value if "://" in value else f"http://{value}")


def is_bypassed(host: str, port: int, no_proxy: str) -> bool:
    """Return whether NO_PROXY lists a host: by name, by the end of its name, by address or network, or with a port. Any
    other entry lists nothing.
    """
    return any(_lists(entry.strip().casefold(), host.casefold(), port) for entry in no_proxy.split(","))


def _lists(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    name, entry_port = _parted(entry)
    if not name or (entry_port and entry_port != str(port)):
        return False
    try:
        address = ip_address(host)
    except ValueError:
        domain = name.removeprefix("*").removeprefix(".")
        return bool(domain) and (host == domain or host.endswith(f".{domain}"))
    try:
        return address in ip_network(name, strict=False)
    except ValueError:
        return False


def _parted(entry: str) -> tuple[str, str]:
    """Return the host of an entry, without brackets, and its port or nothing."""
    entry = entry.rpartition("://")[2]
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return name, rest.removeprefix(":")
    name, colon, port = entry.rpartition(":")
    return (name, port) if colon and ":" not in name else (entry, "")


def _checked(variable: str, url: str) -> str:
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        raise UnusableVariable(details.NO_PROXY, variable) from None
    if parts.scheme not in _SCHEMES:
        raise UnusableVariable(details.OTHER_PROXY, variable)
    if not parts.hostname or not has_port:
        raise UnusableVariable(details.NO_PROXY, variable)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise UnusableVariable(details.UNESCAPED_PROXY, variable)
    return url


def _variable(kind: str) -> str:
    """Return the name of the variable that names the proxy, as the environment spells it."""
    name = f"{kind}_proxy"
    return name if name in os.environ else name.upper()
