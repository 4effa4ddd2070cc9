-- SPDX-License-Identifier: AGPL-3.0-or-later
-- core.tknint.208, ext.abo.subnotint: what a DVP keeps. Tokens are sealed, the name of each is a keyed hash, and so is a
-- Persoon. The clock of this database decides when a refresh counts as lost.

CREATE TABLE medmij_dvp.tokens (
    name text PRIMARY KEY,
    sealed bytea NOT NULL,
    kept timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- the refresh that runs, and when it counts as lost
    attempt bigint,
    lease timestamptz
) WITH (fillfactor = 70);
CREATE INDEX tokens_kept ON medmij_dvp.tokens (kept);

-- The number of a refresh: none is given twice, whatever is forgotten.
CREATE SEQUENCE medmij_dvp.attempts;

-- Starts a refresh: of all callers one at a time hears 'refresh'.
CREATE FUNCTION medmij_dvp.begin_refresh(
    p_name text, p_lease bigint,
    OUT outcome text, OUT sealed bytea, OUT attempt bigint
)
LANGUAGE plpgsql AS $$
DECLARE
    v_sealed bytea;
    v_lease timestamptz;
    v_now timestamptz;
BEGIN
    SELECT t.sealed, t.lease INTO v_sealed, v_lease FROM medmij_dvp.tokens t WHERE t.name = p_name FOR UPDATE;
    IF NOT FOUND THEN
        outcome := 'unknown';
        RETURN;
    END IF;
    v_now := clock_timestamp();
    IF v_lease > v_now THEN
        outcome := 'under way';
        RETURN;
    END IF;
    outcome := 'refresh';
    sealed := v_sealed;
    attempt := nextval('medmij_dvp.attempts');
    UPDATE medmij_dvp.tokens t
        SET attempt = begin_refresh.attempt, lease = v_now + p_lease * interval '1 microsecond'
        WHERE t.name = p_name;
END $$;

CREATE TABLE medmij_dvp.abonnementen (
    id text PRIMARY KEY,
    dvza text[] NOT NULL,
    aanbieder text NOT NULL,
    gegevensdienst text NOT NULL,
    voor bytea NOT NULL,
    last_day text COLLATE "C" NOT NULL
);
CREATE INDEX abonnementen_voor ON medmij_dvp.abonnementen (voor);
CREATE INDEX abonnementen_last_day ON medmij_dvp.abonnementen (last_day);

-- Writes an Abonnement, where its Persoon has fewer than so many. An id that exists raises unique_violation: it keeps the DVZA
-- that it has.
CREATE FUNCTION medmij_dvp.add_abonnement(
    p_id text, p_dvza text[], p_aanbieder text, p_gegevensdienst text, p_voor bytea, p_last_day text, p_most bigint
) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(encode(p_voor, 'hex'), 0));
    IF (SELECT count(*) FROM medmij_dvp.abonnementen WHERE voor = p_voor) >= p_most
        AND NOT EXISTS (SELECT 1 FROM medmij_dvp.abonnementen WHERE id = p_id) THEN
        RETURN false;
    END IF;
    INSERT INTO medmij_dvp.abonnementen (id, dvza, aanbieder, gegevensdienst, voor, last_day)
        VALUES (p_id, p_dvza, p_aanbieder, p_gegevensdienst, p_voor, p_last_day);
    RETURN true;
END $$;
