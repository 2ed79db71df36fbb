"""Signatures of the exchange's three kinds of key.

HMAC keys: HMAC-SHA256, hex. Ed25519 keys: Ed25519, base64. RSA keys: PKCS#1 v1.5 with SHA-256, base64.
"""

import hashlib
import hmac
from base64 import b64encode

from tui.domain.credentials import ApiKey, KeyKind


def sign(key: ApiKey, payload: bytes) -> str:
    """Return the signature of a payload, not yet percent-encoded.

    The secret becomes a signing key for this one signature, which is then dropped.
    """
    secret = key.secret.reveal().encode()
    if key.kind is KeyKind.HMAC:
        return hmac.new(secret, payload, hashlib.sha256).hexdigest()
    return b64encode(_sign_with_pem(secret, payload)).decode()


def _sign_with_pem(pem: bytes, payload: bytes) -> bytes:
    # Imported late: HMAC keys, the most common, never need it, and it is the slowest import of a start.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    private_key = load_pem_private_key(pem, password=None)
    if isinstance(private_key, Ed25519PrivateKey):
        return private_key.sign(payload)
    if isinstance(private_key, RSAPrivateKey):
        return private_key.sign(payload, PKCS1v15(), SHA256())
    raise TypeError("a profile holds Ed25519 or RSA keys only")
