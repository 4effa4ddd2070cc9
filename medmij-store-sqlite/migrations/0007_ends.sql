-- SPDX-License-Identifier: AGPL-3.0-or-later
-- core.dossier.108: a Persoon of whom everything ended, until when nothing of it is written, and whether it is erased.

CREATE TABLE ended_persons (
    persoon BLOB PRIMARY KEY,
    until INTEGER NOT NULL,
    erased INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ended_persons_until ON ended_persons (until);

-- How far the store got in each file of the journal of ends, which stands outside the database.
CREATE TABLE journal (
    file TEXT PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
