-- SPDX-License-Identifier: AGPL-3.0-or-later
-- ext.abo.rscnotint.206: resource notifications that have to go out, and how far each change feed was read.
-- Moments are microseconds since 1970.

CREATE TABLE medmij.outbox_positions (
    feed text PRIMARY KEY,
    place text NOT NULL
);

CREATE TABLE medmij.outbox (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    abonnement text NOT NULL,
    client_id text NOT NULL,
    available bigint NOT NULL,
    due bigint NOT NULL,
    leased_until bigint,
    fence bigint NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0
);
CREATE INDEX outbox_abonnement ON medmij.outbox (abonnement);
CREATE INDEX outbox_due ON medmij.outbox (due);

-- Moves a feed on from what the caller saw and adds what came of it, or does neither. Whoever changes the outbox holds one
-- lock, for the length of a statement, so that waiting rows of one Abonnement are never divided over two replicas.
CREATE FUNCTION medmij.outbox_take_in(
    p_feed text, p_seen text, p_place text, p_abonnementen text[], p_clients text[], p_available bigint[]
) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('medmij.outbox', 0));
    IF (SELECT place FROM medmij.outbox_positions WHERE feed = p_feed) IS DISTINCT FROM p_seen THEN
        RETURN false;
    END IF;
    INSERT INTO medmij.outbox_positions (feed, place) VALUES (p_feed, p_place)
        ON CONFLICT (feed) DO UPDATE SET place = EXCLUDED.place;
    FOR i IN 1 .. coalesce(array_length(p_abonnementen, 1), 0) LOOP
        UPDATE medmij.outbox SET available = least(available, p_available[i])
            WHERE number = (SELECT min(number) FROM medmij.outbox
                            WHERE abonnement = p_abonnementen[i] AND leased_until IS NULL);
        IF NOT FOUND THEN
            INSERT INTO medmij.outbox (abonnement, client_id, available, due)
                VALUES (p_abonnementen[i], p_clients[i], p_available[i], p_available[i]);
        END IF;
    END LOOP;
    RETURN true;
END $$;

CREATE FUNCTION medmij.outbox_lease(p_now bigint, p_until bigint, p_most bigint) RETURNS SETOF medmij.outbox
LANGUAGE plpgsql AS $$
DECLARE
    leased medmij.outbox;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('medmij.outbox', 0));
    FOR i IN 1 .. p_most LOOP
        UPDATE medmij.outbox SET leased_until = p_until, fence = fence + 1
            WHERE number = (SELECT number FROM medmij.outbox
                            WHERE due <= p_now AND coalesce(leased_until, 0) <= p_now
                            ORDER BY available, number LIMIT 1)
            RETURNING * INTO leased;
        EXIT WHEN NOT FOUND;
        DELETE FROM medmij.outbox
            WHERE abonnement = leased.abonnement AND number <> leased.number AND coalesce(leased_until, 0) <= p_now;
        RETURN NEXT leased;
    END LOOP;
END $$;

CREATE FUNCTION medmij.outbox_again(p_number bigint, p_fence bigint, p_due bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    back medmij.outbox;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('medmij.outbox', 0));
    UPDATE medmij.outbox SET leased_until = NULL, attempts = attempts + 1, due = p_due
        WHERE number = p_number AND fence = p_fence AND leased_until IS NOT NULL
        RETURNING * INTO back;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM medmij.outbox WHERE abonnement = back.abonnement AND number <> p_number AND leased_until IS NULL;
    RETURN true;
END $$;
