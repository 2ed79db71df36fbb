"""Lines of Chinese break between characters; other lines break as Textual breaks them."""

import re
from pathlib import Path

import pytest
from rich import _wrap
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text
from textual.content import Content

import tui
from tui.domain.layout import CLOSING, OPENING
from tui.widgets.line_breaks import break_between_characters

MANUAL = Path(tui.__file__).parent / "manual"
ENGLISH = [line for path in sorted(MANUAL.glob("*.md")) for line in path.read_text().splitlines() if line.isascii()]
CHINESE = [line for path in sorted(MANUAL.glob("zh_CN/*.md")) for line in path.read_text().splitlines()]
_AS_EVER = re.compile(r"\s*\S+\s*")


@pytest.fixture(autouse=True)
def _breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_wrap, "re_word", _wrap.re_word)
    monkeypatch.setattr(Content, "get_minimal_width", Content.get_minimal_width)
    break_between_characters()


def wrapped(text: str, width: int) -> list[str]:
    return [line.plain.strip() for line in Content(text).wrap(width)]


def test_a_chinese_line_is_filled_and_no_line_begins_with_a_full_stop() -> None:
    text = "Shunter 会在半小时后重新核查（按 F5 刷新）。U本位合约钱包"
    assert wrapped(text, 20) == ["Shunter 会在半小时后", "重新核查（按 F5 刷", "新）。U本位合约钱包"]
    assert wrapped("资金已划转。", 10) == ["资金已划", "转。"]
    assert wrapped("正在查询...", 10) == ["正在查", "询..."]
    assert [line.plain for line in Text("资金已划转。").wrap(Console(), 10)] == ["资金已划", "转。"]


@pytest.mark.parametrize("width", [20, 40, 76])
def test_no_chinese_line_is_too_wide_or_loses_anything(width: int) -> None:
    for text in CHINESE:
        lines = wrapped(text, width)
        assert "".join("".join(lines).split()) == "".join(text.split())
        assert all(cell_len(line) <= width for line in lines)
        assert not [line for line in lines[1:] if line and line[0] in CLOSING]
        assert not [line for line in lines[:-1] if line and line[-1] in OPENING]


def test_other_lines_break_as_ever() -> None:
    assert [_wrap.re_word.findall(line) for line in ENGLISH] == [_AS_EVER.findall(line) for line in ENGLISH]


def test_a_column_of_a_table_holds_a_word_or_eight_characters() -> None:
    texts = ("资金已划转。请等到列表显示其结果", "未执行", "a longest word", "经 DBUS_SESSION_BUS_ADDRESS，", " ")
    assert [Content(text).get_minimal_width({}) for text in texts] == [16, 6, 7, 26, 0]
