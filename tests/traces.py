"""The pieces of a key that are found nowhere but in the keyring and on the wire to its host."""

import base64

from tui.domain.credentials import ApiKey, KeyKind


def traces(key: ApiKey) -> list[bytes]:
    """Pieces of the key's two parts: as they are, as base64 however aligned, and as hex."""
    found: list[bytes] = []
    body = "".join(line for line in key.secret.reveal().splitlines() if not line.startswith("-----"))
    for text in (key.api_key.reveal(), body):
        raws = [text.encode()]
        if key.kind is not KeyKind.HMAC and text is body:
            raws.append(base64.b64decode(body))
        for raw in raws:
            for start in range(0, len(raw) - 15, 8):
                piece = raw[start : start + 16]
                found += [piece, piece.hex().encode(), piece.hex().upper().encode()]
                found += [base64.b64encode(piece[shift:])[:-4].rstrip(b"=") for shift in range(3)]
    # The start of a PEM of its kind is the same for every key.
    header = {KeyKind.ED25519: 32, KeyKind.RSA: 64}.get(key.kind, 0)
    common = body[:header].encode()
    return [trace for trace in found if trace not in common and trace not in base64.b64decode(common or b"")]
