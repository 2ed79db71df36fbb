import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.domain.layout import padded, padded_before, sentences, width_of
from tui.domain.text import printable


@given(st.text())
def test_whatever_comes_in_one_harmless_line_comes_out(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) == len(text)
    assert printable(shown) == shown


@pytest.mark.parametrize(
    "text", ["余额不足。", "Insufficient balance — 10 USDT", "잔고 부족", "残高不足ｶﾅ", "é", "ไม่พอ", "👛"]
)
def test_letters_of_every_script_stay(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x1b]52;c;cm0gLXJm\x07", "?[2J?]52;c;cm0gLXJm?"),
        ("\x9b31mred", "?31mred"),
        ("safe\u202egnp.exe", "safe?gnp.exe"),
        ("\u2066a\u2069", "?a?"),
        ("pay\u200bpal\ufeff", "pay?pal?"),
        ("a\u115fb\u3164c\ufe0f", "a?b?c?"),
        ("\ud800", "?"),
        ("\ue000", "?"),
        ("two\nlines\r\n\tand\u2028more\u0085", "two lines   and more "),
        ("a\u00a0b\u3000c", "a b c"),
        ("\x7f\x00\b", "???"),
    ],
)
def test_what_a_terminal_obeys_or_hides_is_replaced(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize("text", ["Spot", "现货钱包", "U本位 BTCUSDT", "（旧）", "ASSET 数量", "é", "e\u0301", "龙币"])
def test_text_takes_as_many_columns_as_the_screens_count(text: str) -> None:
    assert width_of(text) == cell_len(text)
    assert cell_len(padded(text, 20)) == cell_len(padded_before(text, 20)) == 20
    assert padded(text, 20).rstrip() == padded_before(text, 20).lstrip() == padded(text, 1) == text


@pytest.mark.parametrize(
    ("texts", "joined"),
    [
        (["Nothing moved.", "Try again."], "Nothing moved. Try again."),
        (["Nothing moved.", ""], "Nothing moved."),
        (["", "Try again."], "Try again."),
        (["资金没有移动。", "请重试。"], "资金没有移动。请重试。"),
        (["Internal error.", "请重试。", "F5"], "Internal error. 请重试。F5"),
        ([], ""),
    ],
)
def test_sentences_have_a_blank_between_them_but_not_behind_a_chinese_stop(texts: list[str], joined: str) -> None:
    assert sentences(*texts) == joined
