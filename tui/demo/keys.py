"""Throwaway keys for the demo exchange."""

import secrets

from tui.domain.credentials import ApiKey, KeyKind, Secret


def demo_key() -> ApiKey:
    """Return the HMAC key that every demo exchange accepts. It is always the same, and works nowhere else."""
    return ApiKey(KeyKind.HMAC, Secret("demo" * 16), Secret("thisisnotasecret" * 4))


def new_key(kind: KeyKind) -> tuple[ApiKey, str]:
    """Return a new key and its verifier: the secret of an HMAC key, otherwise the public key as PEM."""
    api_key = Secret(secrets.token_hex(32))
    if kind is KeyKind.HMAC:
        secret = secrets.token_hex(32)
        return ApiKey(kind, api_key, Secret(secret)), secret
    # Imported here, because the demo's own key does not need it.
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    private: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
    if kind is KeyKind.ED25519:
        private = ed25519.Ed25519PrivateKey.generate()
    else:
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private_pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public_pem = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return ApiKey(kind, api_key, Secret(private_pem.decode())), public_pem.decode()
