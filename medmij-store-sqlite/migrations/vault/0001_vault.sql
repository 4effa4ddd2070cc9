-- SPDX-License-Identifier: AGPL-3.0-or-later
-- core.tknint.208, ext.abo.subnotint: what a DVP keeps. Tokens are sealed, the name of each is a keyed hash, and so is a
-- Persoon. Times are microseconds since 1970 by the clock of the file.

-- How far the clock of the file is ahead of the wall clock, and how far it was read: it never goes back.
CREATE TABLE clock (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    latest INTEGER NOT NULL,
    ahead INTEGER NOT NULL
) STRICT;
INSERT INTO clock (id, latest, ahead) VALUES (1, 0, 0);

-- The number of the last refresh: none is given twice, whatever is forgotten.
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    last INTEGER NOT NULL
) STRICT;
INSERT INTO attempts (id, last) VALUES (1, 0);

CREATE TABLE tokens (
    seq INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    sealed BLOB NOT NULL,
    kept INTEGER NOT NULL,
    -- the refresh that runs, and when it counts as lost
    attempt INTEGER,
    lease INTEGER
) STRICT;
CREATE INDEX tokens_kept ON tokens (kept);

CREATE TABLE abonnementen (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    dvza TEXT NOT NULL,
    aanbieder TEXT NOT NULL,
    gegevensdienst TEXT NOT NULL,
    voor BLOB NOT NULL,
    last_day TEXT NOT NULL
) STRICT;
CREATE INDEX abonnementen_voor ON abonnementen (voor);
CREATE INDEX abonnementen_last_day ON abonnementen (last_day);
