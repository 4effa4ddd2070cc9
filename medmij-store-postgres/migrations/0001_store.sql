-- SPDX-License-Identifier: AGPL-3.0-or-later
-- core.tknint.203, core.tknint.204, core.autorisatie.208: the rows of a DVZA and its operations. Codes, tokens and sessions
-- are SHA-256 hashes, a Persoon is a keyed hash, bodies are sealed. Every lifetime is judged by the clock of this database,
-- which does not go back: see `clock`.
--
-- An operation is one call, so one transaction. Each statement in it sees what was committed before it began (read
-- committed); a row that decides is locked before the time is read. Locks are taken in the order code, grant, refresh
-- token. A function that was released keeps its meaning; a change gets a new name, so that replicas can be upgraded one by
-- one.

CREATE TABLE medmij.flows (
    seq bigint GENERATED ALWAYS AS IDENTITY,
    id text PRIMARY KEY,
    session bytea NOT NULL,
    body bytea NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    authenticated boolean NOT NULL DEFAULT false,
    expires timestamptz NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX flows_expires ON medmij.flows (expires);
CREATE INDEX flows_anonymous ON medmij.flows (seq) WHERE NOT authenticated;

CREATE TABLE medmij.grants (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    persoon bytea NOT NULL,
    aanbieder text,
    client_id text NOT NULL,
    langdurig boolean NOT NULL,
    body bytea NOT NULL,
    ended boolean NOT NULL DEFAULT false,
    -- when its last code or refresh token expires
    live_until timestamptz NOT NULL,
    -- when nothing points at it any more
    purge_at timestamptz NOT NULL
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX grants_persoon ON medmij.grants (persoon);
CREATE INDEX grants_purge_at ON medmij.grants (purge_at);

CREATE TABLE medmij.codes (
    hash bytea PRIMARY KEY,
    grant_seq bigint NOT NULL,
    binding bytea NOT NULL,
    taken boolean NOT NULL DEFAULT false,
    expires timestamptz NOT NULL,
    -- later than expires: a replay must still find what was issued
    purge_at timestamptz NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX codes_purge_at ON medmij.codes (purge_at);

CREATE TABLE medmij.access (
    hash bytea PRIMARY KEY,
    grant_seq bigint NOT NULL,
    names text[] NOT NULL,
    expires timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX access_expires ON medmij.access (expires);

CREATE TABLE medmij.refresh (
    hash bytea PRIMARY KEY,
    grant_seq bigint NOT NULL,
    expires timestamptz NOT NULL,
    used timestamptz,
    successor bytea,
    replaced boolean NOT NULL DEFAULT false
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX refresh_expires ON medmij.refresh (expires);

CREATE TABLE medmij.audit (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind text NOT NULL,
    persoon bytea NOT NULL,
    aanbieder text,
    client_id text NOT NULL,
    scope text NOT NULL,
    grant_id text,
    texts text NOT NULL
);
CREATE INDEX audit_at ON medmij.audit (at);

CREATE FUNCTION medmij.micros(n bigint) RETURNS interval
LANGUAGE sql IMMUTABLE AS $$ SELECT n * interval '1 microsecond' $$;

-- How far the clock of the store is ahead of the clock of the server, and how far it was read: it never goes back (O16). When
-- the clock of the server is set back, the store is ahead by so much more, for every replica, and time goes on from there.
CREATE TABLE medmij.clock (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    latest timestamptz NOT NULL,
    ahead interval NOT NULL DEFAULT '0'
) WITH (fillfactor = 10);
INSERT INTO medmij.clock (latest) VALUES (clock_timestamp());

-- The time, for those who only read. Not LANGUAGE sql: that would be parsed and planned again at each call.
CREATE FUNCTION medmij.now() RETURNS timestamptz
LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT greatest(clock_timestamp() + ahead, latest) FROM medmij.clock);
END $$;

-- The time, for those who write: now and then it is written down, by whoever comes first; nobody waits for that.
CREATE FUNCTION medmij.tick() RETURNS timestamptz
LANGUAGE plpgsql AS $$
DECLARE
    v_latest timestamptz;
    v_ahead interval;
    v_read timestamptz;
BEGIN
    SELECT latest, ahead INTO v_latest, v_ahead FROM medmij.clock;
    v_read := clock_timestamp() + v_ahead;
    IF v_read BETWEEN v_latest AND v_latest + interval '2 seconds' THEN
        RETURN v_read;
    END IF;
    SELECT latest, ahead INTO v_latest, v_ahead FROM medmij.clock FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN greatest(v_read, v_latest);
    END IF;
    v_read := clock_timestamp() + v_ahead;
    IF v_read < v_latest - interval '1 second' THEN
        UPDATE medmij.clock SET ahead = v_ahead + (v_latest - v_read);
    ELSIF v_read > v_latest THEN
        UPDATE medmij.clock SET latest = v_read;
    END IF;
    RETURN greatest(v_read, v_latest);
END $$;

-- Room for more flows: expired ones go first, then the oldest of a Persoon who is not authenticated, at most 1,024 at once.
-- 0: there is room. 1: there is, and more has to go. 2: there is none.
CREATE FUNCTION medmij.make_room(p_limit bigint) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := medmij.tick();
    v_excess bigint;
    v_expired bigint;
    v_oldest bigint := 0;
BEGIN
    SELECT count(*) + 1 - p_limit INTO v_excess FROM (SELECT 1 FROM medmij.flows LIMIT p_limit + 4096) AS counted;
    IF v_excess <= 0 THEN
        RETURN 0;
    END IF;
    DELETE FROM medmij.flows WHERE id = ANY (ARRAY(
        SELECT id FROM medmij.flows WHERE expires <= v_now ORDER BY expires LIMIT least(v_excess, 1024)
        FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_expired = ROW_COUNT;
    IF v_expired < least(v_excess, 1024) THEN
        DELETE FROM medmij.flows WHERE id = ANY (ARRAY(
            SELECT id FROM medmij.flows WHERE NOT authenticated ORDER BY seq LIMIT least(v_excess, 1024) - v_expired
            FOR UPDATE SKIP LOCKED));
        GET DIAGNOSTICS v_oldest = ROW_COUNT;
    END IF;
    RETURN CASE WHEN v_expired + v_oldest >= v_excess THEN 0 WHEN v_expired + v_oldest > 0 THEN 1 ELSE 2 END;
END $$;

-- Ends a grant for another reason than that the Persoon withdrew it, with the audit entry of it; once.
CREATE FUNCTION medmij.end_grant(p_seq bigint) RETURNS void
LANGUAGE sql AS $$
    WITH ended AS (
        UPDATE medmij.grants SET ended = true WHERE seq = p_seq AND NOT ended
        RETURNING id, persoon, aanbieder, client_id)
    INSERT INTO medmij.audit (kind, persoon, aanbieder, client_id, scope, grant_id, texts)
    SELECT 'beeindigd', persoon, aanbieder, client_id, '*', id, '' FROM ended
$$;

-- Ends a flow with a grant, its code and its audit entry. A code or id that exists raises unique_violation: nothing happened.
CREATE FUNCTION medmij.add_grant(
    p_flow text, p_version bigint,
    p_id text, p_persoon bytea, p_aanbieder text, p_client_id text, p_langdurig boolean, p_body bytea,
    p_code bytea, p_binding bytea, p_lifetime bigint,
    p_audit_kind text, p_audit_persoon bytea, p_audit_aanbieder text, p_audit_client_id text, p_audit_scope text,
    p_audit_grant text, p_audit_texts text
) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz;
    v_flow timestamptz;
    v_seq bigint;
BEGIN
    SELECT expires INTO v_flow FROM medmij.flows WHERE id = p_flow AND version = p_version FOR UPDATE;
    v_now := medmij.tick();
    IF v_flow IS NULL OR v_flow <= v_now THEN
        RETURN false;
    END IF;
    DELETE FROM medmij.flows WHERE id = p_flow;
    INSERT INTO medmij.grants (id, persoon, aanbieder, client_id, langdurig, body, live_until, purge_at)
        VALUES (p_id, p_persoon, p_aanbieder, p_client_id, p_langdurig, p_body,
            v_now + medmij.micros(p_lifetime), v_now + medmij.micros(2 * p_lifetime))
        RETURNING seq INTO v_seq;
    INSERT INTO medmij.codes (hash, grant_seq, binding, expires, purge_at)
        VALUES (p_code, v_seq, p_binding, v_now + medmij.micros(p_lifetime), v_now + medmij.micros(2 * p_lifetime));
    INSERT INTO medmij.audit (kind, persoon, aanbieder, client_id, scope, grant_id, texts)
        VALUES (p_audit_kind, p_audit_persoon, p_audit_aanbieder, p_audit_client_id, p_audit_scope,
            p_audit_grant, p_audit_texts);
    RETURN true;
END $$;

-- Burns a code, whatever comes of it: unknown, replayed (then its grant has ended), expired, or fresh. It is kept for as
-- long as the token that may come of it.
CREATE FUNCTION medmij.burn_code(
    p_code bytea, p_access_lifetime bigint,
    OUT outcome text, OUT v_grant bigint, OUT v_binding bytea, OUT v_now timestamptz
)
LANGUAGE plpgsql AS $$
DECLARE
    v_taken boolean;
    v_expires timestamptz;
BEGIN
    SELECT grant_seq, binding, taken, expires INTO v_grant, v_binding, v_taken, v_expires
        FROM medmij.codes WHERE hash = p_code FOR UPDATE;
    v_now := medmij.tick();
    IF v_grant IS NULL THEN
        outcome := 'unknown';
    ELSIF v_taken THEN
        PERFORM medmij.end_grant(v_grant);
        outcome := 'replayed';
    ELSE
        UPDATE medmij.codes
            SET taken = true, purge_at = greatest(purge_at, v_now + medmij.micros(p_access_lifetime))
            WHERE hash = p_code;
        outcome := CASE WHEN v_expires <= v_now THEN 'expired' ELSE 'fresh' END;
    END IF;
END $$;

-- Takes a code: of all callers with one code at most one ever gets 'fresh', with its tokens written. A token that exists
-- raises unique_violation: nothing happened.
CREATE FUNCTION medmij.take_code(
    p_code bytea, p_binding bytea,
    p_access bytea, p_access_lifetime bigint,
    p_refresh bytea, p_refresh_lifetime bigint,
    p_names text[],
    OUT outcome text,
    OUT id text, OUT persoon bytea, OUT aanbieder text, OUT client_id text, OUT langdurig boolean, OUT body bytea
)
LANGUAGE plpgsql AS $$
DECLARE
    v_burnt record;
    v_live timestamptz;
    v_access timestamptz;
BEGIN
    SELECT * INTO v_burnt FROM medmij.burn_code(p_code, p_access_lifetime);
    outcome := v_burnt.outcome;
    IF outcome <> 'fresh' THEN
        RETURN;
    END IF;
    IF v_burnt.v_binding <> p_binding THEN
        outcome := 'mismatch';
        RETURN;
    END IF;
    SELECT g.id, g.persoon, g.aanbieder, g.client_id, g.langdurig, g.body
        INTO id, persoon, aanbieder, client_id, langdurig, body
        FROM medmij.grants g WHERE g.seq = v_burnt.v_grant AND NOT g.ended;
    IF id IS NULL THEN
        outcome := 'unknown';
        RETURN;
    END IF;
    v_access := v_burnt.v_now + medmij.micros(p_access_lifetime);
    IF langdurig AND p_refresh IS NOT NULL THEN
        v_live := v_burnt.v_now + medmij.micros(p_refresh_lifetime);
    END IF;
    -- most grants live long enough already, and this changes nothing
    UPDATE medmij.grants g
        SET live_until = greatest(g.live_until, v_live), purge_at = greatest(g.purge_at, v_live, v_access)
        WHERE g.seq = v_burnt.v_grant AND (g.live_until < v_live OR g.purge_at < v_access);
    IF v_live IS NOT NULL THEN
        INSERT INTO medmij.refresh (hash, grant_seq, expires) VALUES (p_refresh, v_burnt.v_grant, v_live);
    END IF;
    INSERT INTO medmij.access (hash, grant_seq, names, expires)
        VALUES (p_access, v_burnt.v_grant, p_names, v_access);
END $$;

-- Exchanges a refresh token. The lock on the grant puts all uses of one family in a row.
CREATE FUNCTION medmij.rotate_refresh(
    p_token bytea, p_client_id text,
    p_next bytea, p_lifetime bigint,
    p_access bytea, p_access_lifetime bigint,
    p_race bigint, p_names text[],
    OUT outcome text,
    OUT id text, OUT persoon bytea, OUT aanbieder text, OUT client_id text, OUT langdurig boolean, OUT body bytea
)
LANGUAGE plpgsql AS $$
DECLARE
    v_seq bigint;
    v_row medmij.refresh%ROWTYPE;
    v_now timestamptz;
    v_live timestamptz;
    v_access timestamptz;
    v_successor_used boolean;
BEGIN
    SELECT grant_seq INTO v_seq FROM medmij.refresh WHERE hash = p_token;
    SELECT g.id, g.persoon, g.aanbieder, g.client_id, g.langdurig, g.body
        INTO id, persoon, aanbieder, client_id, langdurig, body
        FROM medmij.grants g WHERE g.seq = v_seq AND NOT g.ended FOR NO KEY UPDATE;
    IF id IS NULL THEN
        outcome := 'unknown';
        RETURN;
    END IF;
    SELECT * INTO v_row FROM medmij.refresh WHERE hash = p_token FOR UPDATE;
    v_now := medmij.tick();
    IF v_row.hash IS NULL THEN
        outcome := 'unknown';
        RETURN;
    END IF;
    IF client_id <> p_client_id THEN
        outcome := 'mismatch';
        RETURN;
    END IF;
    IF v_row.expires <= v_now THEN
        outcome := 'expired';
        RETURN;
    END IF;
    IF v_row.successor IS NOT NULL THEN
        SELECT used IS NOT NULL INTO v_successor_used FROM medmij.refresh WHERE hash = v_row.successor;
    END IF;
    IF v_row.replaced OR (v_row.used IS NOT NULL AND coalesce(v_successor_used, true)) THEN
        PERFORM medmij.end_grant(v_seq);
        outcome := 'reused';
        RETURN;
    END IF;
    IF v_row.used IS NOT NULL AND v_now < v_row.used + medmij.micros(p_race) THEN
        outcome := 'race';
        RETURN;
    END IF;
    v_live := v_now + medmij.micros(p_lifetime);
    v_access := v_now + medmij.micros(p_access_lifetime);
    UPDATE medmij.refresh SET replaced = true WHERE hash = v_row.successor;
    UPDATE medmij.refresh SET used = v_now, successor = p_next WHERE hash = p_token;
    UPDATE medmij.grants g
        SET live_until = greatest(g.live_until, v_live), purge_at = greatest(g.purge_at, v_live, v_access)
        WHERE g.seq = v_seq;
    INSERT INTO medmij.refresh (hash, grant_seq, expires) VALUES (p_next, v_seq, v_live);
    INSERT INTO medmij.access (hash, grant_seq, names, expires) VALUES (p_access, v_seq, p_names, v_access);
    outcome := CASE WHEN v_row.used IS NULL THEN 'fresh' ELSE 'replaced' END;
END $$;

-- Ends what a Persoon granted at an Aanbieder to a DVP, where there is something with the audit entry of it; how many ended.
CREATE FUNCTION medmij.withdraw(
    p_persoon bytea, p_aanbieder text, p_client_id text,
    p_audit_kind text, p_audit_persoon bytea, p_audit_aanbieder text, p_audit_client_id text, p_audit_scope text,
    p_audit_grant text, p_audit_texts text
) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_ended bigint;
    v_now timestamptz;
BEGIN
    -- locked in one order, so that two withdrawals do not wait for each other
    PERFORM 1 FROM medmij.grants WHERE persoon = p_persoon ORDER BY seq FOR NO KEY UPDATE;
    v_now := medmij.tick();
    UPDATE medmij.grants SET ended = true
        WHERE persoon = p_persoon AND aanbieder IS NOT DISTINCT FROM p_aanbieder AND client_id = p_client_id
            AND NOT ended AND purge_at > v_now;
    GET DIAGNOSTICS v_ended = ROW_COUNT;
    IF v_ended = 0 THEN
        RETURN 0;
    END IF;
    INSERT INTO medmij.audit (kind, persoon, aanbieder, client_id, scope, grant_id, texts)
        VALUES (p_audit_kind, p_audit_persoon, p_audit_aanbieder, p_audit_client_id, p_audit_scope, p_audit_grant,
            p_audit_texts);
    RETURN v_ended;
END $$;

-- Removes at most p_batch expired rows; rows in use are left for the next time.
CREATE FUNCTION medmij.purge(p_batch bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := medmij.tick();
    v_left bigint := p_batch;
    v_gone bigint;
BEGIN
    DELETE FROM medmij.flows WHERE id = ANY (ARRAY(
        SELECT id FROM medmij.flows WHERE expires <= v_now ORDER BY expires LIMIT v_left FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    v_left := v_left - v_gone;
    DELETE FROM medmij.codes WHERE hash = ANY (ARRAY(
        SELECT hash FROM medmij.codes WHERE purge_at <= v_now ORDER BY purge_at LIMIT v_left FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    v_left := v_left - v_gone;
    DELETE FROM medmij.access WHERE hash = ANY (ARRAY(
        SELECT hash FROM medmij.access WHERE expires <= v_now ORDER BY expires LIMIT v_left FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    v_left := v_left - v_gone;
    DELETE FROM medmij.refresh WHERE hash = ANY (ARRAY(
        SELECT hash FROM medmij.refresh WHERE expires <= v_now ORDER BY expires LIMIT v_left FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    v_left := v_left - v_gone;
    DELETE FROM medmij.grants WHERE seq = ANY (ARRAY(
        SELECT seq FROM medmij.grants WHERE purge_at <= v_now ORDER BY purge_at LIMIT v_left FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    RETURN p_batch - v_left + v_gone;
END $$;
