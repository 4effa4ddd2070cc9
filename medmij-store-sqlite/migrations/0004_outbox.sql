-- SPDX-License-Identifier: AGPL-3.0-or-later
-- ext.abo.rscnotint.206: resource notifications that have to go out, and how far each change feed was read.
-- Moments are microseconds since 1970.

CREATE TABLE outbox_positions (
    feed TEXT PRIMARY KEY,
    place TEXT NOT NULL
) STRICT;

CREATE TABLE outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    abonnement TEXT NOT NULL,
    client_id TEXT NOT NULL,
    available INTEGER NOT NULL,
    due INTEGER NOT NULL,
    leased_until INTEGER,
    fence INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX outbox_abonnement ON outbox (abonnement);
CREATE INDEX outbox_due ON outbox (due);
