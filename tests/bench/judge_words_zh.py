"""The patterns of `judge_words` in Chinese: those of what is below the screens, and of the commands.

Written from what each sentence claims, and not taken from the catalogue, which would be believed otherwise.
"""

import re

OUTCOMES = {
    "发送中": "sending",
    "已完成": "done",
    "被拒绝": "rejected",
    "未发送": "not sent",
    "未知": "unknown",
    "未执行": "not executed",
}
"""Each outcome as it is in the journal."""

_OUTCOMES = f"({'|'.join(OUTCOMES)})"
_AMOUNT = r"([0-9][0-9,]*(?:\.[0-9]+)?)"

_STANDING = (
    r"(?:有相符的记录显示|判断为|经您决定为|按交易所的历史为|按您的说法为)?"
    rf"(?:结果)?(?:{_OUTCOMES}|(失败))"
)
"""How an earlier transfer has ended, at the end of a sentence."""

_DIALOG = re.compile(rf"^划转(?:结果)?{_OUTCOMES}(?=：|$)", re.MULTILINE)
_DIALOG_AMOUNT = re.compile(rf"数量 +{_AMOUNT} USDT")
_ALARM = re.compile(r"^(?:实际已执行|再度未知|已更正)", re.MULTILINE)
EXECUTED_AFTER_ALL = "实际已执行"
REOPENED = "再度未知"
_NOTHING_MOVED = re.compile(r"没有移动|未曾移动|不会(?:被)?执行|不会移动|没有发送任何划转")
_REVIEW = re.compile(r"\bREVIEW\b(?s:.*?)数量")
_REFUSED_NOW = re.compile(r"交易所已拒绝")
_NOTHING_SENT = re.compile(r"没有发送任何划转")
_REPEAT = re.compile(rf"\S+ 发送过一笔相同的划转，{_STANDING}")
_ENDED = re.compile(
    rf"{_AMOUNT} USDT，[^，\n]* -> [^，\n]*，\S+ 发送：{_STANDING}[^\n]*?(?:，tranId ([0-9]+))?$", re.MULTILINE
)
_MOVED_FOR_SURE = re.compile(r"交易所已完成划转|资金已划转[：，]|交易所表示，这笔划转实际已执行")
_NOT_MOVED_FOR_SURE = re.compile(r"交易所已拒绝。资金没有移动|请求没有到达交易所。资金没有移动")

AGREE = re.compile(r"^([0-9,]+) 笔一致，([0-9,]+) 笔有差异", re.MULTILINE)
UNMOVED = re.compile(r"^([0-9,]+) 笔被拒绝、失败、未发送或判断为未执行；没有记录显示资金已划转", re.MULTILINE)
BY_WORD = re.compile(r"^([0-9,]+) 笔经您决定为已完成；未比对", re.MULTILINE)
STILL_PENDING = re.compile(r"^([0-9,]+) 笔已完成，但记录仍为 PENDING", re.MULTILINE)
STILL_OPEN = re.compile(r"^([0-9,]+) 笔尚未查明：请用此密钥打开 Shunter", re.MULTILINE)
LEFT_OUT = re.compile(r"^([0-9,]+) 笔未比对：在最近一小时内发送", re.MULTILINE)
