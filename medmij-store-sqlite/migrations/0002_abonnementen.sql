-- SPDX-License-Identifier: AGPL-3.0-or-later
-- ext.abo.subint: the Abonnementen of a DVZA. A Persoon is a keyed hash; a day is JJJJ-MM-DD, which sorts as it should.

CREATE TABLE abonnementen (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    persoon BLOB NOT NULL,
    client_id TEXT NOT NULL,
    aanbieder TEXT NOT NULL,
    gegevensdienst TEXT NOT NULL,
    last_day TEXT NOT NULL
) STRICT;
CREATE INDEX abonnementen_persoon ON abonnementen (persoon);
CREATE INDEX abonnementen_last_day ON abonnementen (last_day);
