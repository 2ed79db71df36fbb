"""Evidence cannot be built from less than what it says, and the journal gives it back as it was."""

import contextlib
import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence import accepted, ambiguous, matching_record, named, no_record, persons_word, refusal
from tests.evidence import transfer as transfer_with
from tui.domain.answers import REFUSAL_CODES, Shape, WholeAnswer, accepted_tran_id, is_refusal
from tui.domain.evidence import (
    Accepted,
    Ambiguous,
    Awaiting,
    Basis,
    Clash,
    Evidence,
    Failure,
    Flaw,
    Legacy,
    MatchingRecord,
    NeverLeft,
    NoRecord,
    Obstacle,
    Outcome,
    PersonsRecord,
    PersonsWord,
    Reason,
    Refusal,
    Reopened,
    SenderGone,
    basis_of,
    code_from,
    named_tran_ids,
    outcome_from,
    tran_id_from,
)
from tui.domain.records import RecordStatus
from tui.exchange.answers import evidence_from, whole_answer
from tui.journal import evidence as codec
from tui.words import outcomes

YES = whole_answer(200, b'{"tranId":7}')
NO = whole_answer(400, b'{"code":-5002,"msg":"no"}')
NEITHER = whole_answer(500, b'{"code":-1007,"msg":"no"}')


@pytest.mark.parametrize("answer", [NO, NEITHER, whole_answer(200, b'{"tranId":7,"success":true}')], ids=str)
def test_a_yes_is_built_from_a_yes_alone(answer: WholeAnswer) -> None:
    assert Accepted(YES).tran_id == 7
    with pytest.raises(ValueError, match="not a yes"):
        Accepted(answer)


@pytest.mark.parametrize("answer", [YES, NEITHER, whole_answer(400, b'{"code":-5002,"msg":"no","tranId":7}')], ids=str)
def test_a_no_is_built_from_a_no_alone(answer: WholeAnswer) -> None:
    assert Refusal(NO).answer is NO
    with pytest.raises(ValueError, match="not a refusal"):
        Refusal(answer)


@pytest.mark.parametrize("answer", [YES, NO], ids=str)
@pytest.mark.parametrize("flaw", Flaw)
def test_doubt_is_never_built_from_a_yes_or_a_no(flaw: Flaw, answer: WholeAnswer) -> None:
    with pytest.raises(ValueError, match="a yes or a no"):
        Ambiguous(flaw, answer)


@pytest.mark.parametrize("status", ["PENDING", "LOST", "", "confirmed"])
def test_a_record_that_says_nothing_final_is_no_evidence_of_an_end(status: str) -> None:
    for build in (MatchingRecord, PersonsRecord):
        kept: Any = RecordStatus(status) if status == "PENDING" else status
        with pytest.raises(ValueError, match="nothing final"):
            build(7, kept, 1_700_000_000_000)


_ANY_BYTES = st.binary(max_size=60)
_LIKE_JSON = st.one_of(
    st.sampled_from([b'{"tranId":7}', b'{"code":-5002,"msg":"no"}', b"<html>", b"", b'{"msg":"no"}', b'{"code":-1}']),
    _ANY_BYTES,
)


@given(status=st.integers(100, 599), before=_ANY_BYTES, body=_LIKE_JSON, after=_ANY_BYTES, is_followed=st.booleans())
def test_any_answer_at_all_is_one_of_three(
    status: int, before: bytes, body: bytes, after: bytes, is_followed: bool
) -> None:
    """And what is a yes or a no is so as a whole: with one thing more, it is neither."""
    for whole in (body, before + body + after):
        evidence = evidence_from(status, {}, whole, is_followed=is_followed)
        assert isinstance(evidence, Accepted | Refusal | Ambiguous)
        assert outcomes.message(evidence).replace("\n", "").isprintable()
        if isinstance(evidence, Accepted):
            assert (status, is_followed, evidence.answer.fields) == (200, False, {"tranId": evidence.tran_id})
        if isinstance(evidence, Refusal):
            assert not evidence.answer.tran_ids
            assert not is_followed
            assert status in (400, 401, 403, 418, 429, 503)
        if not isinstance(evidence, Ambiguous):
            assert isinstance(evidence_from(status, {}, whole, is_followed=True), Ambiguous)
            assert isinstance(evidence_from(status, {}, whole + b'{"tranId":8}'), Ambiguous)
            assert isinstance(evidence_from(status, {}, whole + b"x"), Ambiguous) or whole.lstrip()[:1] == b"<"


