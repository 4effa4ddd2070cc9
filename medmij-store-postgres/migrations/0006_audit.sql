-- SPDX-License-Identifier: AGPL-3.0-or-later
-- core.logging.100, core.logging.101, NEN 7513: the audit log as chains of hashes, with checkpoints and roles. Replicas of the
-- version before cannot go on beside this one.

ALTER TABLE medmij.audit RENAME TO audit_before_6;
DROP INDEX medmij.audit_kept_from;
ALTER SEQUENCE medmij.audit_seq_seq RENAME TO audit_before_6_seq;
DROP FUNCTION medmij.end_grant(bigint);
DROP FUNCTION medmij.add_grant(text, bigint, text, bytea, text, text, boolean, bytea, bytea, bytea, bigint,
    text, bytea, text, text, text, text, text);
DROP FUNCTION medmij.take_code(bytea, text, bytea, text[], boolean, bytea, bigint, text[], bytea, bigint, bigint);
DROP FUNCTION medmij.rotate_refresh(text, text, bytea, bigint, bytea, bigint, bigint, bytea, bigint, text[], text[],
    bigint, bigint, bigint, bytea, bytea);
DROP FUNCTION medmij.withdraw(bytea[], text, text, text, bytea, text, text, text, text, text);
DROP FUNCTION medmij.purge(bigint);

-- A transaction that writes entries takes a chain that no other one has, so there are as many as write at once, and nobody
-- waits. Where the chain is: its last entry, and the last one that was destroyed.
CREATE TABLE medmij.audit_chains (
    chain integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cut bigint NOT NULL DEFAULT 0,
    base bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    kept_count bigint NOT NULL DEFAULT 0,
    kept_digest bytea NOT NULL DEFAULT sha256(''),
    position bigint NOT NULL DEFAULT 0,
    head bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex')
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0.05);

-- `at` is what the wall clock said, in microseconds since 1970; `written` and `kept_from` are by the floor. The chain covers
-- every column but number, written, kept_from, persoon, salt and hash.
CREATE TABLE medmij.audit (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chain integer NOT NULL,
    position bigint NOT NULL,
    at bigint NOT NULL,
    kind text NOT NULL,
    actor_kind text NOT NULL,
    actor_id text,
    aanbieder text,
    gegevensdiensten text NOT NULL,
    client_id text,
    scope text NOT NULL,
    outcome text NOT NULL,
    trace_id text,
    object text NOT NULL,
    source text,
    grant_id text,
    texts text NOT NULL,
    commitment bytea,
    hash bytea NOT NULL,
    -- beside the chain
    written timestamptz NOT NULL,
    kept_from timestamptz NOT NULL,
    persoon bytea,
    salt bytea,
    UNIQUE (chain, position)
);
CREATE INDEX audit_persoon ON medmij.audit (persoon) WHERE persoon IS NOT NULL;
CREATE INDEX audit_at ON medmij.audit (at);
CREATE INDEX audit_grant ON medmij.audit (grant_id) WHERE kind = 'consented';

CREATE TABLE medmij.audit_checkpoints (
    number bigint PRIMARY KEY,
    text text NOT NULL,
    key text NOT NULL,
    signature bytea NOT NULL
);

