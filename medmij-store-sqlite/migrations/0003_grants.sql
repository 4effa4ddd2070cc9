-- SPDX-License-Identifier: AGPL-3.0-or-later
-- core.tknint.203, core.tknint.204, core.tknint.208: a grant has one row, with its code and its two refresh tokens. What was
-- granted before this version ends, with an entry in the audit log: its refresh tokens do not name their grant.

INSERT INTO audit (at, kind, persoon, aanbieder, client_id, scope, grant_id, texts)
SELECT (SELECT latest FROM clock), 'beeindigd', persoon, aanbieder, client_id, '*', id, '' FROM grants
WHERE ended = 0 AND live_until > (SELECT latest FROM clock);
DROP TABLE refresh;
DROP TABLE access;
DROP TABLE codes;
DROP TABLE grants;

-- The floor: how far time has come by the monotonic clocks of the processes. Grants lapse and rows are purged by it.
-- `shift` is how far a test moved the clock; `epoch` goes up when an operator accepts the wall clock.
ALTER TABLE clock ADD COLUMN floor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE clock ADD COLUMN shift INTEGER NOT NULL DEFAULT 0;
ALTER TABLE clock ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
UPDATE clock SET floor = latest;

-- A number is never given twice, so that no access token can come to point at the grant of another. `live_until` and
-- `purge_at` are by the floor, the other times by the clock of the store.
CREATE TABLE grants (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    persoon BLOB NOT NULL,
    aanbieder TEXT,
    client_id TEXT NOT NULL,
    langdurig INTEGER NOT NULL,
    body BLOB NOT NULL,
    code BLOB NOT NULL UNIQUE,
    binding BLOB NOT NULL,
    code_expires INTEGER NOT NULL,
    taken INTEGER NOT NULL DEFAULT 0,
    -- of the certificate with which the code was taken
    names TEXT NOT NULL DEFAULT '',
    -- 0 where there is no refresh token
    generation INTEGER NOT NULL DEFAULT 0,
    refresh BLOB,
    previous BLOB,
    -- when the previous one was used
    used INTEGER NOT NULL DEFAULT 0,
    window_start INTEGER NOT NULL DEFAULT 0,
    window_count INTEGER NOT NULL DEFAULT 0,
    live_until INTEGER NOT NULL,
    purge_at INTEGER NOT NULL
) STRICT;
CREATE INDEX grants_persoon ON grants (persoon);
CREATE INDEX grants_purge_at ON grants (purge_at);

CREATE TABLE access (
    seq INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    grant_seq INTEGER NOT NULL,
    names TEXT NOT NULL,
    gegevensdiensten TEXT NOT NULL,
    expires INTEGER NOT NULL
) STRICT;
CREATE INDEX access_expires ON access (expires);

CREATE TABLE bindings (
    client_id TEXT NOT NULL,
    name TEXT NOT NULL,
    confirmed INTEGER NOT NULL DEFAULT 0,
    since INTEGER NOT NULL,
    PRIMARY KEY (client_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX bindings_name ON bindings (name);

-- Audit entries are kept by the floor: `at` is what the wall clock said.
ALTER TABLE audit ADD COLUMN kept_from INTEGER NOT NULL DEFAULT 0;
UPDATE audit SET kept_from = (SELECT floor FROM clock);
DROP INDEX audit_at;
CREATE INDEX audit_kept_from ON audit (kept_from);
