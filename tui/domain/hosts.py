"""Base URLs: where requests may go, and what each place is called."""

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from tui.language import N_, _

DEFAULT_BASE_URL = "https://api.binance.com"
DEMO_BASE_URL = "https://demo.invalid"
"""The demo exchange in this process. No real host has a name under .invalid (RFC 6761)."""

LIVE, DEMO = N_("LIVE"), N_("DEMO")
"""The names of two places."""

_SERVICES = ("fapi", "dapi", "eapi", "papi")
_LIVE_HOSTS = frozenset(
    f"{name}.binance.com" for name in ("api", "api-gcp", "api1", "api2", "api3", "api4", *_SERVICES)
)
"""The hosts on which transfers move real funds; BINANCE.md, "Hosts"."""

_HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*", re.ASCII)
_DEFAULT_PORTS = {"https": 443, "http": 80}


def parse_base_url(text: str) -> str:
    """Return the base URL that a person typed: scheme, host and perhaps a port, in lower case, without a final slash.

    https may go anywhere, http only to a loopback address: a signed request is never sent in the clear. Raises
    ValueError without the text in it, which may contain a password.
    """
    typed = text.strip()
    # urlsplit drops some control characters silently, and other alphabets have letters that look like Latin ones.
    if not (typed.isascii() and typed.isprintable()) or " " in typed:
        raise _refused(_("A base URL is https:// and a host, like {example}, in ASCII letters without blanks"))
    try:
        parts = urlsplit(typed)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _refused(
            _("A base URL is https:// and a host, like {example}; this one's host or port cannot be read")
        ) from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.netloc:
        raise _refused(_("A base URL is https:// and a host, like {example}"))
    if "@" in parts.netloc:
        raise ValueError(_("A base URL has no user name or password in it; Shunter signs with a key profile"))
    if parts.path not in ("", "/") or "?" in typed or "#" in typed:
        raise _refused(_("A base URL is https:// and a host, like {example}; nothing follows the host but a port"))
    if port == 0 or not _is_host(host):
        raise _refused(_("A base URL is https:// and a host, like {example}; this one's host or port cannot be"))
    if parts.scheme == "http" and not is_loopback(host):
        problem = _("http is for this machine only (127.0.0.1, [::1], localhost); use https:// for other hosts")
        raise ValueError(problem)
    named = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{named}" + ("" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}")


def _refused(problem: str) -> ValueError:
    return ValueError(problem.format(example=DEFAULT_BASE_URL))


def service_url(base_url: str, path: str) -> str:
    """Return the URL of a path of the exchange's API.

    The exchange serves /fapi, /dapi, /eapi and /papi from hosts of their own; any other base URL serves everything.
    """
    service = path.split("/")[1]
    if service in _SERVICES and is_live(base_url):
        base_url = f"https://{service}.binance.com"
    return base_url + path


def hosts_of(base_url: str) -> tuple[str, ...]:
    """Return the base URL of every host that requests go to."""
    paths = [f"/{service}" for service in ("api", *_SERVICES)]
    return tuple(dict.fromkeys(service_url(base_url, path).removesuffix(path) for path in paths))


def is_live(base_url: str) -> bool:
    """Whether transfers at a parsed base URL move real funds."""
    return urlsplit(base_url).hostname in _LIVE_HOSTS


def place_name(base_url: str) -> str:
    """Return the name of a base URL's place: LIVE, DEMO, or the host and port.

    A host of one word, like `https://demo`, keeps its scheme: otherwise it could be read as another place. A text that
    is not a base URL, as an edited file may have, says so.
    """
    return _place_name(base_url) or _("no host: {text!r}").format(text=base_url)


def place_label(place: str) -> str:
    """Return what a person reads for the name of a place."""
    return _(place) if place in (LIVE, DEMO) else place


@lru_cache(maxsize=256)
def _place_name(base_url: str) -> str:
    """Return the name of a base URL's place; empty for a text that is not a base URL."""
    try:
        is_base_url = parse_base_url(base_url) == base_url
    except ValueError:
        is_base_url = False
    if not is_base_url:
        return ""
    if is_live(base_url):
        return LIVE
    if base_url == DEMO_BASE_URL:
        return DEMO
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    return parts.netloc if "." in host or is_loopback(host) else base_url


def in_short(place: str, most: int) -> str:
    """Return a place as a person reads it, in at most `most` characters, cut in its middle. The end says who owns a
    host.
    """
    place = place_label(place)
    if len(place) <= most:
        return place
    at_end = max(most * 2 // 3, 1)
    return f"{place[: most - at_end - 1]}~{place[-at_end:]}"


def exchange_of(base_url: str) -> str:
    """Return one base URL for all that lead to the same exchange, with the same accounts and tranIds."""
    return DEFAULT_BASE_URL if is_live(base_url) else base_url


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its name: 127.0.0.0/8, ::1 or localhost. No name is looked up."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_host(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return len(host) <= 253 and _HOST_NAME.fullmatch(host) is not None
    return not (isinstance(address, IPv6Address) and address.scope_id)
