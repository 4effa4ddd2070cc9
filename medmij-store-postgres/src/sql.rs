// SPDX-License-Identifier: AGPL-3.0-or-later
//! The statements. Those that decide more than one thing are functions of the schema: see `migrations`.

pub(crate) const MAKE_ROOM: &str = "SELECT medmij.make_room($1) AS room";

pub(crate) const OPEN_FLOW: &str = "
INSERT INTO medmij.flows (id, session, body, expires)
VALUES ($1, $2, $3, medmij.tick() + medmij.micros($4))";

pub(crate) const FLOW: &str = "
SELECT version, session, body FROM medmij.flows WHERE id = $1 AND expires > medmij.now()";

pub(crate) const ADVANCE_FLOW: &str = "
UPDATE medmij.flows
SET version = version + 1, session = $3, body = $4, authenticated = authenticated OR $5
WHERE id = $1 AND version = $2 AND expires > medmij.now()
RETURNING version";

pub(crate) const ADVANCE_FLOW_WITH_AUDIT: &str = "
WITH changed AS (
    UPDATE medmij.flows
    SET version = version + 1, session = $3, body = $4, authenticated = authenticated OR $5
    WHERE id = $1 AND version = $2 AND expires > medmij.now()
    RETURNING version)
SELECT medmij.append_audit($6::text::jsonb) FROM changed";

pub(crate) const CLOSE_FLOW: &str = "
DELETE FROM medmij.flows WHERE id = $1 AND version = $2 AND expires > medmij.now() RETURNING version";

pub(crate) const CLOSE_FLOW_WITH_AUDIT: &str = "
WITH ended AS (
    DELETE FROM medmij.flows WHERE id = $1 AND version = $2 AND expires > medmij.now() RETURNING version)
SELECT medmij.append_audit($3::text::jsonb) FROM ended";

pub(crate) const ADD_GRANT: &str = "
SELECT medmij.add_grant($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text::jsonb) AS done";

pub(crate) const GRANT_OF_CODE: &str = "
SELECT id, persoon, aanbieder, client_id, langdurig, body FROM medmij.grants WHERE code = $1 AND NOT taken";

pub(crate) const TAKE_CODE: &str = "
SELECT outcome, id, persoon, aanbieder, client_id, langdurig, body
FROM medmij.take_code($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text::jsonb)";

pub(crate) const BURN_CODE: &str = "SELECT medmij.burn_code($1) AS outcome";

pub(crate) const ACCESS: &str = "
SELECT a.names, a.gegevensdiensten, g.id, g.persoon, g.aanbieder, g.client_id, g.langdurig, g.body
FROM medmij.access a JOIN medmij.grants g ON g.seq = a.grant_seq
WHERE a.hash = $1 AND a.expires > medmij.now()";

pub(crate) const LIVE_GRANT: &str = "
SELECT id, persoon, aanbieder, client_id, langdurig, body, generation, refresh, previous
FROM medmij.grants WHERE id = $1";

pub(crate) const ROTATE_REFRESH: &str = "
SELECT outcome, id, persoon, aanbieder, client_id, langdurig, body
FROM medmij.rotate_refresh($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17::text::jsonb)";

pub(crate) const GRANTS_OF: &str = "
SELECT id, persoon, aanbieder, client_id, langdurig, body
FROM medmij.grants
WHERE persoon = ANY ($1) AND langdurig AND live_until > (SELECT medmij.floor())
ORDER BY seq";

pub(crate) const WITHDRAW: &str = "SELECT medmij.withdraw($1, $2, $3, $4::text::jsonb) AS ended";

pub(crate) const END_PERSOON: &str = "
SELECT clients, aanbieders, abonnementen, entries FROM medmij.end_persoon($1, $2, $3, $4::text::jsonb)";

pub(crate) const REVOKE_GRANT: &str = "SELECT medmij.end_grant(seq, $2::text::jsonb) FROM medmij.grants WHERE id = $1";