@pytest.mark.parametrize(
    "body",
    [
        rb'{"code":-5013,"msg":"tr\u0061nId 5"}',
        rb'{"code":-5013,"msg":"tr\\u0061nId 5"}',
        rb'{"code":-5013,"msg":"{\"tr\\\\u0061n_id\":5}"}',
        b'{"code":-5013,"msg":"TRAN_ID=5"}',
        b'{"code":-5013,"msg":"tran id 5"}',
        b'{"code":-5013,"msg":"tranid&#58;5"}',
        b'{"code":-5013,"msg":"tran%49d 5"}',
        b'{"code":-5013,"msg":"pending under its tranId"}',
        b'{"code":-5013,"msg":"tranId 99999999999999999999"}',
        '{"code":-5013,"msg":"\uff54\uff52\uff41\uff4e\uff29\uff44 5"}'.encode(),
    ],
)
def test_refusal_that_mentions_a_tran_id_is_none(body: bytes) -> None:
    assert isinstance(evidence_from(400, {}, b'{"code":-5013,"msg":"No."}'), Refusal)
    assert isinstance(evidence_from(400, {}, body), Ambiguous)


@pytest.mark.parametrize("start", [b"<html>", b"<HTML lang=en>", b"<!DOCTYPE HTML>", b"<!doctype  html PUBLIC>"])
@pytest.mark.parametrize("before", [b"", b" \r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
@pytest.mark.parametrize("status", [403, 418, 429])
def test_page_of_a_firewall_is_a_refusal(status: int, before: bytes, start: bytes) -> None:
    page = before + start + b"<body>Request blocked.</body></html>"
    assert isinstance(evidence_from(status, {}, page), Refusal)
    for beside in (b"tranId", b"tr&#97;nId", b"code: 1", b"&quot;code&quot;:1", b"errorCode=-1007", b'"error_code":1'):
        assert isinstance(evidence_from(status, {}, page + beside), Ambiguous)


@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0"?><transfer><id>5</id><state>done</state></transfer>',
        b'<json>{"result":"ok","id":5}</json>',
        b"<htmlx>",
        b"<!doctype json>",
        b"< html>",
        b"<!-- --><html>",
        b"x<html>",
        b"<",
    ],
)
def test_what_does_not_begin_as_a_page_is_none(body: bytes) -> None:
    assert isinstance(evidence_from(403, {}, body), Ambiguous)


@pytest.mark.parametrize(
    "body",
    [
        rb'{"tr\u0061nId":5,"x":1}',
        rb'{"data":{"TRAN_ID":"5"}}',
        rb'{"x":"{\"tranI\u0064\":5}"}',
        rb'{"tranId":5,"\ud800":1}',
        rb'{"x":"\ud83d","tranId":"\u0035"}',
        b"<html>tr&#x61;nId&nbsp;5",
    ],
)
def test_tran_id_is_named_in_whatever_escapes(body: bytes) -> None:
    assert named_tran_ids(evidence_from(200, {}, body)) == (5,)


_NAMES = st.sampled_from(["tranId", "code", "msg", "TRAN_ID", "\ud800", "\udfff", "\0", "x"]) | st.text(max_size=3)
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["\ud800", "tranId 5"]),
    lambda inside: st.lists(inside, max_size=2) | st.dictionaries(_NAMES, inside, max_size=2),
    max_leaves=4,
)
_OBJECTS = st.builds(
    lambda fields, is_ascii: json.dumps(fields, ensure_ascii=is_ascii).encode(errors="surrogatepass"),
    st.dictionaries(_NAMES, _VALUES, max_size=3),
    st.booleans(),
)
_PIECES = [
    *(b'{"tranId":', b"77", b"}", b"{", b'"', b",", rb"\ud800", rb"\u0061", rb"\\u005c", b"&#97;", b"&#" + b"9" * 5000),
    *(
        b"%61",
        b"%",
        b"<html>",
        b"<!doctype html",
        b'"code":-5002',
        b'"msg":"',
        b"tran",
        b"id",
        b"\xff",
        b"\xef\xbb\xbf",
    ),
    *(b"[" * 5000, b"9" * 5000, b" ", b"\0", b"1e999", b"NaN"),
]
_PATCHWORK = st.lists(st.sampled_from(_PIECES) | st.binary(max_size=3), max_size=8).map(b"".join)
_HEADERS = st.dictionaries(
    st.sampled_from(["Retry-After", "Date"]),
    st.text(max_size=30)
    | st.sampled_from(["Mon, 01 Jan 0001 00:00:00 +2359", "Fri, 31 Dec 9999 23:59:59 -2359", "1 2"]),
)


