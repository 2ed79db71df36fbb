"""Every picture that is taken in English, in Chinese: the same tests, in a process that has chosen it from its start.

`SHUNTER_TESTS_IN=zh_CN pytest -n 0 tests/screens/test_snapshots.py --snapshot-update` takes new ones.
"""

import html
import os
import re
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import pytest

from tui.language import CHINESE

_HERE = Path(__file__).parent
_ENGLISH = _HERE / "__snapshots__"
_CHINESE = _ENGLISH / CHINESE
_TEXT = re.compile(r'<text[^>]*? x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>')
_WORD = re.compile(r"[A-Za-z][A-Za-z-]{2,}")

_KEYS = {"Ctrl", "Down", "Enter", "Esc", "Left", "Right", "Shift", "Tab"}
_NAMES = {"App", "Credential", "D-Bus", "Key", "Keyring", "KWallet", "Linux", "Locker", "Secret", "Service", "Shunter"}
_DATA = {
    *("Windows", "api", "asset", "binance", "cfg", "coins", "com", "demo", "example", "favourites", "gnome-keyring"),
    *("hmac", "home", "https", "keyringrc", "macOS", "main", "margin", "null", "own", "profile", "ranId", "rehearsal"),
    *("security", "status", "toml", "tranId", "type", "unlock-keychain", "xTz", "zzz", "amount"),
}
_TYPED = {"all", "differs", "done", "good", "not-executed", "not-sent", "outcome", "rejected", "sending", "unknown"}
_TYPED |= {"usdt", "wallet"}
_OF_OTHERS = (
    "You have insufficient",
    " balance",
    "An unknown error occurred",
    "Invalid API-key, IP, or permissions for action",
    "All connection attempts failed",
)
"""What the exchange and the system say in their own words."""


def rows(picture: Path) -> list[str]:
    """The rows of a picture, from top to bottom."""
    cells = sorted((float(y), float(x), html.unescape(text)) for x, y, text in _TEXT.findall(picture.read_text()))
    return ["".join(text for _, _, text in row) for _, row in groupby(cells, key=lambda cell: cell[0])]


@pytest.mark.parametrize("which", ["test_snapshots", "test_[!s]*"])  # each is half of them
@pytest.mark.long
def test_pictures_in_chinese(which: str) -> None:
    files = [str(_HERE / f"{folder.name}.py") for folder in sorted(_ENGLISH.glob(which))]
    command = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", *files]
    environment = {**os.environ, "SHUNTER_TESTS_IN": CHINESE}
    environment.pop("PYTEST_XDIST_WORKER", None)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]


def test_pictures_in_chinese_have_no_english() -> None:
    """Names and data stay as they are, and so does what the exchange says."""
    left = set()
    for picture in _CHINESE.rglob("*.svg"):
        text = " ".join(" ".join(rows(picture)).split())
        for words in _OF_OTHERS:
            text = text.replace(words, "")
        left |= {word for word in _WORD.findall(text) if not word.isupper()}
    assert left - (_KEYS | _NAMES | _DATA | _TYPED) == set()


def test_nothing_is_cut_in_chinese_that_is_whole_in_english() -> None:
    pictures = [path.relative_to(_ENGLISH) for path in _ENGLISH.glob("test_*/*.svg")]
    pictures = [name for name in pictures if (_CHINESE / name).exists()]
    assert len(pictures) > 100
    cut = [name for name in pictures if _cuts(_CHINESE / name) > _cuts(_ENGLISH / name)]
    assert cut == []


def _cuts(picture: Path) -> int:
    return sum(row.count("~") + row.count("…") for row in rows(picture))
