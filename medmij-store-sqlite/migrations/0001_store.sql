-- SPDX-License-Identifier: AGPL-3.0-or-later
-- core.tknint.204, core.autorisatie.208: the rows of a DVZA. Codes, tokens and sessions are SHA-256 hashes, a Persoon is
-- a keyed hash, bodies are sealed. Times are microseconds since 1970 by the clock of the store, in `audit` by the wall.

-- How far the clock of the store is ahead of the wall clock, and how far it was read: it never goes back.
CREATE TABLE clock (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    latest INTEGER NOT NULL,
    ahead INTEGER NOT NULL
) STRICT;
INSERT INTO clock (id, latest, ahead) VALUES (1, 0, 0);

CREATE TABLE flows (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    session BLOB NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL,
    authenticated INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT;
CREATE INDEX flows_expires ON flows (expires);
CREATE INDEX flows_anonymous ON flows (seq) WHERE authenticated = 0;

-- A number is never given twice, so that no row can come to point at the grant of another.
CREATE TABLE grants (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    persoon BLOB NOT NULL,
    aanbieder TEXT,
    client_id TEXT NOT NULL,
    langdurig INTEGER NOT NULL,
    body BLOB NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0,
    -- when its last code or refresh token expires
    live_until INTEGER NOT NULL,
    -- when nothing points at it any more
    purge_at INTEGER NOT NULL
) STRICT;
CREATE INDEX grants_persoon ON grants (persoon);
CREATE INDEX grants_purge_at ON grants (purge_at);

CREATE TABLE codes (
    seq INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    grant_seq INTEGER NOT NULL,
    binding BLOB NOT NULL,
    taken INTEGER NOT NULL DEFAULT 0,
    expires INTEGER NOT NULL,
    -- later than expires: a replay must still find what was issued
    purge_at INTEGER NOT NULL
) STRICT;
CREATE INDEX codes_purge_at ON codes (purge_at);

CREATE TABLE access (
    seq INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    grant_seq INTEGER NOT NULL,
    names TEXT NOT NULL,
    expires INTEGER NOT NULL
) STRICT;
CREATE INDEX access_expires ON access (expires);

CREATE TABLE refresh (
    seq INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    grant_seq INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    used INTEGER,
    successor BLOB,
    replaced INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX refresh_expires ON refresh (expires);

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    persoon BLOB NOT NULL,
    aanbieder TEXT,
    client_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    grant_id TEXT,
    texts TEXT NOT NULL
) STRICT;
CREATE INDEX audit_at ON audit (at);
