"""Where a signed request may go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.hosts import DEFAULT_BASE_URL, DEMO_BASE_URL, exchange_of, in_short, parse_base_url, place_name
from tui.widgets.status_bar import Status


@pytest.mark.parametrize(
    ("typed", "parsed"),
    [
        (DEFAULT_BASE_URL, DEFAULT_BASE_URL),
        ("  HTTPS://Api.Binance.COM/ \n", "https://api.binance.com"),
        ("https://api.binance.com:443", "https://api.binance.com"),
        ("https://gateway.example:8443/", "https://gateway.example:8443"),
        ("https://10.0.0.7", "https://10.0.0.7"),
        ("https://[2001:db8::7]:8443", "https://[2001:db8::7]:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.9.9.9/", "http://127.9.9.9"),
        ("http://localhost:80", "http://localhost"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("http://localhost:", "http://localhost"),
    ],
)
def test_base_url_is_normalised(typed: str, parsed: str) -> None:
    assert parse_base_url(typed) == parsed


@pytest.mark.parametrize(
    "typed",
    [
        "http://api.binance.com",
        "http://128.0.0.1",
        "http://0.0.0.0:8080",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://2130706433",
        "http://[::2]",
    ],
)
def test_http_beyond_this_machine_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="use https"):
        parse_base_url(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "api.binance.com",
        "//api.binance.com",
        "https:api.binance.com",
        "https://",
        "https:///sapi",
        "https://:8080",
        "ftp://api.binance.com",
        "file:///etc/passwd",
        "https://api.binance.com/sapi",
        "https://api.binance.com//",
        "https://api.binance.com?",
        "https://api.binance.com/?a=1",
        "https://api.binance.com/#",
        "https://api.binance.com:0",
        "https://api.binance.com:65536",
        "https://api.binance.com:https",
        "https://api.binance.com.",
        "https://api..binance.com",
        "https://api.binance.com\\.example",
        "https://-api.binance.com",
        "https://api.binance.com%2eexample",
        "https://аpi.binance.com",  # a Cyrillic a
        "https://api.bin\nance.com",
        "https://api.binance.com\x00",
        "https://api binance.com",
        "https://[::1",
        "http://[::1%25eth0]",
        "https://" + "a" * 254,
    ],
)
def test_what_is_no_base_url_is_refused_with_its_shape(typed: str) -> None:
    with pytest.raises(ValueError, match=r"A base URL is https:// and a host"):
        parse_base_url(typed)


@pytest.mark.parametrize(
    "typed", ["https://me:hunter2@api.binance.com", "https://evil.example\\@api.binance.com", "http://@localhost"]
)
def test_base_url_with_a_login_is_refused_without_repeating_it(typed: str) -> None:
    with pytest.raises(ValueError, match="no user name or password") as refused:
        parse_base_url(typed)
    assert "hunter2" not in str(refused.value)


@given(st.text() | st.from_regex(r"https?://[a-z0-9.\[\]:@%-]{0,20}(/[a-z?#]*)?", fullmatch=True))
def test_parsing_is_stable_and_fails_only_with_value_error(typed: str) -> None:
    try:
        parsed = parse_base_url(typed)
    except ValueError:
        return
    assert parse_base_url(parsed) == parsed
    assert place_name(parsed)


@pytest.mark.parametrize("name", ["api", "api-gcp", "api1", "api2", "api3", "api4", "fapi", "dapi", "eapi", "papi"])
def test_the_exchanges_own_hosts_are_live(name: str) -> None:
    assert place_name(f"https://{name}.binance.com") == "LIVE"
    assert place_name(f"https://{name}.binance.com:8443") == "LIVE"
    assert exchange_of(f"https://{name}.binance.com") == DEFAULT_BASE_URL


def test_any_other_host_is_an_exchange_of_its_own() -> None:
    assert exchange_of("http://127.0.0.1:8080") == "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("base_url", "name"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("http://[::1]:8080", "[::1]:8080"),
        ("https://api.binance.com.example", "api.binance.com.example"),
        ("https://gateway.example", "gateway.example"),
        ("https://10.0.0.7:8443", "10.0.0.7:8443"),
        ("http://localhost:8080", "localhost:8080"),
        ("https://live.example", "live.example"),
        ("https://xn--pi-7kc.binance.com", "xn--pi-7kc.binance.com"),
        ("https://demo.invalid:8443", "demo.invalid:8443"),
    ],
)
def test_any_other_place_is_called_by_its_host(base_url: str, name: str) -> None:
    assert place_name(base_url) == name


@pytest.mark.parametrize(
    "typed",
    [
        *("https://demo", "https://live", "https://DEMO", "https://demo:443", "https://live:8443", "https://d3mo"),
        *("https://xn--live", "https://gateway", "https://2130706433"),
    ],
)
def test_host_of_one_word_keeps_its_scheme(typed: str) -> None:
    base_url = parse_base_url(typed)
    assert place_name(base_url) == base_url


@pytest.mark.parametrize(
    "text",
    [
        *("", "LIVE", "DEMO", "demo", "https://DEMO.", "https://api.binance.com.", "https://API.binance.com", "//live"),
        *("https://[::1", "https://\u0430pi.binance.com", "https://me@demo", "https://demo.invalid/", "\x1b[2J"),
    ],
)
def test_what_is_no_base_url_is_called_no_place(text: str) -> None:
    assert place_name(text) == f"no host: {text!r}"


@pytest.mark.parametrize(
    ("base_url", "looks"),
    [
        (DEFAULT_BASE_URL, "-live"),
        (DEMO_BASE_URL, "-demo"),
        ("https://demo", ""),
        ("https://live", ""),
        ("https://gateway.example", ""),
        ("http://127.0.0.1:8080", ""),
        ("DEMO", ""),
    ],
)
def test_only_live_and_demo_have_their_looks(base_url: str, looks: str) -> None:
    assert Status(place_name(base_url)).place_class == looks


@pytest.mark.parametrize("most", [16, 24, 32, 50])
def test_long_host_is_cut_so_that_whose_it_is_stays_in_sight(most: int) -> None:
    place = place_name("https://api.binance.com." + "a" * 60 + "." + "b" * 60 + ".evil.example")
    shown = in_short(place, most)
    assert len(shown) == most
    assert shown.endswith("evil.example"[-(most * 2 // 3) :])
    assert "~" in shown
    assert in_short("LIVE", most) == "LIVE"
