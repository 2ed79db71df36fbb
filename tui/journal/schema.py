"""The schema of the journal's file, and the migrations of older ones.

`transfers` has a row for each transfer, as it is now, and `changes` its earlier states. `declined` has the records that
the person said are not a certain transfer, and `sightings` the records that could be an open one. `plans` has the plans
that the person confirmed, and `planned` their steps, those of the plans before it from 0 down: a step is a row of
`transfers` only once it is about to be sent.
"""

from tui.language import N_

NEWER = N_("a newer Shunter uses this journal: quit this one and update it")
"""Stands in files: it is shown in the language of whoever reads it."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE transfers (
            id INTEGER PRIMARY KEY,
            sender TEXT NOT NULL,
            profile TEXT NOT NULL,
            key_tail TEXT NOT NULL,
            host TEXT NOT NULL,
            type TEXT NOT NULL,
            asset TEXT NOT NULL,
            amount TEXT NOT NULL,
            from_symbol TEXT,
            to_symbol TEXT,
            sent_at_ms INTEGER NOT NULL,
            timestamp_ms INTEGER NOT NULL,
            recv_window_ms INTEGER NOT NULL,
            outcome TEXT NOT NULL,
            tran_id INTEGER,
            code INTEGER,
            message TEXT NOT NULL,
            settled_at_ms INTEGER
        )
        """,
        """
        CREATE TABLE changes (
            transfer_id INTEGER NOT NULL REFERENCES transfers (id),
            at_ms INTEGER NOT NULL,
            outcome TEXT NOT NULL,
            tran_id INTEGER,
            code INTEGER,
            message TEXT NOT NULL
        )
        """,
        "CREATE UNIQUE INDEX transfers_tran_id ON transfers (host, tran_id) WHERE tran_id IS NOT NULL",
        "CREATE INDEX transfers_sent ON transfers (host, sent_at_ms)",
        "CREATE INDEX transfers_open ON transfers (host) WHERE outcome IN ('sending', 'unknown')",
        "CREATE VIEW open_transfers AS SELECT * FROM transfers WHERE outcome IN ('sending', 'unknown')",
    ),
    (
        "ALTER TABLE transfers ADD COLUMN key_print TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE transfers ADD COLUMN evidence TEXT NOT NULL DEFAULT 'answer'",
        "ALTER TABLE transfers ADD COLUMN needs_notice INTEGER NOT NULL DEFAULT 0",
        # What an older Shunter took from the history, or from the person, says so in its words alone.
        """
        UPDATE transfers SET evidence = CASE
            WHEN message LIKE 'Decided by hand%' THEN 'person'
            WHEN outcome = 'not_executed' OR message LIKE '%exchange''s history%' THEN 'history'
            ELSE 'answer'
        END
        """,
        # The servers that people rehearse with give out the same tranIds again.
        "DROP INDEX transfers_tran_id",
        "CREATE INDEX transfers_tran_id ON transfers (host, tran_id) WHERE tran_id IS NOT NULL",
        "CREATE INDEX transfers_timestamp ON transfers (host, timestamp_ms)",
        """
        CREATE INDEX transfers_judged ON transfers (host)
        WHERE outcome IN ('not_executed', 'rejected') AND evidence != 'answer'
        """,
        "CREATE INDEX transfers_notices ON transfers (host) WHERE needs_notice",
        """
        CREATE TABLE declined (
            transfer_id INTEGER NOT NULL REFERENCES transfers (id),
            tran_id INTEGER NOT NULL,
            PRIMARY KEY (transfer_id, tran_id)
        ) WITHOUT ROWID
        """,
    ),
    (
        # Evidence: its name and its values, as `journal.evidence` writes them. `message` is of older rows alone.
        "ALTER TABLE transfers ADD COLUMN identity TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE transfers ADD COLUMN kind TEXT NOT NULL DEFAULT 'Legacy'",
        "ALTER TABLE transfers ADD COLUMN details TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE transfers ADD COLUMN answer_kind TEXT",
        "ALTER TABLE transfers ADD COLUMN answer_details TEXT",
        "ALTER TABLE transfers ADD COLUMN clock_error_ms INTEGER",
        "ALTER TABLE transfers ADD COLUMN revision INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE changes ADD COLUMN kind TEXT NOT NULL DEFAULT 'Legacy'",
        "ALTER TABLE changes ADD COLUMN details TEXT NOT NULL DEFAULT ''",
        # Not random: two copies of a file that are migrated apart give the same transfer the same identity.
        "UPDATE transfers SET identity = printf('%016x%016x', id, timestamp_ms)",
        "CREATE UNIQUE INDEX transfers_identity ON transfers (identity)",
        """
        CREATE TABLE sightings (
            transfer_id INTEGER NOT NULL REFERENCES transfers (id),
            record TEXT NOT NULL,
            tran_id INTEGER,
            status TEXT NOT NULL,
            seen_ms INTEGER NOT NULL,
            recorded_ms INTEGER,
            PRIMARY KEY (transfer_id, record)
        ) WITHOUT ROWID
        """,
        # An older Shunter that is still running knows neither column, so it cannot write here any more.
        f"""
        CREATE TRIGGER transfers_added BEFORE INSERT ON transfers WHEN NEW.identity = ''
        BEGIN SELECT RAISE(ABORT, '{NEWER}'); END
        """,
        f"""
        CREATE TRIGGER transfers_changed BEFORE UPDATE ON transfers WHEN NEW.revision <= OLD.revision
        BEGIN SELECT RAISE(ABORT, '{NEWER}'); END
        """,
    ),
    (
        "ALTER TABLE transfers ADD COLUMN plan TEXT",
        "ALTER TABLE transfers ADD COLUMN step INTEGER",
        "ALTER TABLE transfers ADD COLUMN steps INTEGER",
        "CREATE INDEX transfers_plan ON transfers (plan, step) WHERE plan IS NOT NULL",
        """
        CREATE TABLE plans (
            identity TEXT PRIMARY KEY,
            sender TEXT NOT NULL,
            purpose TEXT NOT NULL,
            profile TEXT NOT NULL,
            key_tail TEXT NOT NULL,
            key_print TEXT NOT NULL,
            host TEXT NOT NULL,
            confirmed_ms INTEGER NOT NULL,
            is_closed INTEGER NOT NULL DEFAULT 0
        ) WITHOUT ROWID
        """,
        "CREATE INDEX plans_open ON plans (host) WHERE NOT is_closed",
        """
        CREATE TABLE planned (
            plan TEXT NOT NULL REFERENCES plans (identity),
            step INTEGER NOT NULL,
            carries_on INTEGER NOT NULL,
            type TEXT NOT NULL,
            asset TEXT NOT NULL,
            amount TEXT NOT NULL,
            from_symbol TEXT,
            to_symbol TEXT,
            PRIMARY KEY (plan, step)
        ) WITHOUT ROWID
        """,
    ),
)
"""Step N takes a journal from schema version N to N + 1. A step that was released never changes."""
