-- SPDX-License-Identifier: AGPL-3.0-or-later
-- core.dossier.100, core.dossier.105, core.dossier.108: the dossiers of a DVP. A Persoon is the random number of the account;
-- the key of a dossier is sealed by the key ring of the DVP, its items by that key. Moments are microseconds since 1970.

CREATE TABLE medmij_dvp.dossiers (
    person bytea PRIMARY KEY,
    sealed_key bytea NOT NULL,
    frozen bigint
);
CREATE INDEX dossiers_frozen ON medmij_dvp.dossiers (frozen) WHERE frozen IS NOT NULL;

-- An item goes with its dossier, and none is added to one that goes or is frozen at the same moment.
CREATE TABLE medmij_dvp.items (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person bytea NOT NULL REFERENCES medmij_dvp.dossiers ON DELETE CASCADE,
    id bytea NOT NULL,
    collection bytea NOT NULL,
    sealed bytea NOT NULL,
    UNIQUE (person, id)
);

CREATE FUNCTION medmij_dvp.begin_dossier(
    p_person bytea, p_sealed_key bytea, OUT sealed_key bytea, OUT frozen bigint
)
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO medmij_dvp.dossiers AS d (person, sealed_key) VALUES (p_person, p_sealed_key) ON CONFLICT DO NOTHING;
    SELECT d.sealed_key, d.frozen INTO begin_dossier.sealed_key, begin_dossier.frozen
        FROM medmij_dvp.dossiers d WHERE d.person = p_person;
END $$;

CREATE FUNCTION medmij_dvp.keep_items(
    p_person bytea, p_ids bytea[], p_collections bytea[], p_sealed bytea[]
) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM medmij_dvp.dossiers WHERE person = p_person AND frozen IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO medmij_dvp.items (person, id, collection, sealed)
        SELECT p_person, n.id, n.collection, n.sealed
        FROM unnest(p_ids, p_collections, p_sealed) WITH ORDINALITY AS n (id, collection, sealed, place)
        ORDER BY n.place;
    RETURN true;
END $$;

CREATE FUNCTION medmij_dvp.erase_dossier(p_person bytea) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_gone bigint;
BEGIN
    PERFORM 1 FROM medmij_dvp.dossiers WHERE person = p_person FOR UPDATE;
    DELETE FROM medmij_dvp.items WHERE person = p_person;
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    DELETE FROM medmij_dvp.dossiers WHERE person = p_person;
    RETURN v_gone;
END $$;
