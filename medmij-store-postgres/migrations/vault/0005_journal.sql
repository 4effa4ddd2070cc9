-- SPDX-License-Identifier: AGPL-3.0-or-later
-- How far the vault got in each file of the journal of ends, which stands outside the database.

CREATE TABLE medmij_dvp.journal (
    file text PRIMARY KEY,
    number bigint NOT NULL
) WITH (fillfactor = 50);
