"""The shape of the journal's file, and how an older one is brought up to it.

`transfers` has a row a transfer, as it stands now; `changes` how it came to stand so; `declined` the records of the
exchange's history that a person has said are not a certain transfer.
"""

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
)
"""Step N takes a journal from schema version N to N + 1. A step that was released never changes."""
