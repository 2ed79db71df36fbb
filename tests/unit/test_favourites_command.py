"""`shunter favourites`: what is in the file, as a table and for programs."""

import json
from pathlib import Path

import pytest

from tui.cli import main
from tui.favourites import favourites_path

_FILE = """
[[favourite]]
name = "to futures"
from = "spot"
to = "um"
asset = "USDT"
amount = "all but 50"

[[favourite]]
name = "coins"
from = "cm"
to = "isolated"
to-pair = "BTCUSDT"
asset = "BTC"
amount = "max"
profile = "main"
"""


@pytest.fixture(autouse=True)
def _file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    favourites_path().parent.mkdir(parents=True)
    favourites_path().write_text(_FILE)


def test_table_names_the_wallet_between_two_moves(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["favourites"]) == 0
    _, first, second = capsys.readouterr().out.splitlines()
    assert first.split() == ["to", "futures", "Spot", "->", "USD-M", "all", "but", "50", "USDT"]
    assert "COIN-M -> Isolated BTCUSDT via Spot" in second
    assert second.endswith("BTC    main")


def test_programs_get_the_types(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["favourites", "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["types"], first["via"], first["profile"]) == ("MAIN_UMFUTURE", None, None)
    assert second == {
        "name": "coins",
        "from": "cm",
        "to": "isolated",
        "from_pair": None,
        "to_pair": "BTCUSDT",
        "via": "spot",
        "types": "CMFUTURE_MAIN, MAIN_ISOLATED_MARGIN",
        "asset": "BTC",
        "amount": "max",
        "profile": "main",
    }


def test_mistake_hides_no_other_favourite_and_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    with favourites_path().open("a") as file:
        file.write("[[favourite]]\nname = 1\n")
    assert main(["favourites"]) == 1
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 3
    assert "line" in err
