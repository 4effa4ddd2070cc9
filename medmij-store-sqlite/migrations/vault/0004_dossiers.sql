-- SPDX-License-Identifier: AGPL-3.0-or-later
-- core.dossier.100, core.dossier.105, core.dossier.108: the dossiers of a DVP. A Persoon is the random number of the account;
-- the key of a dossier is sealed by the key ring of the DVP, its items by that key. Moments are microseconds since 1970.

CREATE TABLE dossiers (
    person BLOB PRIMARY KEY,
    sealed_key BLOB NOT NULL,
    frozen INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX dossiers_frozen ON dossiers (frozen) WHERE frozen IS NOT NULL;

CREATE TABLE items (
    seq INTEGER PRIMARY KEY,
    person BLOB NOT NULL,
    id BLOB NOT NULL,
    collection BLOB NOT NULL,
    sealed BLOB NOT NULL,
    UNIQUE (person, id)
) STRICT;
