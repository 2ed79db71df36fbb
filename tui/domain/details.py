"""The details of evidence that Shunter writes itself. The journal keeps them in English, whatever the language."""

from tui.language import N_, _

A_MINUTE = N_("a minute")
BAD_PROXY = N_("HTTPS_PROXY or ALL_PROXY names a proxy that cannot be used")
BAD_CERTIFICATES = N_("SSL_CERT_FILE or SSL_CERT_DIR names a file that cannot be used")
EARLY_ANSWER = N_("an answer came before the request was whole")
EARLY_BYTES = N_("something came before TLS began")
UNASKED_BYTES = N_("something came that was not asked for")

_BY_HTTPX = N_("All connection attempts failed"), N_("Server disconnected without sending a response.")
"""What httpx says most often."""

_WHOLE = frozenset({A_MINUTE, BAD_PROXY, BAD_CERTIFICATES, EARLY_ANSWER, EARLY_BYTES, UNASKED_BYTES, *_BY_HTTPX})
"""The details in which nothing is filled in."""

BAD_FILE = N_("{variable} names a file that cannot be used")
NO_PROXY = N_("{variable} names no proxy: its host or port cannot be read")
OTHER_PROXY = N_("{variable} names a proxy of another kind than http:// and https://")
UNESCAPED_PROXY = N_("{variable} names no proxy: write # / ? and @ in its user name or password as %23 %2F %3F and %40")

_ABOUT_A_VARIABLE = BAD_FILE, NO_PROXY, OTHER_PROXY, UNESCAPED_PROXY


def detail_shown(detail: str) -> str:
    """Return a detail in the person's language. What the system and other libraries say mostly stays in English."""
    if detail in _WHOLE:
        return _(detail)
    for template in _ABOUT_A_VARIABLE:
        ending = template.removeprefix("{variable}")
        if detail.endswith(ending):
            return _(template).format(variable=detail.removesuffix(ending))
    return detail
