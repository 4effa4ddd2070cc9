-- SPDX-License-Identifier: AGPL-3.0-or-later
-- core.gegevensdiensten.104: whom this DVZA serves. One Aanbieder a row, as JSON in the form of medmij_dvza's registratie::Rows;
-- whoever changes a row with any SQL moves the version, and every process that follows it reads the table again.

CREATE TABLE registration (
    id INTEGER PRIMARY KEY,
    entry TEXT NOT NULL
) STRICT;

CREATE TABLE registration_version (
    single INTEGER PRIMARY KEY CHECK (single = 1),
    version INTEGER NOT NULL,
    changed_at TEXT NOT NULL
) STRICT;
INSERT INTO registration_version VALUES (1, 0, datetime('now'));

CREATE TRIGGER registration_added AFTER INSERT ON registration BEGIN
    UPDATE registration_version SET version = version + 1, changed_at = datetime('now');
END;
CREATE TRIGGER registration_changed AFTER UPDATE ON registration BEGIN
    UPDATE registration_version SET version = version + 1, changed_at = datetime('now');
END;
CREATE TRIGGER registration_ended AFTER DELETE ON registration BEGIN
    UPDATE registration_version SET version = version + 1, changed_at = datetime('now');
END;