@given(
    status=st.sampled_from([200, 400, 403, 418, 429, 500, 503]) | st.integers(0, 999),
    headers=_HEADERS,
    body=_OBJECTS | _PATCHWORK,
    is_followed=st.booleans(),
)
def test_whatever_is_answered_can_be_written_down(
    status: int, headers: dict[str, str], body: bytes, is_followed: bool
) -> None:
    """No answer ends the app, and none is more than it says: a yes is the documented body and nothing else."""
    evidence = evidence_from(status, headers, body, is_followed=is_followed)
    kind, values = codec.written(evidence)
    values.encode()
    assert codec.read(kind, values) == evidence
    outcomes.message(evidence).encode()
    is_yes = False
    with contextlib.suppress(ValueError, RecursionError):
        pairs = json.loads(body.decode(), object_pairs_hook=tuple)
        match pairs:
            case (("tranId", int(tran_id)),):
                is_yes = status == 200 and not is_followed and type(tran_id) is int and 0 < tran_id < 2**63
    assert isinstance(evidence, Accepted) is is_yes


# What the journal keeps

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_NUMBER = st.integers(-(2**63) + 1, 2**63 - 1)
_TRAN_ID = st.integers(1, 2**63 - 1)
_MS = st.integers(0, 250_000_000_000_000)
_OUTCOME = st.sampled_from(Outcome)
_FINAL = st.sampled_from([RecordStatus.CONFIRMED, RecordStatus.FAILED])
_WHOLE = st.builds(
    WholeAnswer,
    status=st.integers(100, 599),
    shape=st.sampled_from(Shape),
    fields=st.dictionaries(_TEXT, st.none() | st.booleans() | _NUMBER | _TEXT, max_size=3),
    text=_TEXT,
    tran_ids=st.lists(_TRAN_ID, max_size=2).map(tuple),
    is_followed=st.booleans(),
    is_cut=st.booleans(),
)
_NO = st.builds(
    lambda code, message: (
        whole_answer(400, b'{"code":%d,"msg":"x"}' % code)
        if not message
        else refusal(code=code, message=message).answer
    ),
    st.sampled_from(sorted(REFUSAL_CODES)),
    _TEXT,
)
_EVIDENCE: dict[type, st.SearchStrategy[Evidence]] = {
    Awaiting: st.just(Awaiting()),
    Accepted: _TRAN_ID.map(accepted),
    Refusal: st.builds(Refusal, _NO, st.none() | st.integers(0, 10**6)),
    NeverLeft: st.builds(NeverLeft, st.sampled_from(Obstacle), st.none() | st.sampled_from(Failure), _TEXT),
    Ambiguous: st.builds(
        Ambiguous,
        st.sampled_from(Flaw),
        st.none() | _WHOLE.filter(lambda answer: accepted_tran_id(answer) is None and not is_refusal(answer)),
        st.none() | st.sampled_from(Failure),
        _TEXT,
    ),
    Clash: st.builds(Clash, _WHOLE, _NUMBER),
    SenderGone: st.just(SenderGone()),
    MatchingRecord: st.builds(MatchingRecord, _TRAN_ID, _FINAL, _MS, st.booleans(), st.none() | _OUTCOME),
    NoRecord: st.builds(NoRecord, st.integers(0, 99), _MS, _MS),
    Reopened: st.builds(Reopened, st.sampled_from(Reason), st.none() | _OUTCOME, _TEXT, st.none() | _TRAN_ID),
    PersonsWord: st.builds(PersonsWord, st.booleans()),
    PersonsRecord: st.builds(PersonsRecord, _TRAN_ID, _FINAL, _MS),
}


def test_every_type_is_tried_but_the_one_that_is_no_longer_written() -> None:
    assert {*_EVIDENCE, Legacy} == set(get_args(Evidence))


@pytest.mark.parametrize("kind", _EVIDENCE, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_journal_gives_evidence_back_as_it_was(kind: type, data: st.DataObject) -> None:
    evidence = data.draw(_EVIDENCE[kind])
    name, values = codec.written(evidence)
    assert name == kind.__name__
    assert codec.read(name, values) == evidence
    assert outcomes.message(codec.read(name, values)) == outcomes.message(evidence)


@given(st.sampled_from(sorted(Outcome)), st.sampled_from(Basis), _TEXT)
def test_first_answer_of_an_older_row_is_kept_as_it_was(outcome: Outcome, basis: Basis, sentence: str) -> None:
    first = Legacy(outcome, basis, sentence, 7, -1007)
    name, values = codec.written(first)
    row: Any = {"answer_kind": name, "answer_details": values}
    assert codec.answer_from(row["answer_kind"], row["answer_details"]) == first


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("Accepted", codec.written(refusal())[1]),
        ("Accepted", codec.written(named(7))[1]),
        ("Refusal", codec.written(accepted())[1]),
        ("Refusal", codec.written(ambiguous(-1007))[1]),
        ("Ambiguous", '{"flaw":"neither","answer":' + codec.written(accepted())[1][len('{"answer":') :]),
        ("MatchingRecord", '{"tran_id":7,"status":"PENDING","recorded_ms":1}'),
        ("MatchingRecord", '{"status":"CONFIRMED","recorded_ms":1}'),
        ("NoRecord", "{}"),
        ("PersonsWord", "{}"),
        ("Legacy", "{}"),
        ("Moon", "{}"),
        ("Awaiting", ""),
        ("Awaiting", "garbled"),
    ],
)
def test_what_a_row_makes_no_evidence_of_is_an_error(kind: str, values: str) -> None:
    """A page of another day, a bit that fell over, a newer Shunter: a row never says more than it holds."""
    with pytest.raises(ValueError, match="no evidence"):
        codec.read(kind, values)


