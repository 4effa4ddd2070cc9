-- SPDX-License-Identifier: AGPL-3.0-or-later
-- The floor: see the store of a DVZA. Tokens that nobody used for long are purged by it, and by no wall clock that jumps.

CREATE TABLE medmij_dvp.clock (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    floor timestamptz NOT NULL,
    epoch bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 10);
INSERT INTO medmij_dvp.clock (floor) VALUES (clock_timestamp());

CREATE FUNCTION medmij_dvp.floor() RETURNS timestamptz
LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT floor FROM medmij_dvp.clock);
END $$;

-- Moves the floor, for a replica that saw it at p_seen (microseconds since 1970) and has run p_elapsed since: as fast as the
-- monotonic clock of the replica, at most twice as fast where it is behind the wall clock. A replica that starts only looks.
CREATE FUNCTION medmij_dvp.advance_floor(
    p_seen bigint, p_epoch bigint, p_elapsed bigint,
    OUT seen bigint, OUT epoch bigint, OUT apart bigint
)
LANGUAGE plpgsql AS $$
DECLARE
    v_row medmij_dvp.clock%ROWTYPE;
    v_least timestamptz;
    v_wall timestamptz := clock_timestamp();
BEGIN
    SELECT * INTO v_row FROM medmij_dvp.clock FOR UPDATE;
    IF p_epoch = v_row.epoch AND p_seen IS NOT NULL THEN
        v_least := timestamptz 'epoch' + p_seen * interval '1 microsecond' + p_elapsed * interval '1 microsecond';
        v_least := least(greatest(v_wall, v_least), v_least + p_elapsed * interval '1 microsecond');
        IF v_least > v_row.floor THEN
            v_row.floor := v_least;
            UPDATE medmij_dvp.clock SET floor = v_least;
        END IF;
    END IF;
    seen := (extract(epoch FROM v_row.floor) * 1000000)::bigint;
    epoch := v_row.epoch;
    apart := abs((extract(epoch FROM v_wall - v_row.floor) * 1000000)::bigint);
END $$;
