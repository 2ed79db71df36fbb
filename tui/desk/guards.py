"""What keeps a desk from sending. The desk asks at every send, so nothing that a screen forgets goes past it."""


class Forbidden(Exception):
    """Raised, with the reason, if a desk may not send something. Nothing was sent."""
