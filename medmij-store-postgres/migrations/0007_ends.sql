-- SPDX-License-Identifier: AGPL-3.0-or-later
-- core.dossier.108: all that a Persoon has ends at once. Replicas of the version before do not know of it, and cannot go on
-- beside this one.

-- A Persoon of whom everything ended, until when nothing of it is written, and whether it is erased.
CREATE TABLE medmij.ended_persons (
    persoon bytea PRIMARY KEY,
    until timestamptz NOT NULL,
    erased boolean NOT NULL
);
CREATE INDEX ended_persons_until ON medmij.ended_persons (until);

-- How far the store got in each file of the journal of ends, which stands outside the database.
CREATE TABLE medmij.journal (
    file text PRIMARY KEY,
    number bigint NOT NULL
) WITH (fillfactor = 50);

-- Whoever writes something new of a Persoon shares a lock on it until the end of the transaction; whoever ends the Persoon has
-- it alone. It is taken before any row of the Persoon is locked. Whether nothing of this Persoon is written now.
CREATE FUNCTION medmij.is_held(p_persoon bytea) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('persoon ' || encode(p_persoon, 'hex'), 0));
    RETURN EXISTS (SELECT 1 FROM medmij.ended_persons WHERE persoon = p_persoon AND until > medmij.now());
END $$;

-- Ends a flow with a grant, its code and its audit entry. A code or id that exists raises unique_violation: nothing happened.
CREATE OR REPLACE FUNCTION medmij.add_grant(
    p_flow text, p_version bigint,
    p_id text, p_persoon bytea, p_aanbieder text, p_client_id text, p_langdurig boolean, p_body bytea,
    p_code bytea, p_binding bytea, p_lifetime bigint,
    p_audit jsonb
) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz;
    v_flow timestamptz;
    v_floor timestamptz;
BEGIN
    IF medmij.is_held(p_persoon) THEN
        RETURN false;
    END IF;
    SELECT expires INTO v_flow FROM medmij.flows WHERE id = p_flow AND version = p_version FOR UPDATE;
    v_now := medmij.tick();
    IF v_flow IS NULL OR v_flow <= v_now THEN
        RETURN false;
    END IF;
    v_floor := medmij.floor();
    DELETE FROM medmij.flows WHERE id = p_flow;
    -- kept a while longer than the code works, so that a late offer is known to be late
    INSERT INTO medmij.grants (id, persoon, aanbieder, client_id, langdurig, body, code, binding, code_expires,
            live_until, purge_at)
        VALUES (p_id, p_persoon, p_aanbieder, p_client_id, p_langdurig, p_body, p_code, p_binding,
            v_now + medmij.micros(p_lifetime), v_floor + medmij.micros(p_lifetime),
            v_floor + medmij.micros(p_lifetime) + medmij.micros(p_lifetime));
    PERFORM medmij.append_audit(p_audit);
    RETURN true;
END $$;

-- Writes an Abonnement, where its Persoon has fewer than so many at its DVP and did not end. An id that exists raises
-- unique_violation. The lock puts creations for one Persoon in a row, so that counting and writing are one.
CREATE OR REPLACE FUNCTION medmij.add_abonnement(
    p_id text, p_persoon bytea, p_client_id text, p_aanbieder text, p_gegevensdienst text, p_last_day text,
    p_most bigint, p_today text
) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(encode(p_persoon, 'hex'), 0));
    IF medmij.is_held(p_persoon) OR (SELECT count(*) FROM medmij.abonnementen
        WHERE persoon = p_persoon AND client_id = p_client_id AND last_day > p_today) >= p_most
        AND NOT EXISTS (SELECT 1 FROM medmij.abonnementen WHERE id = p_id) THEN
        RETURN false;
    END IF;
    INSERT INTO medmij.abonnementen (id, persoon, client_id, aanbieder, gegevensdienst, last_day)
        VALUES (p_id, p_persoon, p_client_id, p_aanbieder, p_gegevensdienst, p_last_day);
    RETURN true;
END $$;

-- Ends all that a Persoon (by every version of the index key) has, with one audit entry. The locks are taken in the order of
-- every other function: Persoon, grants, outbox, audit.
CREATE FUNCTION medmij.end_persoon(
    p_persoon bytea[], p_erase boolean, p_hold bigint, p_audit jsonb,
    OUT clients text[], OUT aanbieders text[], OUT abonnementen bigint, OUT entries bigint
)
LANGUAGE plpgsql AS $$
DECLARE
    v_persoon bytea;
    v_until timestamptz := medmij.tick() + medmij.micros(p_hold);
    v_grants bigint[];
    v_ids text[];
