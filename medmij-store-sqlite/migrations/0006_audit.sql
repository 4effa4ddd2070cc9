-- SPDX-License-Identifier: AGPL-3.0-or-later
-- core.logging.100, core.logging.101, NEN 7513: the audit log as a chain of hashes, with checkpoints. Entries of earlier
-- versions are taken in by the program, in the same transaction: SQLite cannot hash.

ALTER TABLE audit RENAME TO audit_before_6;
DROP INDEX audit_kept_from;

-- Where the chain is: the last entry, and the last one that was destroyed. `destroying` opens the trigger below, for one
-- transaction.
CREATE TABLE audit_chain (
    chain INTEGER PRIMARY KEY CHECK (chain = 1),
    cut INTEGER NOT NULL DEFAULT 0,
    base BLOB NOT NULL,
    kept_count INTEGER NOT NULL DEFAULT 0,
    kept_digest BLOB NOT NULL,
    position INTEGER NOT NULL DEFAULT 0,
    head BLOB NOT NULL,
    destroying INTEGER NOT NULL DEFAULT 0
) STRICT;
-- the digest of nothing is the hash of nothing
INSERT INTO audit_chain (chain, base, kept_digest, head) VALUES (1, zeroblob(32),
    x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', zeroblob(32));

-- `at` is what the wall clock said, in microseconds since 1970; `written` and `kept_from` are by the floor. The chain covers
-- every column but number, written, kept_from, persoon, salt and hash.
CREATE TABLE audit (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    chain INTEGER NOT NULL,
    position INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    aanbieder TEXT,
    gegevensdiensten TEXT NOT NULL,
    client_id TEXT,
    scope TEXT NOT NULL,
    outcome TEXT NOT NULL,
    trace_id TEXT,
    object TEXT NOT NULL,
    source TEXT,
    grant_id TEXT,
    texts TEXT NOT NULL,
    commitment BLOB,
    hash BLOB NOT NULL,
    -- beside the chain
    written INTEGER NOT NULL,
    kept_from INTEGER NOT NULL,
    persoon BLOB,
    salt BLOB,
    UNIQUE (chain, position)
) STRICT;
CREATE INDEX audit_persoon ON audit (persoon) WHERE persoon IS NOT NULL;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_written ON audit (written);
CREATE INDEX audit_grant ON audit (grant_id) WHERE kind = 'consented';

CREATE TRIGGER audit_is_not_changed
BEFORE UPDATE OF number, chain, position, at, kind, actor_kind, actor_id, aanbieder, gegevensdiensten, client_id, scope,
    outcome, trace_id, object, source, grant_id, texts, commitment, hash, written ON audit
BEGIN
    SELECT RAISE(ABORT, 'an audit entry is not changed');
END;

-- INSERT OR REPLACE deletes without asking the trigger below
CREATE TRIGGER audit_is_not_replaced
BEFORE INSERT ON audit WHEN NEW.position <> (SELECT position + 1 FROM audit_chain)
    OR EXISTS (SELECT 1 FROM audit WHERE number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'an audit entry is added at the end of the chain');
END;

CREATE TRIGGER audit_is_not_deleted
BEFORE DELETE ON audit WHEN (SELECT destroying FROM audit_chain) = 0
BEGIN
    SELECT RAISE(ABORT, 'an audit entry is destroyed at a checkpoint, and not otherwise');
END;

CREATE TABLE audit_checkpoints (
    number INTEGER PRIMARY KEY,
    text TEXT NOT NULL,
    key TEXT NOT NULL,
    signature BLOB NOT NULL
) STRICT;

CREATE TRIGGER audit_checkpoint_is_not_changed BEFORE UPDATE ON audit_checkpoints
BEGIN
    SELECT RAISE(ABORT, 'a checkpoint is not changed');
END;

CREATE TRIGGER audit_checkpoint_is_not_deleted BEFORE DELETE ON audit_checkpoints
BEGIN
    SELECT RAISE(ABORT, 'a checkpoint is not deleted');
END;
