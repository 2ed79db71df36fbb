"""What the domain makes of another language: words of a search, labels, and what the journal keeps in English."""

import gettext
from datetime import UTC, datetime, timedelta

import pytest

from tests.evidence import transfer
from tui import language
from tui.domain.amounts import amount_shown, left_behind
from tui.domain.balances import Absent, Account, Restriction
from tui.domain.details import A_MINUTE, NO_PROXY, detail_shown
from tui.domain.entries import mismatches
from tui.domain.moments import ms_of
from tui.domain.records import HistoryRow, RecordStatus
from tui.domain.search import ANY, Search, facts_of, is_found, parse_outcome, parse_search, parse_since
from tui.domain.transfer import Outcome
from tui.domain.wallets import TransferType, Wallet, parse_wallet, wallet_named
from tui.exchange.proxies import UnusableVariable, proxy_for

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

_TEXTS = {
    "Spot": "现货钱包",
    "USD-M Futures": "U本位合约钱包",
    "Isolated Margin {pair}": "杠杆逐仓 {pair}",
    "done": "已完成",
    "not listed": "未列出",
    "in barred": "禁转入",
    "outcome": "结果",
    "all but": "保留",
    "a minute": "一分钟",
    "All connection attempts failed": "所有连接尝试都失败了",
    "LIVE": "实盘",
    "{fact}: {ours} in the journal, {theirs} at the exchange": "{fact}：流水账为 {ours}，交易所为 {theirs}",
    "{variable} names no proxy: its host or port cannot be read": "无法读取 {variable} 的主机或端口",
    "search\x04to": "转入 转入方",
    "search\x04since": "自",
    "search\x04host": "主机",
    "search\x04yesterday": "昨天 昨日",
    "search\x04october": "10月 十月",
    "search\x04d": "天",
    "short\x04USD-M": "U本位",
}


class _Words(gettext.NullTranslations):
    def gettext(self, message: str) -> str:
        return _TEXTS.get(message, message)

    def pgettext(self, context: str, message: str) -> str:
        return _TEXTS.get(f"{context}\x04{message}", message)


