"""Key profiles: API keys in the OS keyring, and the list of their names in the user's config folder."""

from tui.keys.errors import (
    InvalidKey,
    KeyField,
    KeyringFailed,
    KeyringLocked,
    KeyringTimeout,
    KeyringUnavailable,
    KeyringUnsafe,
    KeyStoreError,
    ProfileDamaged,
    ProfileExists,
    ProfileMissing,
    ProfilesBusy,
    ProfilesFileError,
)
from tui.keys.formats import parse_key, parse_profile_name
from tui.keys.keyring_calls import LIMIT_S, backend_name, in_background
from tui.keys.profiles import Profile, add, load, profile, profiles, profiles_path, refuse_taken, remove

__all__ = [
    "LIMIT_S",
    "InvalidKey",
    "KeyField",
    "KeyStoreError",
    "KeyringFailed",
    "KeyringLocked",
    "KeyringTimeout",
    "KeyringUnavailable",
    "KeyringUnsafe",
    "Profile",
    "ProfileDamaged",
    "ProfileExists",
    "ProfileMissing",
    "ProfilesBusy",
    "ProfilesFileError",
    "add",
    "backend_name",
    "in_background",
    "load",
    "parse_key",
    "parse_profile_name",
    "profile",
    "profiles",
    "profiles_path",
    "refuse_taken",
    "remove",
]
