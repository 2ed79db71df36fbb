"""The refusals of the demo exchange, with the codes and messages of the real one."""

from collections.abc import Mapping
from enum import Enum


class Code(Enum):
    """A refusal: the exchange's code, its message, and the HTTP status that carries it.

    Source: the exchange's pages on error codes. `{}` in a message stands for the refused value.
    """

    UNKNOWN = -1000, "An unknown error occurred while processing the request.", 500
    UNAUTHORIZED = -1002, "You are not authorized to execute this request.", 401
    TOO_MUCH_WEIGHT = -1003, "Too much request weight used; current limit is {} request weight per 1 MINUTE.", 429
    TIMESTAMP_LATE = -1021, "Timestamp for this request is outside of the recvWindow.", 400
    TIMESTAMP_AHEAD = -1021, "Timestamp for this request was 1000ms ahead of the server's time.", 400
    BAD_SIGNATURE = -1022, "Signature for this request is not valid.", 400
    ILLEGAL_CHARACTERS = -1100, "Illegal characters found in parameter '{}'; legal range is '{}'.", 400
    TOO_MANY_PARAMETERS = -1101, "Too many parameters sent for this endpoint.", 400
    DUPLICATE_PARAMETER = -1101, "Duplicate values for parameter '{}' detected.", 400
    MANDATORY_PARAMETER = -1102, "Mandatory parameter '{}' was not sent, was empty/null, or malformed.", 400
    UNREAD_PARAMETER = -1104, "Not all sent parameters were read; '{}' is not taken here.", 400
    BAD_SYMBOL = -1121, "Invalid symbol.", 400
    BAD_PARAMETER = -1130, "Data sent for parameter '{}' is not valid.", 400
    BAD_RECV_WINDOW = -1131, "recvWindow must be less than 60000.", 400
    BAD_KEY_FORMAT = -2014, "API-key format invalid.", 401
    BAD_KEY = -2015, "Invalid API-key, IP, or permissions for action.", 401
    NO_MARGIN_ACCOUNT = -3003, "Margin account does not exist.", 400
    EXCEEDS_TRANSFER_OUT = -3020, "Transfer out amount exceeds max amount.", 400
    NOT_A_MARGIN_ASSET = -3027, "Not a valid margin asset.", 400
    BALANCE_NOT_ENOUGH = -3041, "Balance is not enough", 400
    INSUFFICIENT_BALANCE = -5013, "Asset transfer failed: insufficient balance", 400
    UNSUPPORTED = -9000, "Unsupported operation.", 400
    NO_SUCH_PATH = -9000, "Unsupported operation: there is no {}.", 404
    BODY_TOO_LARGE = -9000, "Unsupported operation: the body is too large.", 413
    NO_ISOLATED_ACCOUNT = -11001, "Isolated margin account does not exist.", 400
    NOT_PORTFOLIO_MARGIN = -21001, "Request ID is not a Portfolio Margin Account.", 400

    def __init__(self, number: int, message: str, status: int) -> None:
        self.number = number
        self.message = message
        self.status = status


class RequestRefused(Exception):
    """Raised when the exchange refuses a request; nothing has moved."""

    def __init__(self, code: Code, *about: str, headers: Mapping[str, str] | None = None) -> None:
        """`about` fills the `{}` of the code's message, in order; `headers` go into the answer."""
        super().__init__(code.message.format(*about))
        self.code = code
        self.headers = headers or {}
