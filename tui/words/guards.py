"""Sentences about what keeps anything from being sent: an option, a profile, a key without the permission."""

BY_OPTION = "Shunter was started with --read-only."


def by_profile(name: str) -> str:
    """Return that a profile is read-only, and how to change that."""
    return f"The profile {name} is read-only: F4, then o, changes that."


def by_key(missing_permission: str) -> str:
    """Return that the key lacks the permission, and what to do."""
    return f"{missing_permission[:1].upper()}{missing_permission[1:]}, then choose the key again (F4)."


def nothing_is_sent(reason: str) -> str:
    """Return that nothing can be sent, and why."""
    return f"READ ONLY: nothing can be sent. {reason}"
