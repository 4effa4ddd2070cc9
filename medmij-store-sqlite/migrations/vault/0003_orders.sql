-- SPDX-License-Identifier: AGPL-3.0-or-later
-- core.gegevensuitwisseling.101, core.gegevensuitwisseling.102: what Personen ordered to be collected automatically, and the
-- runs in which it is carried out, of one Persoon at one DVA each. A Persoon is the random number that the DVP gave the
-- account. Moments are microseconds since 1970 by the clocks of the schedulers.

-- The number of the last lease: none is given twice, whatever is removed.
CREATE TABLE leases (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    last INTEGER NOT NULL
) STRICT;
INSERT INTO leases (id, last) VALUES (1, 0);

CREATE TABLE runs (
    seq INTEGER PRIMARY KEY,
    person BLOB NOT NULL,
    dva TEXT NOT NULL,
    slot INTEGER NOT NULL,
    -- whether there are orders; without them the row stays for the 24 hours
    ordered INTEGER NOT NULL DEFAULT 1,
    -- when it is next looked at: its moment, or the end of its lease
    next INTEGER NOT NULL,
    lease INTEGER,
    last_start INTEGER,
    last_success INTEGER NOT NULL,
    told INTEGER NOT NULL DEFAULT 0,
    UNIQUE (person, dva)
) STRICT;
CREATE INDEX runs_next ON runs (next) WHERE ordered = 1;
CREATE INDEX runs_silent ON runs (last_success) WHERE ordered = 1 AND told = 0;
CREATE INDEX runs_over ON runs (next) WHERE ordered = 0;

CREATE TABLE orders (
    run INTEGER NOT NULL,
    aanbieder TEXT NOT NULL,
    gegevensdienst TEXT NOT NULL,
    PRIMARY KEY (run, aanbieder, gegevensdienst)
) STRICT, WITHOUT ROWID;