pub(crate) const KEYS_OF_BODIES: &str = "
SELECT substring(body FROM 2 FOR 4) AS key, count(*) AS rows
FROM (SELECT body FROM medmij.grants UNION ALL SELECT body FROM medmij.flows) AS sealed
WHERE substring(body FROM 1 FOR 1) = '\\x01' AND length(body) > 4 GROUP BY 1";

pub(crate) const KEYS_OF_PERSONS: &str = "
SELECT substring(persoon FROM 1 FOR 4) AS key, count(*) AS rows
FROM (SELECT persoon FROM medmij.grants UNION ALL SELECT persoon FROM medmij.audit WHERE persoon IS NOT NULL
    UNION ALL SELECT persoon FROM medmij.abonnementen) AS found
GROUP BY 1";

pub(crate) const GRANTS_TO_RESEAL: &str = "
SELECT id, persoon, aanbieder, client_id, langdurig, body FROM medmij.grants
WHERE id COLLATE \"C\" > $1 AND (substring(body FROM 1 FOR 5) <> $2 OR substring(persoon FROM 1 FOR 4) <> $3)
ORDER BY id COLLATE \"C\" LIMIT $4";

pub(crate) const RESEAL: &str = "
UPDATE medmij.grants SET persoon = $3, body = $4 WHERE id = $1 AND body = $2 RETURNING id";

pub(crate) const GRANT_APPLICATION: &str = "SELECT medmij.grant_application($1::text::name)";

pub(crate) const GRANT_OPERATOR: &str = "SELECT medmij.grant_operator($1::text::name)";

pub(crate) const PURGE: &str = "SELECT medmij.purge($1) AS gone";

/// The floor becomes the wall clock.
pub(crate) const ACCEPT_CLOCK: &str = "UPDATE medmij.clock SET floor = clock_timestamp(), epoch = epoch + 1";

pub(crate) const DANGER_SHIFT: &str = "
UPDATE medmij.clock SET ahead = ahead + medmij.micros($1), shift = shift + medmij.micros($1)";

pub(crate) const ADD_ABONNEMENT: &str = "SELECT medmij.add_abonnement($1, $2, $3, $4, $5, $6, $7, $8) AS done";

pub(crate) const ABONNEMENT: &str = "
SELECT id, persoon, client_id, aanbieder, gegevensdienst, last_day
FROM medmij.abonnementen WHERE id = $1 AND last_day > $2";

pub(crate) const CHANGE_ABONNEMENT: &str = "
UPDATE medmij.abonnementen SET last_day = $3 WHERE id = $1 AND last_day = $2 RETURNING id";

/// $1 client, $2 today
pub(crate) const COUNT_ABONNEMENTEN: &str =
    "SELECT count(*) AS count FROM medmij.abonnementen WHERE client_id = $1 AND last_day > $2";

pub(crate) const END_ABONNEMENT: &str = "DELETE FROM medmij.abonnementen WHERE id = $1 RETURNING id";

pub(crate) const ABONNEMENTEN_OF: &str = "
SELECT id, persoon, client_id, aanbieder, gegevensdienst, last_day
FROM medmij.abonnementen WHERE persoon = $1 AND last_day > $2 ORDER BY id COLLATE \"C\"";

/// $1 today, $2 after which id, $3 how many
pub(crate) const ABONNEMENTEN_OVER: &str = "
SELECT id, persoon, client_id, aanbieder, gegevensdienst, last_day
FROM medmij.abonnementen WHERE last_day <= $1 AND id COLLATE \"C\" > $2 ORDER BY id COLLATE \"C\" LIMIT $3";

pub(crate) const PURGE_ABONNEMENTEN: &str = "
DELETE FROM medmij.abonnementen WHERE id = ANY (ARRAY(
    SELECT id FROM medmij.abonnementen WHERE last_day <= $1 ORDER BY last_day LIMIT $2 FOR UPDATE SKIP LOCKED))
RETURNING id";