# What follows from it


@pytest.mark.parametrize(
    ("evidence", "outcome", "basis", "tran_id", "code"),
    [
        (Awaiting(), Outcome.SENDING, Basis.ANSWER, None, None),
        (accepted(7), Outcome.DONE, Basis.ANSWER, 7, None),
        (refusal(), Outcome.REJECTED, Basis.ANSWER, None, -5002),
        (NeverLeft(Obstacle.LOCKED), Outcome.NOT_SENT, Basis.ANSWER, None, None),
        (ambiguous(-1007), Outcome.UNKNOWN, Basis.ANSWER, None, -1007),
        (named(7), Outcome.UNKNOWN, Basis.ANSWER, None, None),
        (Clash(accepted(7).answer, 1), Outcome.UNKNOWN, Basis.ANSWER, None, None),
        (SenderGone(), Outcome.UNKNOWN, Basis.ANSWER, None, None),
        (Reopened(Reason.TRAN_ID_LOST, tran_id=7), Outcome.UNKNOWN, Basis.HISTORY, None, None),
        (matching_record(7), Outcome.DONE, Basis.HISTORY, 7, None),
        (matching_record(7, "FAILED"), Outcome.REJECTED, Basis.HISTORY, 7, None),
        (no_record(), Outcome.NOT_EXECUTED, Basis.HISTORY, None, None),
        (persons_word(is_executed=True), Outcome.DONE, Basis.PERSON, None, None),
        (persons_word(is_executed=False), Outcome.NOT_EXECUTED, Basis.PERSON, None, None),
        (PersonsRecord(7, RecordStatus.CONFIRMED, 1), Outcome.DONE, Basis.PERSON, 7, None),
        (PersonsRecord(7, RecordStatus.FAILED, 1), Outcome.REJECTED, Basis.PERSON, 7, None),
        (Legacy(Outcome.DONE, Basis.PERSON, "", 7, -1), Outcome.DONE, Basis.PERSON, 7, -1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_outcome_follows_from_evidence(
    evidence: Evidence, outcome: Outcome, basis: Basis, tran_id: int | None, code: int | None
) -> None:
    assert (outcome_from(evidence), basis_of(evidence)) == (outcome, basis)
    assert (tran_id_from(evidence), code_from(evidence)) == (tran_id, code)
    shown = transfer_with(evidence=evidence, answer=ambiguous(-1006))
    assert (shown.outcome, shown.basis, shown.tran_id, shown.code) == (outcome, basis, tran_id, -1006)


@pytest.mark.parametrize("evidence", [refusal(status=400, code=code) for code in sorted(REFUSAL_CODES)])
def test_no_refusal_is_without_words(evidence: Refusal) -> None:
    assert outcomes.meaning(evidence) == "The exchange refused it. Nothing moved."
    assert outcomes.reason(evidence)


@pytest.mark.parametrize(
    "body", [b'{"tranId":7,"code":-5002}', b'{"code":-5002,"msg":"tranId 7"}', b'{"data":{"tranId":7}}']
)
@pytest.mark.parametrize("status", [200, 400, 403, 429, 500])
def test_tran_id_that_an_odd_answer_names_is_remembered(status: int, body: bytes) -> None:
    """A record with it is no accident, and its absence no proof."""
    assert named_tran_ids(evidence_from(status, {}, body)) == (7,)


@pytest.mark.parametrize("status", [500, 502, 404, 408, 409, 403, 503, 504, 418])
def test_words_follow_the_outcome_and_never_the_code(status: int) -> None:
    """It was executed and answered 5xx with -1021: "the clock was off, nothing moved" was said of it."""
    evidence = evidence_from(
        status, {}, b'{"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow."}'
    )
    assert outcome_from(evidence) is Outcome.UNKNOWN
    texts = [
        outcomes.meaning(evidence),
        outcomes.message(evidence),
        *outcomes.notice(evidence),
        outcomes.standing(evidence),
    ]
    assert not [text for text in texts if "Nothing moved" in text or "clock has been set" in text]
