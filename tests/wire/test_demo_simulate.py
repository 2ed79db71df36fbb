"""`shunter simulate` as a process: what it prints, serves and says."""

import argparse
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from tests.wire.signed import ask
from tui.commands import simulate
from tui.demo.fault_words import SPECS, UNWRITABLE
from tui.demo.serving import listen
from tui.domain.credentials import ApiKey, KeyKind, Secret
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import TransferType
from tui.exchange.client import BinanceClient

_COMMAND = """
import argparse, sys
from tui.commands import simulate
parser = argparse.ArgumentParser()
simulate.add_arguments(parser)
sys.exit(simulate.run(parser.parse_args()))
"""


@contextmanager
def _simulate(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The running command, and what it printed until it said how to connect."""
    process = subprocess.Popen(
        [sys.executable, "-c", _COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        printed = ""
        for line in process.stdout:
            printed += line
            if "--profile demo" in line:
                break
        yield process, printed
    finally:
        process.kill()
        process.communicate()


def _run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    simulate.add_arguments(parser)
    return simulate.run(parser.parse_args(arguments))


async def test_each_key_that_it_prints_opens_it() -> None:
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(1))
    with _simulate("--port", "0") as (_, printed):
        url = re.findall(r"http://[0-9.:]+", printed)[0]
        assert f"\n  shunter --base-url {url} --profile demo\n" in printed
        keys = _printed_keys(printed, url)
        assert [key.kind for key in keys] == list(KeyKind)
        for key in keys:
            async with BinanceClient(url, key) as client:
                await client.sync_clock()
                assert client.clock is not None
                assert (await client.transfer(request, client.clock.now_ms())).tran_id > 0


def _printed_keys(printed: str, url: str) -> list[ApiKey]:
    """The keys as `shunter keys add --stdin` reads them: the API key on the first line, then the secret or the PEM."""
    adding = rf"^  shunter keys add demo --base-url {url} --kind (\S+) --stdin < (\S+)$"
    keys = []
    for kind, file in re.findall(adding, printed, re.MULTILINE):
        api_key, _, secret = Path(file).read_text().partition("\n")
        keys.append(ApiKey(KeyKind(kind), Secret(api_key), Secret(secret.strip())))
    return keys


def test_printed_keys_are_for_the_owner_only() -> None:
    with _simulate("--port", "0") as (_, printed):
        files = [Path(file) for file in re.findall(r"< (\S+)$", printed, re.MULTILINE)]
        assert len(files) == len(KeyKind)
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        assert {stat.S_IMODE(file.parent.stat().st_mode) for file in files} == {0o700}


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_it_quietly_and_leaves_no_keys(ending: signal.Signals) -> None:
    with _simulate("--port", "0") as (process, printed):
        folder = Path(re.findall(r"< (\S+)$", printed, re.MULTILINE)[0]).parent
        process.send_signal(ending)
        _, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (0, "")
        assert not folder.exists()


def test_signal_ends_it_while_a_transfer_is_held() -> None:
    with _simulate("--port", "0", "--fault", "delay-before=600s") as (process, printed):
        url = re.findall(r"http://[0-9.:]+", printed)[0]
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{url}/sapi/v1/asset/transfer", timeout=httpx.Timeout(5, read=0.2))
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (0, "")


def test_fault_given_on_the_command_line_is_in_force() -> None:
    with _simulate("--port", "0", "--fault", "cut-before@2", "--fault", "clock=+5000") as (_, printed):
        assert "Fault: cut-before@2\nFault: clock=+5000\n" in printed
        transfer = re.findall(r"http://[0-9.:]+", printed)[0] + "/sapi/v1/asset/transfer"
        assert httpx.post(transfer).json()["code"] == -2014
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.post(transfer)


def test_port_in_use_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    with listen(0) as taken:
        port = taken.getsockname()[1]
        assert _run("--port", str(port)) == 1
    assert capsys.readouterr().err == (
        f"shunter simulate: cannot listen on port {port}: another program listens there\n"
    )


async def test_spot_holds_what_the_command_line_says() -> None:
    with _simulate("--port", "0", "--hold", "币安人生=1200.5", "--hold", "usdt=1") as (_, printed):
        url = re.findall(r"http://[0-9.:]+", printed)[0]
        async with httpx.AsyncClient() as client:
            rows = (await ask(client, url, "POST", "/sapi/v3/asset/getUserAsset")).json()
    assert {"币安人生": "1200.5", "USDT": "1251.00"}.items() <= {row["asset"]: row["free"] for row in rows}.items()


@pytest.mark.parametrize("holding", ["", "BTC", "BTC=", "BTC=-1", "BTC=1e3", "=1", "B T=1", "\x1b[2J=1"])
def test_bad_holding_is_misuse(holding: str) -> None:
    with pytest.raises(SystemExit) as ended:
        _run(f"--hold={holding}")
    assert ended.value.code == 2


def test_holding_of_more_than_there_can_be_is_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--hold", "USDT=99999999999999999999") == 2
    assert capsys.readouterr().err == (
        "shunter simulate: an asset's total must stay below 100,000,000,000,000,000,000\n"
    )


def test_bad_fault_is_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--fault", "nope") == 2
    assert "there is no fault 'nope'; write one of: cut-before, cut-after" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["-1", "65536", "x", "８０"])
def test_bad_port_is_misuse(port: str) -> None:
    with pytest.raises(SystemExit) as ended:
        _run(f"--port={port}")
    assert ended.value.code == 2


def test_without_uvicorn_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "tui.demo.serving")
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert _run("--port", "0") == 1
    said = capsys.readouterr().err
    assert said.startswith("shunter simulate needs uvicorn, ")
    assert said.endswith("In the folder that Shunter was installed from: pip install '.[simulator]'\n")


def test_help_shows_every_fault_in_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        _run("--help")
    shown = capsys.readouterr().out
    words = " ".join(shown.split())
    assert all(f"{example} {meaning}" in words for example, meaning in (SPECS | UNWRITABLE).items())
    assert max(map(len, shown.splitlines())) <= 80