BEGIN
    FOR v_persoon IN SELECT DISTINCT each FROM unnest(p_persoon) AS each ORDER BY each LOOP
        PERFORM pg_advisory_xact_lock(hashtextextended('persoon ' || encode(v_persoon, 'hex'), 0));
        INSERT INTO medmij.ended_persons AS e (persoon, until, erased) VALUES (v_persoon, v_until, p_erase)
            ON CONFLICT (persoon) DO UPDATE SET until = EXCLUDED.until, erased = e.erased OR EXCLUDED.erased;
    END LOOP;
    -- locked in one order, so that two ends do not wait for each other
    PERFORM 1 FROM medmij.grants g WHERE g.persoon = ANY (p_persoon) ORDER BY g.seq FOR UPDATE;
    WITH ended AS (
        DELETE FROM medmij.grants g WHERE g.persoon = ANY (p_persoon) RETURNING g.seq, g.id, g.client_id, g.aanbieder)
    SELECT coalesce(array_agg(e.seq ORDER BY e.seq), '{}'), coalesce(array_agg(e.id ORDER BY e.seq), '{}'),
            coalesce(array_agg(e.client_id ORDER BY e.seq), '{}'), coalesce(array_agg(e.aanbieder ORDER BY e.seq), '{}')
        INTO v_grants, v_ids, clients, aanbieders FROM ended e;
    DELETE FROM medmij.access a WHERE a.grant_seq = ANY (v_grants);
    PERFORM pg_advisory_xact_lock(hashtextextended('medmij.outbox', 0));
    DELETE FROM medmij.outbox o WHERE o.abonnement IN
        (SELECT a.id FROM medmij.abonnementen a WHERE a.persoon = ANY (p_persoon));
    DELETE FROM medmij.abonnementen a WHERE a.persoon = ANY (p_persoon);
    GET DIAGNOSTICS abonnementen = ROW_COUNT;
    PERFORM medmij.keep_consents(v_ids, medmij.floor());
    entries := 0;
    IF p_erase THEN
        UPDATE medmij.audit a SET persoon = NULL, salt = NULL WHERE a.persoon = ANY (p_persoon);
        GET DIAGNOSTICS entries = ROW_COUNT;
    END IF;
    PERFORM medmij.append_audit(p_audit);
END $$;

-- Removes at most p_batch rows: flows and access tokens that expired, grants that lapsed, Persons who were held. Rows in use
-- are left for the next time.
CREATE OR REPLACE FUNCTION medmij.purge(p_batch bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := medmij.tick();
    v_floor timestamptz := medmij.floor();
    v_left bigint := p_batch;
    v_gone bigint;
    v_lapsed text[];
    v_erased bytea[];
BEGIN
    DELETE FROM medmij.flows WHERE id = ANY (ARRAY(
        SELECT id FROM medmij.flows WHERE expires <= v_now ORDER BY expires LIMIT v_left FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    v_left := v_left - v_gone;
    DELETE FROM medmij.access WHERE hash = ANY (ARRAY(
        SELECT hash FROM medmij.access WHERE expires <= v_now ORDER BY expires LIMIT v_left FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    v_left := v_left - v_gone;
    -- the consents of what lapses are kept for their term from now on
    WITH lapsed AS (
        DELETE FROM medmij.grants WHERE seq = ANY (ARRAY(
            SELECT seq FROM medmij.grants WHERE purge_at <= v_floor ORDER BY purge_at LIMIT v_left FOR UPDATE SKIP LOCKED))
            RETURNING id)
    SELECT array_agg(id) INTO v_lapsed FROM lapsed;
    PERFORM medmij.keep_consents(v_lapsed, v_floor);
    v_left := v_left - coalesce(array_length(v_lapsed, 1), 0);
    -- what was written to the audit log of an erased Persoon while it was held loses the Persoon
    WITH over AS (
        DELETE FROM medmij.ended_persons WHERE persoon = ANY (ARRAY(
            SELECT persoon FROM medmij.ended_persons WHERE until <= v_now ORDER BY until LIMIT v_left
            FOR UPDATE SKIP LOCKED))
            RETURNING persoon, erased)
    SELECT count(*), array_agg(persoon) FILTER (WHERE erased) INTO v_gone, v_erased FROM over;
    UPDATE medmij.audit SET persoon = NULL, salt = NULL WHERE persoon = ANY (v_erased);
    RETURN p_batch - v_left + v_gone;
END $$;
