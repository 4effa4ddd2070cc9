-- SPDX-License-Identifier: AGPL-3.0-or-later
-- core.gegevensuitwisseling.101, core.gegevensuitwisseling.102: what Personen ordered to be collected automatically, and the
-- runs in which it is carried out, of one Persoon at one DVA each. A Persoon is the random number that the DVP gave the
-- account. Moments are microseconds since 1970 by the clocks of the schedulers.

-- The number of a lease: none is given twice, whatever is removed.
CREATE SEQUENCE medmij_dvp.leases;

CREATE TABLE medmij_dvp.runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person bytea NOT NULL,
    dva text NOT NULL,
    slot bigint NOT NULL,
    -- whether there are orders; without them the row stays for the 24 hours
    ordered boolean NOT NULL DEFAULT true,
    -- when it is next looked at: its moment, or the end of its lease
    next bigint NOT NULL,
    lease bigint,
    last_start bigint,
    last_success bigint NOT NULL,
    told boolean NOT NULL DEFAULT false,
    UNIQUE (person, dva)
) WITH (fillfactor = 70);
CREATE INDEX runs_next ON medmij_dvp.runs (next) WHERE ordered;
CREATE INDEX runs_silent ON medmij_dvp.runs (last_success) WHERE ordered AND NOT told;
CREATE INDEX runs_over ON medmij_dvp.runs (next) WHERE NOT ordered;

CREATE TABLE medmij_dvp.orders (
    run bigint NOT NULL REFERENCES medmij_dvp.runs ON DELETE CASCADE,
    aanbieder text NOT NULL,
    gegevensdienst text NOT NULL,
    PRIMARY KEY (run, aanbieder, gegevensdienst)
);

-- The first order of a run gives it its slot and its moment; what the run says of the 24 hours stays. Whoever changes the
-- orders of a run holds its row.
CREATE FUNCTION medmij_dvp.add_order(
    p_person bytea, p_dva text, p_slot bigint, p_aanbieder text, p_gegevensdienst text, p_now bigint, p_next bigint
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_run bigint;
BEGIN
    INSERT INTO medmij_dvp.runs AS r (person, dva, slot, next, last_success)
        VALUES (p_person, p_dva, p_slot, p_next, p_now)
        ON CONFLICT (person, dva) DO UPDATE SET
            slot = CASE WHEN r.ordered THEN r.slot ELSE EXCLUDED.slot END,
            next = CASE WHEN r.ordered THEN r.next ELSE greatest(r.next, EXCLUDED.next) END,
            last_success = CASE WHEN r.ordered THEN r.last_success ELSE EXCLUDED.last_success END,
            told = r.ordered AND r.told,
            ordered = true
        RETURNING r.id INTO v_run;
    INSERT INTO medmij_dvp.orders (run, aanbieder, gegevensdienst)
        VALUES (v_run, p_aanbieder, p_gegevensdienst) ON CONFLICT DO NOTHING;
END $$;

CREATE FUNCTION medmij_dvp.cancel_order(
    p_person bytea, p_dva text, p_aanbieder text, p_gegevensdienst text
) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_run bigint;
BEGIN
    SELECT id INTO v_run FROM medmij_dvp.runs WHERE person = p_person AND dva = p_dva FOR UPDATE;
    DELETE FROM medmij_dvp.orders
        WHERE run = v_run AND aanbieder = p_aanbieder AND gegevensdienst = p_gegevensdienst;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE medmij_dvp.runs SET ordered = false
        WHERE id = v_run AND NOT EXISTS (SELECT 1 FROM medmij_dvp.orders WHERE run = v_run);
    RETURN true;
END $$;

CREATE FUNCTION medmij_dvp.cancel_orders(p_person bytea) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_runs bigint[];
    v_gone bigint;
BEGIN
    -- locked in one order, so that two callers do not wait for each other
    v_runs := ARRAY(SELECT id FROM medmij_dvp.runs WHERE person = p_person ORDER BY id FOR UPDATE);
    DELETE FROM medmij_dvp.orders WHERE run = ANY (v_runs);
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    UPDATE medmij_dvp.runs SET ordered = false WHERE id = ANY (v_runs);
    RETURN v_gone;
END $$;

-- Begins a run that this lease still has and that rested since p_rested: what it collects, or nothing.
CREATE FUNCTION medmij_dvp.start_run(
    p_person bytea, p_dva text, p_lease bigint, p_rested bigint, p_start bigint, p_next bigint
) RETURNS TABLE (last_start bigint, last_success bigint, aanbieders text[], gegevensdiensten text[])
LANGUAGE plpgsql AS $$
DECLARE
    v_run medmij_dvp.runs;
BEGIN
    SELECT * INTO v_run FROM medmij_dvp.runs r
        WHERE r.person = p_person AND r.dva = p_dva AND r.lease = p_lease AND r.ordered
        FOR UPDATE;
    IF NOT FOUND OR v_run.last_start > p_rested THEN
        RETURN;
    END IF;
    UPDATE medmij_dvp.runs r SET last_start = p_start, next = p_next WHERE r.id = v_run.id;
    RETURN QUERY
        SELECT v_run.last_start, v_run.last_success,
            array_agg(o.aanbieder ORDER BY o.aanbieder, o.gegevensdienst),
            array_agg(o.gegevensdienst ORDER BY o.aanbieder, o.gegevensdienst)
        FROM medmij_dvp.orders o WHERE o.run = v_run.id;
END $$;