CREATE FUNCTION medmij.audit_field(p text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p IS NULL THEN '-' ELSE octet_length(convert_to(p, 'UTF8')) || ':' || p END
$$;

-- What the chain covers: each field with its length before it, one that is not there as `-`.
CREATE FUNCTION medmij.audit_text(a medmij.audit) RETURNS bytea
LANGUAGE sql IMMUTABLE AS $$
    SELECT convert_to(
        medmij.audit_field('1') || medmij.audit_field(a.chain::text) || medmij.audit_field(a.position::text)
        || medmij.audit_field(a.at::text) || medmij.audit_field(a.kind) || medmij.audit_field(a.actor_kind)
        || medmij.audit_field(a.actor_id) || medmij.audit_field(a.aanbieder) || medmij.audit_field(a.gegevensdiensten)
        || medmij.audit_field(a.client_id) || medmij.audit_field(a.scope) || medmij.audit_field(a.outcome)
        || medmij.audit_field(a.trace_id) || medmij.audit_field(a.object) || medmij.audit_field(a.source)
        || medmij.audit_field(a.grant_id) || medmij.audit_field(a.texts)
        || medmij.audit_field(encode(a.commitment, 'hex')), 'UTF8')
$$;

-- Adds an entry to a chain that no other transaction has. Locks on grants and flows are taken before it, never after.
CREATE FUNCTION medmij.append_audit(p jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    c medmij.audit_chains%ROWTYPE;
    a medmij.audit%ROWTYPE;
BEGIN
    SELECT * INTO c FROM medmij.audit_chains ORDER BY chain LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        INSERT INTO medmij.audit_chains DEFAULT VALUES RETURNING * INTO c;
    END IF;
    a.chain := c.chain;
    a.position := c.position + 1;
    a.at := coalesce((p->>'at')::bigint, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
    a.kind := p->>'kind';
    a.actor_kind := p->>'actor_kind';
    a.actor_id := p->>'actor_id';
    a.aanbieder := p->>'aanbieder';
    a.gegevensdiensten := p->>'gegevensdiensten';
    a.client_id := p->>'client_id';
    a.scope := p->>'scope';
    a.outcome := p->>'outcome';
    a.trace_id := p->>'trace_id';
    a.object := p->>'object';
    a.source := p->>'source';
    a.grant_id := p->>'grant_id';
    a.texts := p->>'texts';
    a.persoon := decode(p->>'persoon', 'hex');
    IF a.persoon IS NOT NULL THEN
        a.salt := uuid_send(gen_random_uuid());
        a.commitment := sha256(a.salt || a.persoon);
    END IF;
    a.hash := sha256(c.head || medmij.audit_text(a));
    a.written := coalesce((p->>'written')::timestamptz, medmij.floor());
    INSERT INTO medmij.audit (chain, position, at, kind, actor_kind, actor_id, aanbieder, gegevensdiensten, client_id,
            scope, outcome, trace_id, object, source, grant_id, texts, commitment, hash, written, kept_from, persoon, salt)
        VALUES (a.chain, a.position, a.at, a.kind, a.actor_kind, a.actor_id, a.aanbieder, a.gegevensdiensten, a.client_id,
            a.scope, a.outcome, a.trace_id, a.object, a.source, a.grant_id, a.texts, a.commitment, a.hash, a.written,
            a.written, a.persoon, a.salt);
    UPDATE medmij.audit_chains SET position = a.position, head = a.hash WHERE chain = a.chain;
END $$;

CREATE FUNCTION medmij.append_audits(p jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_entry jsonb;
BEGIN
    FOR v_entry IN SELECT value FROM jsonb_array_elements(p) WITH ORDINALITY ORDER BY ordinality LOOP
        PERFORM medmij.append_audit(v_entry);
    END LOOP;
END $$;

-- Entries of earlier versions come into a chain, in their order.
DO $$
DECLARE
    o medmij.audit_before_6%ROWTYPE;
BEGIN
    FOR o IN SELECT * FROM medmij.audit_before_6 ORDER BY seq LOOP
        PERFORM medmij.append_audit(jsonb_build_object(
            'at', (extract(epoch FROM o.at) * 1000000)::bigint,
            'written', o.kept_from,
            'kind', CASE o.kind WHEN 'gegeven' THEN 'consented' WHEN 'geweigerd' THEN 'refused'
                WHEN 'geen-gegevens' THEN 'nothing-to-share' WHEN 'ingetrokken' THEN 'withdrawn' ELSE 'ended' END,
            'actor_kind', CASE o.kind WHEN 'beeindigd' THEN 'system' ELSE 'persoon' END,
            'aanbieder', o.aanbieder, 'gegevensdiensten', '', 'client_id', o.client_id, 'scope', o.scope,
            'outcome', 'done', 'object', 'consent', 'grant_id', o.grant_id, 'texts', o.texts,
            'persoon', encode(o.persoon, 'hex')));
    END LOOP;
END $$;
DROP TABLE medmij.audit_before_6;

-- The consents of grants that end are kept from now on, for their term.
CREATE FUNCTION medmij.keep_consents(p_grants text[], p_floor timestamptz) RETURNS void
LANGUAGE sql AS $$
    UPDATE medmij.audit SET kept_from = p_floor WHERE grant_id = ANY (p_grants) AND kind = 'consented'
$$;

-- Ends a grant for another reason than that the Persoon withdrew it, with the audit entry of it; once. `p_by` says who did it.
CREATE FUNCTION medmij.end_grant(p_seq bigint, p_by jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    g medmij.grants%ROWTYPE;
BEGIN
    DELETE FROM medmij.grants WHERE seq = p_seq RETURNING * INTO g;
    IF g.seq IS NULL THEN
        RETURN;
    END IF;
    PERFORM medmij.keep_consents(ARRAY[g.id], medmij.floor());
    PERFORM medmij.append_audit(p_by || jsonb_build_object(
        'kind', 'ended', 'aanbieder', g.aanbieder, 'gegevensdiensten', '', 'client_id', g.client_id, 'scope', '*',
        'outcome', 'done', 'object', 'consent', 'grant_id', g.id, 'texts', '', 'persoon', encode(g.persoon, 'hex')));
END $$;

-- Ends a flow with a grant, its code and its audit entry. A code or id that exists raises unique_violation: nothing happened.
CREATE FUNCTION medmij.add_grant(
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

-- Takes a code. The lock on the grant puts all offers of it in a row.
CREATE FUNCTION medmij.take_code(
    p_code bytea, p_client_id text, p_binding bytea, p_names text[], p_own boolean,
    p_access bytea, p_access_lifetime bigint, p_gegevensdiensten text[],
    p_refresh bytea, p_generation bigint, p_refresh_lifetime bigint, p_by jsonb,
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
            PERFORM medmij.end_grant(v_row.seq, p_by);
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
    p_names text[], p_race bigint, p_most bigint, p_within bigint, p_persoon bytea, p_body bytea, p_by jsonb,
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
            PERFORM medmij.end_grant(v_row.seq, p_by);
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
    p_persoon bytea[], p_aanbieder text, p_client_id text, p_audit jsonb
) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_ended text[];
    v_floor timestamptz;
BEGIN
    -- locked in one order, so that two withdrawals do not wait for each other
    PERFORM 1 FROM medmij.grants WHERE persoon = ANY (p_persoon) ORDER BY seq FOR UPDATE;
    v_floor := medmij.floor();
    WITH ended AS (
        DELETE FROM medmij.grants
            WHERE persoon = ANY (p_persoon) AND aanbieder IS NOT DISTINCT FROM p_aanbieder AND client_id = p_client_id
                AND purge_at > v_floor
            RETURNING id)
    SELECT array_agg(id) INTO v_ended FROM ended;
    IF v_ended IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM medmij.keep_consents(v_ended, v_floor);
    PERFORM medmij.append_audit(p_audit);
    RETURN array_length(v_ended, 1);
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
    v_lapsed text[];
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
    RETURN p_batch - v_left + coalesce(array_length(v_lapsed, 1), 0);
END $$;

-- The chains as they would be after destruction. Kept before the cut: consents of which the grant lives, or ended within the
-- term.
CREATE FUNCTION medmij.audit_to_destroy(p_oldest timestamptz) RETURNS SETOF medmij.audit_chains
LANGUAGE plpgsql AS $$
DECLARE
    c medmij.audit_chains%ROWTYPE;
    v_checkpoint text := (SELECT text FROM medmij.audit_checkpoints ORDER BY number DESC LIMIT 1);
    v_covered bigint;
    v_position bigint;
    v_hash bytea;
BEGIN
    FOR c IN SELECT * FROM medmij.audit_chains WHERE position > 0 ORDER BY chain LOOP
        v_covered := substring(v_checkpoint FROM '\nchain ' || c.chain || ' [^\n]* head ([0-9]+) ')::bigint;
        SELECT a.position, a.hash INTO v_position, v_hash FROM medmij.audit a
            WHERE a.chain = c.chain AND a.position > c.cut AND a.position <= v_covered AND a.written < p_oldest
            ORDER BY a.position DESC LIMIT 1;
        IF FOUND THEN
            c.cut := v_position;
            c.base := v_hash;
        END IF;
        SELECT count(*), sha256(coalesce(string_agg(sha256(medmij.audit_text(a)), '' ORDER BY a.position), ''))
            INTO c.kept_count, c.kept_digest FROM medmij.audit a
            WHERE a.chain = c.chain AND a.position <= c.cut AND medmij.audit_is_kept(a, p_oldest);
        RETURN NEXT c;
    END LOOP;
END $$;

CREATE FUNCTION medmij.audit_is_kept(a medmij.audit, p_oldest timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    RETURN a.kind = 'consented'
        AND (a.kept_from >= p_oldest OR EXISTS (SELECT 1 FROM medmij.grants g WHERE g.id = a.grant_id));
END $$;

-- Keeps a checkpoint where its number is the next one.
CREATE FUNCTION medmij.add_checkpoint(p_number bigint, p_text text, p_key text, p_signature bytea) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO medmij.audit_checkpoints (number, text, key, signature)
        SELECT p_number, p_text, p_key, p_signature
        WHERE p_number = (SELECT coalesce(max(number), 0) + 1 FROM medmij.audit_checkpoints)
        ON CONFLICT DO NOTHING;
    RETURN FOUND;
END $$;

-- Destroys what is past its term, with the checkpoint that says how the chains are cut then; -1 where they would be cut in
-- another way, and nothing happened. It runs with the rights of the owner: for the role of an operator.
CREATE FUNCTION medmij.destroy_audit(p_term bigint, p_number bigint, p_text text, p_key text, p_signature bytea)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c medmij.audit_chains%ROWTYPE;
    v_plan medmij.audit_chains[];
    v_oldest timestamptz := medmij.floor() - medmij.micros(p_term);
    v_gone bigint := 0;
    v_more bigint;
BEGIN
    -- 24 months at least, whatever is asked
    IF p_term < 731::bigint * 86400 * 1000000 THEN
        RAISE EXCEPTION 'audit entries are kept for 24 months at least';
    END IF;
    PERFORM 1 FROM medmij.audit_chains ORDER BY chain FOR UPDATE;
    v_plan := ARRAY(SELECT planned FROM medmij.audit_to_destroy(v_oldest) AS planned);
    FOREACH c IN ARRAY v_plan LOOP
        IF position(format(E'\nchain %s cut %s %s kept %s %s head ', c.chain, c.cut, encode(c.base, 'hex'), c.kept_count,
                encode(c.kept_digest, 'hex')) IN p_text) = 0 THEN
            RETURN -1;
        END IF;
    END LOOP;
    IF NOT medmij.add_checkpoint(p_number, p_text, p_key, p_signature) THEN
        RETURN -1;
    END IF;
    FOREACH c IN ARRAY v_plan LOOP
        PERFORM set_config('medmij.destroying', 'yes', true);
        DELETE FROM medmij.audit a
            WHERE a.chain = c.chain AND a.position <= c.cut AND NOT medmij.audit_is_kept(a, v_oldest);
        GET DIAGNOSTICS v_more = ROW_COUNT;
        PERFORM set_config('medmij.destroying', '', true);
        v_gone := v_gone + v_more;
        UPDATE medmij.audit_chains
            SET cut = c.cut, base = c.base, kept_count = c.kept_count, kept_digest = c.kept_digest WHERE chain = c.chain;
    END LOOP;
    RETURN v_gone;
END $$;
REVOKE ALL ON FUNCTION medmij.destroy_audit(bigint, bigint, text, text, bytea) FROM PUBLIC;

-- An entry is not changed, and destroyed in no other way. Rights of roles see to it (below); this holds for the owner too,
-- as long as the owner does not take the triggers away.
CREATE FUNCTION medmij.audit_is_kept_as_it_is() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'audit' AND current_setting('medmij.destroying', true) = 'yes' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'an entry of the audit log is not changed, and destroyed at a checkpoint only';
END $$;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE OR TRUNCATE ON medmij.audit
    FOR EACH STATEMENT EXECUTE FUNCTION medmij.audit_is_kept_as_it_is();
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE OF number, chain, position, at, kind, actor_kind, actor_id, aanbieder,
    gegevensdiensten, client_id, scope, outcome, trace_id, object, source, grant_id, texts, commitment, hash, written
    ON medmij.audit FOR EACH STATEMENT EXECUTE FUNCTION medmij.audit_is_kept_as_it_is();
CREATE TRIGGER audit_checkpoints_stay BEFORE DELETE OR UPDATE OR TRUNCATE ON medmij.audit_checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION medmij.audit_is_kept_as_it_is();

-- Gives a role what a serving program needs: it adds entries, erases a Persoon from them or brings it under another index, and
-- cannot change or delete one. Call it again after each migration.
CREATE FUNCTION medmij.grant_application(p_role name) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA medmij TO %I', p_role);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA medmij TO %I', p_role);
    EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA medmij TO %I', p_role);
    EXECUTE format('REVOKE UPDATE, DELETE ON medmij.audit, medmij.audit_checkpoints FROM %I', p_role);
    EXECUTE format('REVOKE UPDATE, DELETE ON medmij.audit_chains FROM %I', p_role);
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON medmij.migrations FROM %I', p_role);
    EXECUTE format('GRANT UPDATE (persoon, salt, kept_from) ON medmij.audit TO %I', p_role);
    EXECUTE format('GRANT UPDATE (position, head) ON medmij.audit_chains TO %I', p_role);
    EXECUTE format('REVOKE ALL ON FUNCTION medmij.destroy_audit(bigint, bigint, text, text, bytea) FROM %I', p_role);
END $$;

-- Gives a role what an operator needs for the audit log: reading, adding entries of its own, checkpoints, destroying. It sees
-- no grant, flow or token.
CREATE FUNCTION medmij.grant_operator(p_role name) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA medmij TO %I', p_role);
    EXECUTE format('GRANT SELECT ON medmij.migrations TO %I', p_role);
    EXECUTE format('GRANT SELECT, UPDATE ON medmij.clock TO %I', p_role);
    EXECUTE format('GRANT SELECT, INSERT ON medmij.audit, medmij.audit_checkpoints TO %I', p_role);
    EXECUTE format('GRANT SELECT, INSERT ON medmij.audit_chains TO %I', p_role);
    EXECUTE format('GRANT UPDATE (position, head) ON medmij.audit_chains TO %I', p_role);
    EXECUTE format('GRANT SELECT (id) ON medmij.grants TO %I', p_role);
    EXECUTE format('GRANT EXECUTE ON FUNCTION medmij.destroy_audit(bigint, bigint, text, text, bytea) TO %I', p_role);
END $$;
