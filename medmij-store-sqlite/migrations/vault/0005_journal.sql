-- SPDX-License-Identifier: AGPL-3.0-or-later
-- How far the vault got in each file of the journal of ends, which stands outside the database.

CREATE TABLE journal (
    file TEXT PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
