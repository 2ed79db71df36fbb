"""Parse a profile's name, an API key and its secret."""

import re
from typing import NamedTuple

from tui.domain.credentials import ApiKey, KeyKind, Secret
from tui.keys.errors import InvalidKey, KeyField
from tui.language import N_, _

MIN_RSA_BITS = 2048

_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_NAME_BEFORE = re.compile(r"(export|set|setx)\s|[^=:]*[=:]")
_QUOTES = re.compile("[\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb]")
_PEM_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_DECRYPT = "openssl pkey -in key.pem -out plain.pem"


def parse_profile_name(text: str) -> str:
    """Return the profile's name that a person typed. Raises ValueError."""
    name = text.strip()
    if not _NAME.fullmatch(name):
        raise ValueError(_("A profile's name has 1 to 32 letters, digits, - and _, like main"))
    return name


def parse_key(kind: KeyKind | None, api_key_text: str, secret_text: str) -> ApiKey:
    """Return the key that a person typed or pasted. Without a kind, the secret says which it is.

    A PEM may be indented, on one line, with CRLF or inside other text; the key has it as plain PEM. Raises InvalidKey.
    """
    api_key = api_key_text.strip()
    if not api_key:
        raise InvalidKey(KeyField.API_KEY, _("Enter the API key; the exchange shows it next to the key's name"))
    if problem := _word_problem(api_key, _API_KEY):
        raise InvalidKey(KeyField.API_KEY, problem)
    if "-----BEGIN" in secret_text:
        kind, secret = _parse_pem(kind, secret_text)
    else:
        kind, secret = _parse_hmac_secret(kind, secret_text)
    return ApiKey(kind, Secret(api_key), Secret(secret))


def _parse_hmac_secret(kind: KeyKind | None, secret_text: str) -> tuple[KeyKind, str]:
    secret = secret_text.strip()
    if kind in (KeyKind.ED25519, KeyKind.RSA):
        raise _bad_secret(
            _("The secret of an {kind} key is its private key as PEM, from -----BEGIN to its END line").format(
                kind=_label(kind)
            )
        )
    if not secret:
        raise _bad_secret(_("Enter the secret: an HMAC key's secret key, or the private key as PEM"))
    if problem := _word_problem(secret, _HMAC_SECRET):
        raise _bad_secret(problem)
    return KeyKind.HMAC, secret


class _Word(NamedTuple):
    """What is wrong with something that must be one word."""

    is_pem: str
    has_name: str
    has_quotes: str
    has_name_and_quotes: str
    has_lines: str
    has_blanks: str
    has_others: str


_API_KEY = _Word(
    N_("This is part of a PEM. An API key is one word of letters and digits, and the PEM is the secret"),
    N_("Give the API key alone: leave out the name before it"),
    N_("Give the API key alone: leave out the quotes around it"),
    N_("Give the API key alone: leave out the name before it and the quotes around it"),
    N_("An API key is one word of letters and digits, but this has more than one line"),
    N_("An API key is one word of letters and digits, without blanks"),
    N_("An API key is one word of letters and digits, without other characters"),
)
_HMAC_SECRET = _Word(
    N_("This is part of a PEM. An HMAC secret is one word of letters and digits, and the PEM is the secret"),
    N_("Give the HMAC secret alone: leave out the name before it"),
    N_("Give the HMAC secret alone: leave out the quotes around it"),
    N_("Give the HMAC secret alone: leave out the name before it and the quotes around it"),
    N_("An HMAC secret is one word of letters and digits, but this has more than one line"),
    N_("An HMAC secret is one word of letters and digits, without blanks"),
    N_("An HMAC secret is one word of letters and digits, without other characters"),
)


def _word_problem(text: str, problems: _Word) -> str:
    """Return what is wrong with a text that must be one word, without quoting it; empty if nothing is.

    A name or quotes around the word would be stored with it, and the exchange would refuse a good key.
    """
    if _WORD.fullmatch(text):
        return ""
    if text.startswith("-----"):
        return _(problems.is_pem)
    match _NAME_BEFORE.match(text), _QUOTES.search(text):
        case re.Match(), re.Match():
            return _(problems.has_name_and_quotes)
        case re.Match(), _none:
            return _(problems.has_name)
        case _none, re.Match():
            return _(problems.has_quotes)
    if "\n" in text:
        return _(problems.has_lines)
    return _(problems.has_blanks if any(map(str.isspace, text)) else problems.has_others)


def _parse_pem(kind: KeyKind | None, secret_text: str) -> tuple[KeyKind, str]:
    if kind is KeyKind.HMAC:
        raise _bad_secret(_("This is a private key as PEM, not an HMAC secret; its kind is ed25519 or rsa"))
    pem = _private_block(secret_text)
    actual = _pem_kind(pem)
    if kind not in (None, actual):
        other = _("This is an {actual} key, not {kind}; its kind is {name}")
        raise _bad_secret(other.format(actual=_label(actual), kind=_label(kind), name=actual))
    return actual, pem


def _private_block(text: str) -> str:
    blocks = _PEM_BLOCK.findall(text)
    private = [(label, body) for label, body in blocks if label.endswith("PRIVATE KEY")]
    if not blocks:
        raise _bad_secret(_("The PEM is cut off: it must reach to its -----END ...----- line"))
    if not private:
        if any(label.endswith("PUBLIC KEY") for label, _body in blocks):
            raise _bad_secret(
                _("This is the public key, which the exchange has; the secret is the PEM file of the private key")
            )
        raise _bad_secret(_("This PEM is no private key: it holds a {kind}").format(kind=blocks[0][0].lower()))
    if len(private) > 1:
        raise _bad_secret(_("There is more than one private key here; give the one that belongs to the API key"))
    label, body = private[0]
    if label == "ENCRYPTED PRIVATE KEY" or "ENCRYPTED" in body:
        encrypted = _("This private key is encrypted; the keyring will guard it, so decrypt it first: {command}")
        raise _bad_secret(encrypted.format(command=_DECRYPT))
    if label == "OPENSSH PRIVATE KEY":
        raise _bad_secret(
            _("This is a key of ssh's own format; the exchange's keys come from openssl genpkey, as PKCS#8")
        )
    base64 = "".join(body.replace(r"\r", "").replace(r"\n", "").split())  # line ends as in a .env file
    lines = [base64[start : start + 64] for start in range(0, len(base64), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def _pem_kind(pem: str) -> KeyKind:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    match key:
        case None:
            raise _bad_secret(_("The private key in this PEM cannot be read; was it cut or changed while copying?"))
        case Ed25519PrivateKey():
            return KeyKind.ED25519
        case RSAPrivateKey() if key.key_size < MIN_RSA_BITS:
            short = _("This RSA key has {bits} bits; the exchange takes {least} and more")
            raise _bad_secret(short.format(bits=key.key_size, least=MIN_RSA_BITS))
        case RSAPrivateKey():
            return KeyKind.RSA
    name = type(key).__name__.removesuffix("PrivateKey").strip("_")
    raise _bad_secret(_("This is a private key for {kind}; the exchange takes Ed25519 and RSA").format(kind=name))


def _label(kind: KeyKind | None) -> str:
    return {KeyKind.ED25519: "Ed25519", KeyKind.RSA: "RSA"}.get(kind or KeyKind.HMAC, "HMAC")


def _bad_secret(message: str) -> InvalidKey:
    return InvalidKey(KeyField.SECRET, message)
