"""Key profiles: API keys in the system's keyring, and the list of their names in the config folder.

The app, its screens and the commands use it. A key goes from here to the exchange's client, and nowhere else.
"""

from tui.keys.errors import (
    InvalidKey,
    KeyField,
    KeyringState,
    KeyStoreError,
    ProfileDamaged,
    ProfileExists,
    ProfileMissing,
    ProfilesFileError,
    Remedy,
    SettingsFileError,
)
from tui.keys.formats import parse_key, parse_profile_name
from tui.keys.gnome_keyring import can_unlock, is_new
from tui.keys.keyring_calls import (
    LIMIT_S,
    MAY_ASK,
    SLOW_S,
    adopt_session_bus,
    backend_name,
    in_background,
    look_again,
    probe,
    require_keyring,
    start_session_bus,
    still_waiting,
    unlock,
)
from tui.keys.profiles import Profile, add, choose, load, profile, profiles, refuse_taken, remove, replace
from tui.keys.settings import (
    ACCEPTANCE,
    Settings,
    accept_plain_text,
    keep_theme,
    kept_theme,
    settings,
)

__all__ = [
    "ACCEPTANCE",
    "LIMIT_S",
    "MAY_ASK",
    "SLOW_S",
    "InvalidKey",
    "KeyField",
    "KeyStoreError",
    "KeyringState",
    "Profile",
    "ProfileDamaged",
    "ProfileExists",
    "ProfileMissing",
    "ProfilesFileError",
    "Remedy",
    "Settings",
    "SettingsFileError",
    "accept_plain_text",
    "add",
    "adopt_session_bus",
    "backend_name",
    "can_unlock",
    "choose",
    "in_background",
    "is_new",
    "keep_theme",
    "kept_theme",
    "load",
    "look_again",
    "parse_key",
    "parse_profile_name",
    "probe",
    "profile",
    "profiles",
    "refuse_taken",
    "remove",
    "replace",
    "require_keyring",
    "settings",
    "start_session_bus",
    "still_waiting",
    "unlock",
]
