-- SPDX-License-Identifier: AGPL-3.0-or-later
-- ext.abo.subint: the Abonnementen of a DVZA. A Persoon is a keyed hash; a day is JJJJ-MM-DD, which sorts as it should.

CREATE TABLE medmij.abonnementen (
    id text PRIMARY KEY,
    persoon bytea NOT NULL,
    client_id text NOT NULL,
    aanbieder text NOT NULL,
    gegevensdienst text NOT NULL,
    last_day text COLLATE "C" NOT NULL
);
CREATE INDEX abonnementen_persoon ON medmij.abonnementen (persoon);
CREATE INDEX abonnementen_last_day ON medmij.abonnementen (last_day);

-- Writes an Abonnement, where its Persoon has fewer than so many at its DVP. An id that exists raises unique_violation. The
-- lock puts creations for one Persoon in a row, so that counting and writing are one.
CREATE FUNCTION medmij.add_abonnement(
    p_id text, p_persoon bytea, p_client_id text, p_aanbieder text, p_gegevensdienst text, p_last_day text,
    p_most bigint, p_today text
) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(encode(p_persoon, 'hex'), 0));
    IF (SELECT count(*) FROM medmij.abonnementen
        WHERE persoon = p_persoon AND client_id = p_client_id AND last_day > p_today) >= p_most
        AND NOT EXISTS (SELECT 1 FROM medmij.abonnementen WHERE id = p_id) THEN
        RETURN false;
    END IF;
    INSERT INTO medmij.abonnementen (id, persoon, client_id, aanbieder, gegevensdienst, last_day)
        VALUES (p_id, p_persoon, p_client_id, p_aanbieder, p_gegevensdienst, p_last_day);
    RETURN true;
END $$;
