"""A key in a keyring of the test's own, so that the real program opens at any exchange on loopback."""

import json
from pathlib import Path

from tui.demo.keys import demo_key
from tui.domain.credentials import ApiKey

Environment = dict[str, str]

KEYRING = """
import json, pathlib
from keyring.backend import KeyringBackend

FILE = pathlib.Path(__file__).with_suffix(".json")

class Keyring(KeyringBackend):
    priority = 5
    def get_password(self, service, username):
        return json.loads(FILE.read_text()).get(username)
    set_password = delete_password = None
"""


def with_key(environment: Environment, folder: Path, base_url: str, key: ApiKey | None = None) -> Environment:
    """The environment of a person with one profile, `main`: the demo's key, or another one."""
    key = key or demo_key()
    entry = {"kind": key.kind, "base_url": base_url, "api_key": key.api_key.reveal(), "secret": key.secret.reveal()}
    profile = {"name": "main", "kind": key.kind, "base_url": base_url, "tail": key.tail}
    config = Path(environment["XDG_CONFIG_HOME"]) / "shunter"
    config.mkdir(parents=True)
    (config / "profiles.json").write_text(json.dumps({"profiles": [profile | {"added_at": "2026-01-01T12:00:00Z"}]}))
    (folder / "keyring_of_test.py").write_text(KEYRING)
    (folder / "keyring_of_test.json").write_text(json.dumps({"main": json.dumps(entry)}))
    return environment | {
        "PYTHONPATH": f"{folder}:{environment['PYTHONPATH']}",
        "PYTHON_KEYRING_BACKEND": "keyring_of_test.Keyring",
    }
