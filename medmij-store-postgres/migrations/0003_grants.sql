-- SPDX-License-Identifier: AGPL-3.0-or-later
-- core.tknint.203, core.tknint.204, core.tknint.208: a grant has one row, with its code and its two refresh tokens. What was
-- granted before this version ends, with an entry in the audit log: its refresh tokens do not name their grant. Replicas of
-- the version before cannot go on beside this one.

INSERT INTO medmij.audit (kind, persoon, aanbieder, client_id, scope, grant_id, texts)
SELECT 'beeindigd', persoon, aanbieder, client_id, '*', id, '' FROM medmij.grants
WHERE NOT ended AND live_until > medmij.now();
DROP FUNCTION medmij.end_grant(bigint);
DROP FUNCTION medmij.add_grant(text, bigint, text, bytea, text, text, boolean, bytea, bytea, bytea, bigint,
    text, bytea, text, text, text, text, text);
DROP FUNCTION medmij.take_code(bytea, bytea, bytea, bigint, bytea, bigint, text[]);
DROP FUNCTION medmij.burn_code(bytea, bigint);
DROP FUNCTION medmij.rotate_refresh(bytea, text, bytea, bigint, bytea, bigint, bigint, text[]);
DROP FUNCTION medmij.withdraw(bytea, text, text, text, bytea, text, text, text, text, text);
DROP FUNCTION medmij.purge(bigint);
DROP TABLE medmij.refresh;
DROP TABLE medmij.access;
DROP TABLE medmij.codes;
DROP TABLE medmij.grants;

-- The floor: how far time has come by the monotonic clocks of the replicas. Grants lapse and rows are purged by it. `shift` is
-- how far a test moved the clock; `epoch` goes up when an operator accepts the wall clock.
ALTER TABLE medmij.clock ADD COLUMN floor timestamptz;
ALTER TABLE medmij.clock ADD COLUMN shift interval NOT NULL DEFAULT '0';
ALTER TABLE medmij.clock ADD COLUMN epoch bigint NOT NULL DEFAULT 0;
UPDATE medmij.clock SET floor = latest;
ALTER TABLE medmij.clock ALTER COLUMN floor SET NOT NULL;

