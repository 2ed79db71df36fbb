"""Which proxy the environment names: each variable by itself, and what is wrong with it without its value."""

import pytest

from tui.exchange.proxies import UnusableVariable, is_bypassed, proxy_for


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("no_proxy", "bypassed"),
    [
        ("", False),
        ("*", True),
        ("binance.com", True),
        (".binance.com", True),
        ("*.binance.com", True),
        ("API.Binance.COM", True),
        ("inance.com", False),
        ("fd00::/8,[::1],api.binance.com", True),
        ("fd00::/8,[::1]", False),
        ("[::1]:443, binance.com:443", True),
        ("binance.com:8443", False),
        ("://,[,]:,%%%,::::,binance.com", True),
    ],
)
def test_one_odd_entry_of_no_proxy_disables_no_other(
    monkeypatch: pytest.MonkeyPatch, no_proxy: str, bypassed: bool
) -> None:
    """httpx 3221, basic-memory 1541: one entry for IPv6 made every call fail."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    expected = None if bypassed else "http://proxy.example:3128"
    assert proxy_for("https", "api.binance.com", 443) == expected


@pytest.mark.parametrize(
    ("host", "no_proxy", "bypassed"),
    [
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "11.0.0.0/8", False),
        ("fd00::5", "fd00::/8", True),
        ("fd00::5", "[fd00::5]", True),
        ("fd00::5", "[fd00::5]:443", True),
        ("fd00::5", "[fd00::5]:80", False),
        ("10.1.2.3", "10.1.2.3", True),
    ],
)
def test_addresses_and_networks_are_listed_too(host: str, no_proxy: str, bypassed: bool) -> None:
    assert is_bypassed(host, 443, no_proxy) is bypassed


@pytest.mark.parametrize(
    "value",
    [
        "http://me:pa#ss@proxy.example:3128",
        "http://me:pa/ss@proxy.example:3128",
        "http://proxy.example:99999",
        "http://proxy.example:port",
        "http://[proxy.example:3128",
        "http://:3128",
        "socks5://proxy.example:1080",
        "nonsense://proxy.example",
    ],
)
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_variable_that_names_no_proxy_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UnusableVariable, match=name) as caught:
        proxy_for("https", "api.binance.com", 443)
    assert not any(part in str(caught.value) for part in ("pa#ss", "pa/ss", "proxy.example", "99999"))


def test_proxy_without_a_scheme_is_an_http_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "proxy.example:3128")
    assert proxy_for("https", "api.binance.com", 443) == "http://proxy.example:3128"
