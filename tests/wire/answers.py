"""Whatever the exchange, or something between, may answer to a transfer."""

import gzip

from tui.demo.faults import Answer, Cut


def said(status: int, code: int, message: str = "Something.", **headers: str) -> Answer:
    """An answer with a code and words of the exchange."""
    return Answer(status, b'{"code":%d,"msg":"%b"}' % (code, message.encode()), headers)


def ok(body: bytes, **headers: str) -> Answer:
    """A 200."""
    return Answer(200, body, headers)


UNKNOWN: dict[str, Answer | Cut] = {
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
    "not utf-8": ok(b'{"tranId":"\xff\xfe"}'),
    "200 that says an error": said(200, -5002),
    "200 that says -1007": said(200, -1007),
    "gzip that is none": ok(b'{"tranId":13526853623}', **{"content-encoding": "gzip"}),
    "gzip of half a body": ok(gzip.compress(b'{"tranId":13526853623}')[:-16], **{"content-encoding": "gzip"}),
    "100 MB": Answer(200, b" " * 1_000_000, repeat=100),
    "100 MB of an error": Answer(400, b" " * 1_000_000, repeat=100),
    "201": Answer(201, b'{"tranId":13526853623}'),
    "202": Answer(202),
    "204": Answer(204),
    "301": Answer(301, headers={"location": "/sapi/v1/asset/transfer"}),
    "302": Answer(302, headers={"location": "/sapi/v1/asset/transfer"}),
    "307": Answer(307, headers={"location": "/sapi/v1/asset/transfer"}),
    "308 without a place": Answer(308),
    "408": Answer(408),
    "408 of -1007": said(408, -1007),
    "400 of -1006": said(400, -1006, "An unexpected response was received from the message bus."),
    "400 of -1007": said(400, -1007, "Timeout waiting for response from backend server."),
    "401 of -1007": said(401, -1007),
    "403 of -1006": said(403, -1006),
    "418 of -1006": said(418, -1006, **{"retry-after": "0"}),
    "429 of -1007": said(429, -1007, **{"retry-after": "0"}),
    "500": Answer(500),
    "500 of -1000": said(500, -1000, "An unknown error occurred while processing the request."),
    "500 of -5002": said(500, -5002, "You have insufficient balance."),
    "502 of html": Answer(502, b"<html>Bad gateway</html>"),
    "503": Answer(503),
    "503 of html": Answer(503, b"<html>Service Unavailable.</html>"),
    "503 unknown error": said(503, -1000, "Unknown error, please check your request or try again later."),
    "503 of -1006": said(503, -1006, "Service Unavailable."),
    "503 of -1007": said(503, -1007, "Service Unavailable."),
    "500 with the words of a 503": said(500, -1000, "Service Unavailable."),
    "504 of -1007": said(504, -1007),
    "504": Answer(504),
    "520": Answer(520, b"error code: 520"),
    "599": Answer(599),
    **{
        f"{status} without a code": Answer(status) for status in (400, 401, 404, 405, 407, 409, 413, 421, 425, 460, 499)
    },
    "400 of html": Answer(400, b"<html>Bad request</html>"),
    "400 with words alone": Answer(400, b'{"msg":"no"}'),
    "400 with a code that is text": Answer(400, b'{"code":"-5002","msg":"no"}'),
    "400 with a code that is null": Answer(400, b'{"code":null,"msg":"no"}'),
    "400 with half a code": Answer(400, b'{"code":-500'),
    "400 with a code of 5000 digits": Answer(400, b'{"code":-' + b"5" * 5000 + b"}"),
    "400 nested": Answer(400, b'{"error":{"code":-5002,"msg":"no"}}'),
    "400 nested deeply": Answer(400, b'{"code":-5002,"msg":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "400 of an unknown code": said(400, -12345),
    "400 with escape codes": said(400, -12345, r"\u001b[2Jgone"),
    "400 of an unknown code, not utf-8": Answer(400, b'{"code":-12345,"msg":"\xff\xfe"}'),
    "403 with a code that is text": Answer(403, b'{"code":"-1002","msg":"no"}'),
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
    "cut before the answer": Cut.CLOSE,
    "cut during the answer": Cut.MID_ANSWER,
    "reset": Cut.RESET,
}

REJECTED: dict[str, Answer] = {
    "400 with an empty message": said(400, -5002, ""),
    "400 with escape codes": said(400, -1121, r"\u001b[2Jgone"),
    "400 that is not utf-8": Answer(400, b'{"code":-5002,"msg":"\xff\xfe"}'),
    "401 of -2015": said(401, -2015),
    "403 of the firewall": Answer(403, b"<html>Forbidden</html>"),
    "403 of a firewall that speaks JSON": Answer(403, b'{"message":"Forbidden"}'),
    "403 with a code": said(403, -1002),
    "418 banned": said(418, -1003, **{"retry-after": "120"}),
    "418 without a word": Answer(418),
    "429": said(429, -1003, **{"retry-after": "7"}),
    "429 without Retry-After": said(429, -1003),
    "429 with a date": said(429, -1003, **{"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}),
    "429 of html": Answer(429, b"<html>Slow down</html>", {"retry-after": "7"}),
    "503 service unavailable": said(503, -1000, "Service Unavailable."),
    "503 internal error": said(503, -1001, "Internal error; unable to process your request. Please try again."),
    "503 of -1008": said(503, -1008, "Server is currently overloaded with other requests."),
    "500 of -1008": said(500, -1008, "Server is currently overloaded with other requests."),
    "429 of -1008": said(429, -1008, "Server is currently overloaded with other requests."),
    "400 of -9000 with words of balance": said(400, -9000, "user have no avaliable amount"),
    **{
        f"400 of {code}": said(400, code)
        for code in (
            *(-1002, -1003, -1015, -1020, -1021, -1022, -1099, -1100, -1102, -1121, -1130, -2008, -2014, -2015),
            *(-3003, -3020, -3021, -3041, -5002, -5013, -9000, -11001),
        )
    },
}