@pytest.fixture(autouse=True)
def in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a language of a few words."""
    monkeypatch.setattr(language, "_catalogue", _Words())
    monkeypatch.setattr(language, "_chosen", "zh_CN")


@pytest.mark.parametrize(
    ("line", "in_english"),
    [
        ("转入:U本位", "to:um"),
        ("转入方：U本位合约钱包", "to:um"),
        ("to:U本位 btc", "to:um btc"),
        ("wallet:现货钱包", "wallet:spot"),
        ("outcome:已完成", "outcome:done"),
        ("昨日", "yesterday"),
        ("yesterday", "yesterday"),
        ("btc 十月", "btc october"),
        ("10月", "october"),
        ("自:7天", "since:7d"),
        ("主机:实盘", "host:live"),
        ("outcome：已完成　ｕｓｄｔ １００．５", "outcome:done usdt 100.5"),
        ("2026年10月", "2026-10"),
        ("２０２６年１０月１日", "2026-10-01"),
        ("2026年1月5号", "2026-01-05"),
        ("11月24日", "2026-11-24"),
        ("11月25日", "2025-11-25"),
        ("自:2026年10月1日", "since:2026-10-01"),
    ],
)
def test_search_understands_words_of_both_languages(line: str, in_english: str) -> None:
    assert parse_search(line, NOW) == parse_search(in_english, NOW) != ANY


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("昨", ANY),
        ("转", ANY),
        ("2026年", ANY),
        ("2026年1月2", ANY),
        ("11月2", ANY),
        ("10", Search(text="10")),
        ("对:U", Search(text="对:U")),
        ("2026年13月", Search(text="2026年13月")),
    ],
)
def test_word_that_is_being_typed_is_ignored_but_no_amount(line: str, asked: Search) -> None:
    assert parse_search(line, NOW) == asked


def test_mistake_names_the_filters_in_the_language() -> None:
    with pytest.raises(ValueError, match="choose of wallet:, from:, 转入:, asset:"):
        parse_search("transfer:spot", NOW)


def test_mistake_names_the_outcomes_in_the_language() -> None:
    with pytest.raises(ValueError, match="sending, 已完成, rejected, not-sent, unknown, not-executed"):
        parse_outcome("好")


def test_words_for_programs_are_english() -> None:
    with language.for_programs():
        assert language.chosen() == "en"
        assert parse_since("7d", NOW) == ms_of(NOW - timedelta(days=7))
        assert parse_outcome("done") is Outcome.DONE
        assert Wallet.SPOT.label == "Spot"
        with pytest.raises(ValueError, match="is no time"):
            parse_since("7天", NOW)


def test_transfer_is_found_by_the_words_of_both_languages() -> None:
    row = transfer()
    words = [Wallet.SPOT.english, Wallet.SPOT.label, *row.outcome.words.split(), row.outcome.value]
    assert all(is_found(Search(text=word), facts_of(row)) for word in words)


def test_labels_are_of_the_language_and_values_are_not() -> None:
    assert (Wallet.UM.label, Wallet.UM.short_label, Wallet.UM.english) == ("U本位合约钱包", "U本位", "USD-M Futures")
    assert Account(Wallet.ISOLATED, "BTCUSDT").label == "杠杆逐仓 BTCUSDT"
    assert (Absent.NOT_LISTED.label, Absent.NOT_LISTED.value) == ("未列出", "not listed")
    assert (Restriction.TRANSFERS_IN.label, Restriction.TRANSFERS_IN.value) == ("禁转入", "in barred")
    assert (Outcome.DONE.words, str(Outcome.DONE)) == ("已完成", "done")


def test_mismatch_is_told_in_the_language_of_whoever_reads_it() -> None:
    row = transfer()
    record = HistoryRow(
        row.request.asset, row.request.amount, TransferType.MAIN_FUNDING.name, RecordStatus.FAILED, 1, row.timestamp_ms
    )
    told = mismatches(row, record)[-1]
    assert str(told) == f"结果：流水账为 {row.outcome.words}，交易所为 FAILED"
    with language.for_programs():
        assert str(told) == f"outcome: {row.outcome.words} in the journal, FAILED at the exchange"


def test_detail_of_evidence_is_kept_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://[")
    with pytest.raises(UnusableVariable) as found:
        proxy_for("https", "x.example", 443)
    assert str(found.value) == "https_proxy names no proxy: its host or port cannot be read"
    assert detail_shown(str(found.value)) == "无法读取 https_proxy 的主机或端口"
    assert (A_MINUTE, detail_shown(A_MINUTE)) == ("a minute", "一分钟")
    assert detail_shown(NO_PROXY.format(variable="HTTPS_PROXY")) == "无法读取 HTTPS_PROXY 的主机或端口"
    assert detail_shown("Connection refused") == "Connection refused"
    assert detail_shown("All connection attempts failed") == "所有连接尝试都失败了"


@pytest.mark.parametrize("typed", ["all but 50", "All But 50", "保留 50", "保留50"])
def test_what_should_stay_is_typed_in_either_language(typed: str) -> None:
    assert (left_behind(typed) or "").strip() == "50"


def test_what_should_stay_is_shown_in_the_language() -> None:
    assert [amount_shown(text) for text in ("all but 50", "All But 50", "保留50", "12.5")] == [
        "保留 50",
        "保留 50",
        "保留50",
        "12.5",
    ]
    with language.for_programs():
        assert amount_shown("All But 50") == "All But 50"


def test_person_names_a_wallet_in_either_language_and_a_file_in_english() -> None:
    names = ["spot", "MAIN", "现货钱包", "um", "U本位", "u本位合约钱包"]
    assert [wallet_named(name) for name in names] == [Wallet.SPOT] * 3 + [Wallet.UM] * 3
    with pytest.raises(ValueError, match="there is no wallet"):
        parse_wallet("现货钱包")
    with language.for_programs(), pytest.raises(ValueError, match="there is no wallet"):
        wallet_named("现货钱包")
