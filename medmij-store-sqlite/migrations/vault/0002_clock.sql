-- SPDX-License-Identifier: AGPL-3.0-or-later
-- The floor: see the store of a DVZA. The clock is the same.

ALTER TABLE clock ADD COLUMN floor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE clock ADD COLUMN shift INTEGER NOT NULL DEFAULT 0;
ALTER TABLE clock ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
UPDATE clock SET floor = latest;
