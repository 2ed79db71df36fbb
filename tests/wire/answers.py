"""Whatever the exchange, or something between, may answer to a transfer."""

import gzip

from tui.demo.faults import Cut, Reply


def said(status: int, code: int, message: str = "Something.", **headers: str) -> Reply:
    """An answer with a code and words of the exchange."""
    return Reply(status, b'{"code":%d,"msg":"%b"}' % (code, message.encode()), headers)


def ok(body: bytes, **headers: str) -> Reply:
    """A 200."""
    return Reply(200, body, headers)


UNKNOWN: dict[str, Reply | Cut] = {
    "empty": ok(b""),
    "html": ok(b"<html><body>Welcome</body></html>"),
    "truncated json": ok(b'{"tranId":135268'),
    "no tranId": ok(b"{}"),
    "a list": ok(b"[]"),
    "json null": ok(b"null"),
    "tranId null": ok(b'{"tranId":null}'),
    "tranId string": ok(b'{"tranId":"13526853623"}'),
    "tranId of 64 bits": ok(b'{"tranId":9223372036854775808}'),
    "tranId of 5000 digits": ok(b'{"tranId":' + b"9" * 5000 + b"}"),
    "tranId zero": ok(b'{"tranId":0}'),
    "tranId negative": ok(b'{"tranId":-5}'),
    "tranId fraction": ok(b'{"tranId":1.5}'),
    "tranId true": ok(b'{"tranId":true}'),
    "tranId twice nested": ok(b'{"data":{"tranId":13526853623}}'),
    "half a character as a name": ok(rb'{"tranId":77,"\ud800":1}'),
    "half a character as the name of an error": Reply(400, rb'{"code":-5002,"msg":"No.","\udfff":1}'),
    "tranId in a refusal's words": Reply(400, rb'{"code":-5013,"msg":"tr\u0061nId 13526853623"}'),
    "403 of xml": Reply(403, b'<?xml version="1.0"?><transfer><id>5</id><state>done</state></transfer>'),
    "403 of another element": Reply(403, b'<json>{"result":"ok","id":5}</json>'),
    "not utf-8": ok(b'{"tranId":"\xff\xfe"}'),
    "200 that says an error": said(200, -5002),
    "200 that says -1007": said(200, -1007),
    "gzip that is none": ok(b'{"tranId":13526853623}', **{"content-encoding": "gzip"}),
    "gzip of half a body": ok(gzip.compress(b'{"tranId":13526853623}')[:-16], **{"content-encoding": "gzip"}),
    "100 MB": Reply(200, b" " * 1_000_000, repeat=100),
    "100 MB of an error": Reply(400, b" " * 1_000_000, repeat=100),
    "201": Reply(201, b'{"tranId":13526853623}'),
    "202": Reply(202),
    "204": Reply(204),
    "301": Reply(301, headers={"location": "/sapi/v1/asset/transfer"}),
    "302": Reply(302, headers={"location": "/sapi/v1/asset/transfer"}),
    "307": Reply(307, headers={"location": "/sapi/v1/asset/transfer"}),
    "308 without a place": Reply(308),
    "408": Reply(408),
    "408 of -1007": said(408, -1007),
    "400 of -1006": said(400, -1006, "An unexpected response was received from the message bus."),
    "400 of -1007": said(400, -1007, "Timeout waiting for response from backend server."),
    "401 of -1007": said(401, -1007),
    "403 of -1006": said(403, -1006),
    "418 of -1006": said(418, -1006, **{"retry-after": "0"}),
    "429 of -1007": said(429, -1007, **{"retry-after": "0"}),
    "500": Reply(500),
    "500 of -1000": said(500, -1000, "An unknown error occurred while processing the request."),
    "500 of -5002": said(500, -5002, "You have insufficient balance."),
    "502 of html": Reply(502, b"<html>Bad gateway</html>"),
    "503": Reply(503),
    "503 of html": Reply(503, b"<html>Service Unavailable.</html>"),
    "503 unknown error": said(503, -1000, "Unknown error, please check your request or try again later."),
    "503 of -1006": said(503, -1006, "Service Unavailable."),
    "503 of -1007": said(503, -1007, "Service Unavailable."),
    "500 with the words of a 503": said(500, -1000, "Service Unavailable."),
    "504 of -1007": said(504, -1007),
    "504": Reply(504),
    "520": Reply(520, b"error code: 520"),
    "599": Reply(599),
    **{f"{status} without a code": Reply(status) for status in (400, 401, 404, 405, 407, 409, 413, 421, 425, 460, 499)},
    "400 of html": Reply(400, b"<html>Bad request</html>"),
    "400 with words alone": Reply(400, b'{"msg":"no"}'),
    "400 with a code that is text": Reply(400, b'{"code":"-5002","msg":"no"}'),
    "400 with a code that is null": Reply(400, b'{"code":null,"msg":"no"}'),
    "400 with half a code": Reply(400, b'{"code":-500'),
    "400 with a code of 5000 digits": Reply(400, b'{"code":-' + b"5" * 5000 + b"}"),
    "400 nested": Reply(400, b'{"error":{"code":-5002,"msg":"no"}}'),
    "400 nested deeply": Reply(400, b'{"code":-5002,"msg":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "400 of an unknown code": said(400, -12345),
    "400 with escape codes": said(400, -12345, r"\u001b[2Jgone"),
    "400 of an unknown code, not utf-8": Reply(400, b'{"code":-12345,"msg":"\xff\xfe"}'),
    "403 with a code that is text": Reply(403, b'{"code":"-1002","msg":"no"}'),
    "403 of an unknown code": said(403, -12345),
    "418 of an unknown code": said(418, -12345, **{"retry-after": "0"}),
    "429 of -1000": said(429, -1000, **{"retry-after": "0"}),
    "400 of -9000 in progress": said(400, -9000, "Transfer is in progress."),
    **{f"400 of {code}": said(400, code) for code in (-1000, -1001, -1014, -1131, -3000, -3044, -5012)},
    "400 of -5012 in words": said(400, -5012, "The transfer is in progress."),
    **{f"{status} of -5002": said(status, -5002) for status in (302, 404, 408, 409, 499, 502, 503)},
    "408 of -1022": said(408, -1022),
    "408 of -1008": said(408, -1008),
    "503 of -5012": said(503, -5012, "Service Unavailable."),
    # A yes is nothing but a tranId.
    **{
        f"a yes with {name} beside it": ok(b'{"tranId":13526853623,' + beside + b"}")
        for name, beside in {
            "null": b'"msg":null',
            "an empty text": b'"msg":""',
            "code 0": b'"code":0',
            "code 200": b'"code":200,"msg":"success"',
            "code -5002": b'"code":-5002,"msg":"You have insufficient balance."',
            "status FAILED": b'"status":"FAILED"',
            "status CONFIRMED": b'"status":"CONFIRMED"',
            "success false": b'"success":false',
            "success true": b'"success":true',
            "a second tranId": b'"data":{"tranId":7}',
            "another spelling of it": b'"tranid":7',
            "the same name twice": b'"tranId":13526853623',
            "the name again, with another value": b'"tranId":7',
            "a clientTranId": b'"clientTranId":"x"',
            "a list": b'"rows":[]',
            "a fraction": b'"amount":1.5',
        }.items()
    },
    "a yes before which something is null": ok(b'{"msg":null,"tranId":13526853623}'),
    "a yes in capitals": ok(b'{"TranId":13526853623}'),
    "a yes in small letters": ok(b'{"tranid":13526853623}'),
    "a yes with an underscore": ok(b'{"tran_id":13526853623}'),
    "a yes with a blank in its name": ok(b'{"tranId ":13526853623}'),
    "a yes in a list": ok(b'[{"tranId":13526853623}]'),
    "a yes in a text": ok(b'"{\\"tranId\\":13526853623}"'),
    "a yes with a mark of byte order": ok(b'\xef\xbb\xbf{"tranId":13526853623}'),
    "a yes in UTF-16": ok('{"tranId":13526853623}'.encode("utf-16")),
    "a yes in ' for \"": ok(b"{'tranId':13526853623}"),
    "a yes with a comma too many": ok(b'{"tranId":13526853623,}'),
    "a yes with more behind it": ok(b'{"tranId":13526853623}x'),
    "a yes with a zero behind it": ok(b'{"tranId":13526853623}\x00'),
    "a yes with another behind it": ok(b'{"tranId":13526853623}{"tranId":7}'),
    "a yes with an error behind it": ok(b'{"tranId":13526853623}\n{"code":-5002,"msg":"no"}'),
    "a yes in a page": ok(b'<html>{"tranId":13526853623}</html>'),
    "tranId 1e3": ok(b'{"tranId":1e3}'),
    "tranId 1.0": ok(b'{"tranId":1.0}'),
    "tranId NaN": ok(b'{"tranId":NaN}'),
    "tranId Infinity": ok(b'{"tranId":Infinity}'),
    "tranId false": ok(b'{"tranId":false}'),
    "tranId a list": ok(b'{"tranId":[13526853623]}'),
    "tranId with zeros before it": ok(b'{"tranId":00013526853623}'),
    "tranId empty": ok(b'{"tranId":""}'),
    **{
        f"{status} with a tranId": Reply(status, b'{"tranId":13526853623}') for status in (203, 206, 226, 299, 404, 500)
    },
    # A no is status, code and shape together, and names no tranId.
    **{
        f"{status} of {code} and a tranId": Reply(
            status, b'{"code":%d,"msg":"no","tranId":13526853623}' % code, {"retry-after": "0"}
        )
        for status, code in ((400, -5002), (401, -2015), (403, -1002), (418, -1003), (429, -1003), (503, -1008))
    },
    "400 with a tranId in its words": said(400, -5002, "tranId 13526853623 exists"),
    "400 with a tranId alone": Reply(400, b'{"tranId":13526853623}'),
    "403 with a tranId in a page": Reply(403, b"<html>tranId=13526853623</html>"),
    "429 with a tranId in a page": Reply(429, b"<html>tranId: 13526853623</html>", {"retry-after": "0"}),
    **{
        f"400 of -5002 with {name}": Reply(400, body)
        for name, body in {
            "null beside it": b'{"code":-5002,"msg":"no","data":null}',
            "success beside it": b'{"code":-5002,"msg":"no","success":true}',
            "the code twice": b'{"code":-5002,"code":-5002,"msg":"no"}',
            "another code first": b'{"code":-1007,"code":-5002,"msg":"no"}',
            "no words": b'{"code":-5002}',
            "words that are null": b'{"code":-5002,"msg":null}',
            "words that are a number": b'{"code":-5002,"msg":7}',
            "a fraction": b'{"code":-5002.0,"msg":"no"}',
            "an exponent": b'{"code":-5002e0,"msg":"no"}',
            "a capital": b'{"Code":-5002,"msg":"no"}',
            "more behind it": b'{"code":-5002,"msg":"no"}{"tranId":13526853623}',
            "a letter behind it": b'{"code":-5002,"msg":"no"}x',
            "a mark of byte order": b'\xef\xbb\xbf{"code":-5002,"msg":"no"}',
            "words that are not utf-8": b'{"code":-5002,"msg":"\xff\xfe"}',
            "a list around it": b'[{"code":-5002,"msg":"no"}]',
            "NaN beside it": b'{"code":-5002,"msg":"no","x":NaN}',
        }.items()
    },
    "403 with a code": said(403, -1002),
    "403 of -2015": said(403, -2015),
    "403 of a firewall that speaks JSON": Reply(403, b'{"message":"Forbidden"}'),
    "403 of a firewall that speaks plainly": Reply(403, b"Forbidden"),
    "403 of a page with a code": Reply(403, b'<html>{"code":-1007,"msg":"x"}</html>'),
    "403 of a page with a code in words": Reply(403, b"<html>code: -1007</html>"),
    "418 of another code": said(418, -5002, **{"retry-after": "0"}),
    "429 of another code": said(429, -5002, **{"retry-after": "0"}),
    "429 in plain words": Reply(429, b"Too many requests", {"retry-after": "0"}),
    "500 of -1008": said(500, -1008, "Server is currently overloaded with other requests."),
    "502 of -1008": said(502, -1008, "Server is currently overloaded with other requests."),
    "503 of a definite code and the words of a 503": said(503, -1002, "Service Unavailable."),
    "503 with the words of a 503 and more": said(503, -1000, "Service Unavailable. Your request may be executed."),
    "503 with the words of a 503 in capitals": said(503, -1000, "SERVICE UNAVAILABLE."),
    "503 of the words alone": Reply(503, b"Service Unavailable."),
    **{
        f"{status} of -1021": said(status, -1021, "Timestamp is outside of the recvWindow.", **{"retry-after": "0"})
        for status in (200, 201, 302, 403, 404, 408, 409, 418, 425, 429, 499, 500, 502, 503, 504, 520)
    },
    **{
        f"400 of -9000 {words!r}": said(400, -9000, words)
        for words in (
            *("Something.", "Insufficient balance.", "USER_OUT_OF_TRANSFER_FLOAT", "", "timeout"),
            "user have no avaliable amount, transfer is queued",
        )
    },
    **{f"400 of {code}": said(400, code) for code in (-1004, 100001002, 100001003, 0, 200)},
    "cut before the answer": Cut.CLOSE,
    "cut during the answer": Cut.MID_ANSWER,
    "reset": Cut.RESET,
}

REJECTED: dict[str, Reply] = {
    "400 with an empty message": said(400, -5002, ""),
    "400 with escape codes": said(400, -1121, r"\u001b[2Jgone"),
    "401 of -2015": said(401, -2015),
    "403 of the firewall": Reply(403, b"<html>Forbidden</html>"),
    "403 without a word": Reply(403),
    "418 banned": said(418, -1003, **{"retry-after": "120"}),
    "418 without a word": Reply(418),
    "429": said(429, -1003, **{"retry-after": "7"}),
    "429 without Retry-After": said(429, -1003),
    "429 with a date": said(429, -1003, **{"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}),
    "429 of html": Reply(429, b"<html>Slow down</html>", {"retry-after": "7"}),
    "503 service unavailable": said(503, -1000, "Service Unavailable."),
    "503 internal error": said(503, -1001, "Internal error; unable to process your request. Please try again."),
    "503 of -1008": said(503, -1008, "Server is currently overloaded with other requests."),
    "429 of -1008": said(429, -1008, "Server is currently overloaded with other requests."),
    "400 of -9000 with words of balance": said(400, -9000, "user have no avaliable amount"),
    **{
        f"400 of {code}": said(400, code)
        for code in (
            *(-1002, -1003, -1015, -1020, -1021, -1022, -1099, -1100, -1102, -1121, -1130, -2008, -2014, -2015),
            *(-3003, -3020, -3021, -3041, -5002, -5013, -11001, -21001, -21002),
            *(-3002, -3005, -3009, -3017, -3018, -3019, -3022, -3023, -3026, -3027, -3028, -3043),
            *(-5001, -5003, -5007, -5011),
        )
    },
}
