"""What is taken for a profile's name, an API key and its secret, and what is said of anything else."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from tui import keys
from tui.domain.credentials import KeyKind

API_KEY = "A1b2C3d4" * 7 + "E5f6k3Fq"
SECRET = "Zy9Xw8Vu" * 8


def pem_of(
    key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    form: PrivateFormat = PrivateFormat.PKCS8,
    encryption: KeySerializationEncryption | None = None,
) -> str:
    return key.private_bytes(Encoding.PEM, form, encryption or NoEncryption()).decode()


ED25519_KEY = ed25519.Ed25519PrivateKey.generate()
RSA_KEY = rsa.generate_private_key(65537, 2048)
ED25519_PEM = pem_of(ED25519_KEY)
RSA_PEM = pem_of(RSA_KEY)


def test_hmac_key_is_taken_as_typed_without_the_blanks_around_it() -> None:
    key = keys.parse_key(None, f"  {API_KEY}\r\n", f"\t{SECRET}\r\n")
    assert (key.kind, key.api_key.reveal(), key.secret.reveal()) == (KeyKind.HMAC, API_KEY, SECRET)


@pytest.mark.parametrize("kind", [KeyKind.ED25519, KeyKind.RSA])
@pytest.mark.parametrize("asked", [True, False])
def test_kind_of_a_private_key_is_told_by_its_pem(kind: KeyKind, asked: bool) -> None:
    pem = {KeyKind.ED25519: ED25519_PEM, KeyKind.RSA: RSA_PEM}[kind]
    key = keys.parse_key(kind if asked else None, API_KEY, pem)
    assert (key.kind, key.secret.reveal()) == (kind, pem)


@pytest.mark.parametrize(
    "changed",
    [
        RSA_PEM.replace("\n", "\r\n"),
        RSA_PEM.rstrip("\n"),
        RSA_PEM.replace("\n", " "),
        "\n\n" + RSA_PEM.replace("\n", "\n    "),
        f"Bag Attributes\n    friendlyName: mine\n{RSA_PEM}\n# the end",
        RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode() + RSA_PEM,
    ],
    ids=["CRLF", "no newline at the end", "one line", "indented", "other text around it", "public half with it"],
)
def test_pem_changed_by_copying_is_stored_as_plain_pem(changed: str) -> None:
    assert keys.parse_key(None, API_KEY, changed).secret.reveal() == RSA_PEM


def test_pkcs1_rsa_key_is_taken() -> None:
    pem = pem_of(RSA_KEY, PrivateFormat.TraditionalOpenSSL)
    assert keys.parse_key(KeyKind.RSA, API_KEY, pem).secret.reveal() == pem


@pytest.mark.parametrize("api_key", ["", "  \n", "two words", "ключ", "a\x00b", "-----BEGIN PRIVATE KEY-----"])
def test_what_is_no_api_key_is_refused_at_its_field(api_key: str) -> None:
    with pytest.raises(keys.InvalidKey, match="API key") as refused:
        keys.parse_key(None, api_key, SECRET)
    assert refused.value.field is keys.KeyField.API_KEY


@pytest.mark.parametrize(
    ("around", "right"),
    [
        ('"{}"', "leave out the quotes around it"),
        ("'{}'", "leave out the quotes around it"),
        ("\u201c{}\u201d", "leave out the quotes around it"),
        ("{}'", "leave out the quotes around it"),
        ("API_KEY={}", "leave out the name before it"),
        ("api key = {}", "leave out the name before it"),
        ("apiKey: {}", "leave out the name before it"),
        ("export KEY={}", "leave out the name before it"),
        ("setx KEY {}", "leave out the name before it"),
        ('export KEY="{}"', "leave out the name before it and the quotes around it"),
        ('{{"apiKey": "{}",', "leave out the name before it and the quotes around it"),
        ("{},", "without other characters"),
        ("{};", "without other characters"),
        ("{}\u200b", "without other characters"),
        ("\ufeff{}", "without other characters"),
        ("{} # mine", "without blanks"),
        ("{0}\n{0}", "more than one line"),
    ],
)
def test_what_stands_around_a_key_is_named_and_never_stored_nor_shown(around: str, right: str) -> None:
    for field, typed in (
        (keys.KeyField.API_KEY, (around.format(API_KEY), SECRET)),
        (keys.KeyField.SECRET, (API_KEY, around.format(SECRET))),
    ):
        with pytest.raises(keys.InvalidKey) as refused:
            keys.parse_key(None, *typed)
        assert refused.value.field is field
        assert right in str(refused.value)
        assert not any(value in str(refused.value) for value in (API_KEY, SECRET, API_KEY[:8], SECRET[:8]))


@pytest.mark.parametrize("form", ['export SECRET="{}"', "SECRET='{}'", "{}"])
def test_private_key_with_written_out_line_ends_is_stored_as_plain_pem(form: str) -> None:
    for line_end in (r"\n", r"\r\n"):
        written = form.format(RSA_PEM.replace("\n", line_end))
        assert keys.parse_key(None, API_KEY, written).secret.reveal() == RSA_PEM


PUBLIC_PEM = ED25519_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
PUBLIC_PKCS1 = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
PASSPHRASE = BestAvailableEncryption(b"x")
_NUMBERS = RSA_KEY.private_numbers()
OTHER_EXPONENT = rsa.RSAPrivateNumbers(
    _NUMBERS.p, _NUMBERS.q, _NUMBERS.d ^ 4, _NUMBERS.dmp1, _NUMBERS.dmq1, _NUMBERS.iqmp, _NUMBERS.public_numbers
)
"""Its numbers do not belong together: signing with it, which does not look again, could lead to anything."""
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
DECRYPT = "encrypted.*openssl pkey -in key.pem -out plain.pem"

NO_SECRETS = {
    "nothing": (None, "", "Enter the secret"),
    "blanks": (None, " \n", "Enter the secret"),
    "two words": (KeyKind.HMAC, "two words", "one word"),
    "not ASCII": (KeyKind.HMAC, "секрет", "one word"),
    "PEM for hmac": (KeyKind.HMAC, ED25519_PEM, "its kind is ed25519 or rsa"),
    "word for ed25519": (KeyKind.ED25519, SECRET, "secret of an Ed25519 key is its private key as PEM"),
    "nothing for rsa": (KeyKind.RSA, "", "secret of an RSA key is its private key as PEM"),
    "ed25519 for rsa": (KeyKind.RSA, ED25519_PEM, "This is an Ed25519 key, not RSA; its kind is ed25519"),
    "rsa for ed25519": (KeyKind.ED25519, RSA_PEM, "This is an RSA key, not Ed25519; its kind is rsa"),
    "PEM cut off": (None, RSA_PEM[:900], "cut off"),
    "PEM with a line missing": (None, "\n".join(RSA_PEM.splitlines()[:5] + RSA_PEM.splitlines()[6:]), "cut or changed"),
    "PEM with other signs": (None, RSA_PEM.replace("\n", "\n!", 3), "cut or changed"),
    "PEM with another number": (
        None,
        pem_of(OTHER_EXPONENT.private_key(unsafe_skip_rsa_key_validation=True)),
        "cut or changed",
    ),
    "PEM that is not ASCII": (None, ED25519_PEM.replace("\n", "é\n"), "cut or changed"),
    "encrypted PKCS#8": (None, pem_of(RSA_KEY, encryption=PASSPHRASE), DECRYPT),
    "encrypted PKCS#1": (None, pem_of(RSA_KEY, PrivateFormat.TraditionalOpenSSL, PASSPHRASE), DECRYPT),
    "public key": (None, PUBLIC_PEM, "public key"),
    "public key, PKCS#1": (None, PUBLIC_PKCS1, "public key"),
    "certificate": (None, CERTIFICATE, "holds a certificate"),
    "ssh key": (None, pem_of(ED25519_KEY, PrivateFormat.OpenSSH), "ssh's own format"),
    "EC key": (None, pem_of(ec.generate_private_key(ec.SECP256K1())), "takes Ed25519 and RSA"),
    "short RSA key": (None, pem_of(rsa.generate_private_key(65537, 1024)), "1024 bits; the exchange takes 2048"),
    "two keys": (None, ED25519_PEM + RSA_PEM, "more than one"),
}


@pytest.mark.parametrize(("kind", "secret", "words"), NO_SECRETS.values(), ids=NO_SECRETS)
def test_what_cannot_sign_is_refused_with_what_would_be_right(kind: KeyKind | None, secret: str, words: str) -> None:
    with pytest.raises(keys.InvalidKey, match=words) as refused:
        keys.parse_key(kind, API_KEY, secret)
    assert refused.value.field is keys.KeyField.SECRET
    assert refused.value.__context__ is None
    assert API_KEY not in str(refused.value)


@given(st.sampled_from([None, *KeyKind]), st.text(), st.text() | st.text().map(lambda body: f"-----BEGIN {body}"))
def test_parsing_a_key_fails_only_with_invalid_key(kind: KeyKind | None, api_key: str, secret: str) -> None:
    try:
        key = keys.parse_key(kind, api_key, secret)
    except keys.InvalidKey:
        return
    assert key.secret.reveal().isascii()
    assert key.api_key.reveal().isascii()


@pytest.mark.parametrize("name", ["main", "a", "A-b_9", "x" * 32, " main "])
def test_profile_name_is_taken(name: str) -> None:
    assert keys.parse_profile_name(name) == name.strip()


@pytest.mark.parametrize("name", ["", " ", "x" * 33, "a b", "../a", "naïve", "a\nb", "٣", "a.b"])
def test_other_profile_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="1 to 32 letters, digits, - and _"):
        keys.parse_profile_name(name)