-- `live_until` and `purge_at` are by the floor, the other times by the clock of the store.
CREATE TABLE medmij.grants (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    persoon bytea NOT NULL,
    aanbieder text,
    client_id text NOT NULL,
    langdurig boolean NOT NULL,
    body bytea NOT NULL,
    code bytea NOT NULL UNIQUE,
    binding bytea NOT NULL,
    code_expires timestamptz NOT NULL,
    taken boolean NOT NULL DEFAULT false,
    -- of the certificate with which the code was taken
    names text[] NOT NULL DEFAULT '{}',
    -- 0 where there is no refresh token
    generation bigint NOT NULL DEFAULT 0,
    refresh bytea,
    previous bytea,
    -- when the previous one was used
    used timestamptz,
    window_start timestamptz,
    window_count bigint NOT NULL DEFAULT 0,
    live_until timestamptz NOT NULL,
    purge_at timestamptz NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX grants_persoon ON medmij.grants (persoon);
CREATE INDEX grants_purge_at ON medmij.grants (purge_at);

CREATE TABLE medmij.access (
    hash bytea PRIMARY KEY,
    grant_seq bigint NOT NULL,
    names text[] NOT NULL,
    gegevensdiensten text[] NOT NULL,
    expires timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX access_expires ON medmij.access (expires);

CREATE TABLE medmij.bindings (
    client_id text NOT NULL,
    name text NOT NULL,
    confirmed boolean NOT NULL DEFAULT false,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (client_id, name)
);
CREATE INDEX bindings_name ON medmij.bindings (name);

-- Audit entries are kept by the floor: `at` is what the clock of the server said.
ALTER TABLE medmij.audit ADD COLUMN kept_from timestamptz;
UPDATE medmij.audit SET kept_from = (SELECT floor FROM medmij.clock);
DROP INDEX medmij.audit_at;
CREATE INDEX audit_kept_from ON medmij.audit (kept_from);

CREATE FUNCTION medmij.floor() RETURNS timestamptz
LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT floor + shift FROM medmij.clock);
END $$;
ALTER TABLE medmij.audit ALTER COLUMN kept_from SET DEFAULT medmij.floor();
ALTER TABLE medmij.audit ALTER COLUMN kept_from SET NOT NULL;

-- Moves the floor, for a replica that saw it at p_seen (microseconds since 1970) and has run p_elapsed since: as fast as the
-- monotonic clock of the replica, at most twice as fast where it is behind the wall clock. A replica that starts only looks.
CREATE FUNCTION medmij.advance_floor(
    p_seen bigint, p_epoch bigint, p_elapsed bigint,
    OUT seen bigint, OUT epoch bigint, OUT apart bigint
)
LANGUAGE plpgsql AS $$
DECLARE
    v_row medmij.clock%ROWTYPE;
    v_least timestamptz;
    v_wall timestamptz := clock_timestamp();
BEGIN
    SELECT * INTO v_row FROM medmij.clock FOR UPDATE;
    IF p_epoch = v_row.epoch AND p_seen IS NOT NULL THEN
        v_least := timestamptz 'epoch' + medmij.micros(p_seen) + medmij.micros(p_elapsed);
        v_least := least(greatest(v_wall, v_least), v_least + medmij.micros(p_elapsed));
        IF v_least > v_row.floor THEN
            v_row.floor := v_least;
            UPDATE medmij.clock SET floor = v_least;
        END IF;
    END IF;
    seen := (extract(epoch FROM v_row.floor) * 1000000)::bigint;
    epoch := v_row.epoch;
    apart := abs((extract(epoch FROM v_wall - v_row.floor) * 1000000)::bigint);
END $$;

-- Ends a grant for another reason than that the Persoon withdrew it, with the audit entry of it; once.
CREATE FUNCTION medmij.end_grant(p_seq bigint) RETURNS void
LANGUAGE sql AS $$
    WITH ended AS (DELETE FROM medmij.grants WHERE seq = p_seq RETURNING id, persoon, aanbieder, client_id)
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
    v_floor timestamptz;
BEGIN
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
    INSERT INTO medmij.audit (kind, persoon, aanbieder, client_id, scope, grant_id, texts, kept_from)
        VALUES (p_audit_kind, p_audit_persoon, p_audit_aanbieder, p_audit_client_id, p_audit_scope,
            p_audit_grant, p_audit_texts, v_floor);
    RETURN true;
END $$;

-- Burns a code that stands in a request which gives no token. It ends nothing.
CREATE FUNCTION medmij.burn_code(p_code bytea) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_seq bigint;
    v_taken boolean;
BEGIN
    SELECT seq, taken INTO v_seq, v_taken FROM medmij.grants WHERE code = p_code FOR NO KEY UPDATE;
    IF v_seq IS NULL THEN
        RETURN 'unknown';
    ELSIF v_taken THEN
        RETURN 'spent';
    END IF;
    UPDATE medmij.grants SET taken = true WHERE seq = v_seq;
    RETURN 'burnt';
END $$;

-- Takes a code. The lock on the grant puts all offers of it in a row.
CREATE FUNCTION medmij.take_code(
    p_code bytea, p_client_id text, p_binding bytea, p_names text[], p_own boolean,
    p_access bytea, p_access_lifetime bigint, p_gegevensdiensten text[],
    p_refresh bytea, p_generation bigint, p_refresh_lifetime bigint,
    OUT outcome text,
    OUT id text, OUT persoon bytea, OUT aanbieder text, OUT client_id text, OUT langdurig boolean, OUT body bytea
)
LANGUAGE plpgsql AS $$
DECLARE
    v_row medmij.grants%ROWTYPE;
    v_now timestamptz;
    v_floor timestamptz;
    v_live timestamptz;
    v_refresh boolean;
BEGIN
    -- before anything is written: where the token exists, nothing happened, and the code is not burnt
    IF EXISTS (SELECT 1 FROM medmij.access WHERE hash = p_access) THEN
        outcome := 'collision';
        RETURN;
    END IF;
    SELECT * INTO v_row FROM medmij.grants WHERE code = p_code FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        outcome := 'unknown';
        RETURN;
    END IF;
    IF v_row.taken THEN
        IF v_row.client_id = p_client_id AND (p_own OR v_row.names && p_names) THEN
            PERFORM medmij.end_grant(v_row.seq);
            outcome := 'replayed';
        ELSE
            outcome := 'spent';
        END IF;
        RETURN;
    END IF;
    v_now := medmij.tick();
    outcome := CASE
        WHEN v_row.client_id <> p_client_id OR v_row.binding <> p_binding THEN 'mismatch'
        WHEN v_row.code_expires <= v_now THEN 'expired'
        ELSE 'fresh' END;
    IF outcome <> 'fresh' THEN
        UPDATE medmij.grants SET taken = true WHERE seq = v_row.seq;
        RETURN;
    END IF;
    v_floor := medmij.floor();
    v_refresh := v_row.langdurig AND p_refresh IS NOT NULL;
    IF v_refresh THEN
        v_live := v_floor + medmij.micros(p_refresh_lifetime);
        UPDATE medmij.grants g
            SET taken = true, names = p_names, generation = p_generation, refresh = p_refresh, used = v_now,
                window_start = v_now, live_until = v_live,
                purge_at = greatest(g.purge_at, v_live, v_floor + medmij.micros(p_access_lifetime))
            WHERE g.seq = v_row.seq;
    ELSE
        UPDATE medmij.grants g
            SET taken = true, names = p_names,
                purge_at = greatest(g.purge_at, v_floor + medmij.micros(p_access_lifetime))
            WHERE g.seq = v_row.seq;
    END IF;
    INSERT INTO medmij.access (hash, grant_seq, names, gegevensdiensten, expires)
        VALUES (p_access, v_row.seq, p_names, p_gegevensdiensten, v_now + medmij.micros(p_access_lifetime));
    id := v_row.id;
    persoon := v_row.persoon;
    aanbieder := v_row.aanbieder;
    client_id := v_row.client_id;
    langdurig := v_row.langdurig;
    body := v_row.body;
END $$;

-- Exchanges a refresh token. The lock on the grant puts all uses of one family in a row.
CREATE FUNCTION medmij.rotate_refresh(
    p_grant text, p_client_id text, p_offered bytea, p_generation bigint,
    p_next bytea, p_next_generation bigint, p_lifetime bigint,
    p_access bytea, p_access_lifetime bigint, p_gegevensdiensten text[],
    p_names text[], p_race bigint, p_most bigint, p_within bigint, p_persoon bytea, p_body bytea,
    OUT outcome text,
    OUT id text, OUT persoon bytea, OUT aanbieder text, OUT client_id text, OUT langdurig boolean, OUT body bytea
)
LANGUAGE plpgsql AS $$
DECLARE
    v_row medmij.grants%ROWTYPE;
    v_now timestamptz;
    v_floor timestamptz;
    v_live timestamptz;
    v_lost boolean;
BEGIN
    IF EXISTS (SELECT 1 FROM medmij.access WHERE hash = p_access) THEN
        outcome := 'collision';
        RETURN;
    END IF;
    SELECT * INTO v_row FROM medmij.grants g WHERE g.id = p_grant FOR NO KEY UPDATE;
    IF v_row.refresh IS NULL THEN
        outcome := 'unknown';
        RETURN;
    END IF;
    IF v_row.client_id <> p_client_id THEN
        outcome := 'mismatch';
        RETURN;
    END IF;
    v_now := medmij.tick();
    v_floor := medmij.floor();
    IF v_row.live_until <= v_floor THEN
        outcome := 'expired';
        RETURN;
    END IF;
    v_lost := coalesce(v_row.previous = p_offered, false);
    IF NOT v_lost AND v_row.refresh <> p_offered THEN
        IF p_generation >= v_row.generation THEN
            outcome := 'unknown';
        ELSE
            PERFORM medmij.end_grant(v_row.seq);
            outcome := 'reused';
        END IF;
        RETURN;
    END IF;
    IF (v_lost AND v_now < v_row.used + medmij.micros(p_race)) OR p_next_generation <> v_row.generation + 1 THEN
        outcome := 'race';
        RETURN;
    END IF;
    IF v_now >= v_row.window_start + medmij.micros(p_within) THEN
        v_row.window_start := v_now;
        v_row.window_count := 0;
    END IF;
    IF v_row.window_count >= p_most THEN
        outcome := 'too often';
        RETURN;
    END IF;
    v_live := v_floor + medmij.micros(p_lifetime);
    UPDATE medmij.grants g
        SET generation = p_next_generation, refresh = p_next, previous = p_offered, used = v_now,
            window_start = v_row.window_start, window_count = v_row.window_count + 1,
            persoon = coalesce(p_persoon, g.persoon), body = coalesce(p_body, g.body),
            live_until = v_live,
            purge_at = greatest(g.purge_at, v_live, v_floor + medmij.micros(p_access_lifetime))
        WHERE g.seq = v_row.seq
        RETURNING g.persoon, g.body INTO persoon, body;
    INSERT INTO medmij.access (hash, grant_seq, names, gegevensdiensten, expires)
        VALUES (p_access, v_row.seq, p_names, p_gegevensdiensten, v_now + medmij.micros(p_access_lifetime));
    outcome := CASE WHEN v_lost THEN 'replaced' ELSE 'fresh' END;
    id := v_row.id;
    aanbieder := v_row.aanbieder;
    client_id := v_row.client_id;
    langdurig := v_row.langdurig;
END $$;

-- Ends what a Persoon (by every version of the index key) granted at an Aanbieder to a DVP, where there is something with the audit entry of it; how many ended.
CREATE FUNCTION medmij.withdraw(
    p_persoon bytea[], p_aanbieder text, p_client_id text,
    p_audit_kind text, p_audit_persoon bytea, p_audit_aanbieder text, p_audit_client_id text, p_audit_scope text,
    p_audit_grant text, p_audit_texts text
) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_ended bigint;
    v_floor timestamptz;
BEGIN
    -- locked in one order, so that two withdrawals do not wait for each other
    PERFORM 1 FROM medmij.grants WHERE persoon = ANY (p_persoon) ORDER BY seq FOR UPDATE;
    v_floor := medmij.floor();
    DELETE FROM medmij.grants
        WHERE persoon = ANY (p_persoon) AND aanbieder IS NOT DISTINCT FROM p_aanbieder AND client_id = p_client_id
            AND purge_at > v_floor;
    GET DIAGNOSTICS v_ended = ROW_COUNT;
    IF v_ended = 0 THEN
        RETURN 0;
    END IF;
    INSERT INTO medmij.audit (kind, persoon, aanbieder, client_id, scope, grant_id, texts)
        VALUES (p_audit_kind, p_audit_persoon, p_audit_aanbieder, p_audit_client_id, p_audit_scope, p_audit_grant,
            p_audit_texts);
    RETURN v_ended;
END $$;

-- Records a name of a certificate with a client; one at a time for each client, so that they can be counted.
CREATE FUNCTION medmij.learn_binding(p_client_id text, p_name text, p_most bigint) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('binding ' || p_client_id, 0));
    IF EXISTS (SELECT 1 FROM medmij.bindings WHERE client_id = p_client_id AND name = p_name) THEN
        RETURN 'known';
    END IF;
    IF (SELECT count(*) FROM medmij.bindings WHERE client_id = p_client_id AND NOT confirmed) >= p_most THEN
        RETURN 'full';
    END IF;
    INSERT INTO medmij.bindings (client_id, name) VALUES (p_client_id, p_name) ON CONFLICT DO NOTHING;
    RETURN 'new';
END $$;

-- Removes at most p_batch rows: flows and access tokens that expired, grants that lapsed. Rows in use are left for the next
-- time.
CREATE FUNCTION medmij.purge(p_batch bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := medmij.tick();
    v_floor timestamptz := medmij.floor();
    v_left bigint := p_batch;
    v_gone bigint;
BEGIN
    DELETE FROM medmij.flows WHERE id = ANY (ARRAY(
        SELECT id FROM medmij.flows WHERE expires <= v_now ORDER BY expires LIMIT v_left FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    v_left := v_left - v_gone;
    DELETE FROM medmij.access WHERE hash = ANY (ARRAY(
        SELECT hash FROM medmij.access WHERE expires <= v_now ORDER BY expires LIMIT v_left FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    v_left := v_left - v_gone;
    DELETE FROM medmij.grants WHERE seq = ANY (ARRAY(
        SELECT seq FROM medmij.grants WHERE purge_at <= v_floor ORDER BY purge_at LIMIT v_left FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    RETURN p_batch - v_left + v_gone;
END $$;
