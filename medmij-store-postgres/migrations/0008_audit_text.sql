-- SPDX-License-Identifier: AGPL-3.0-or-later
-- The same bytes as before, for some 9 microseconds instead of 700. A function in LANGUAGE sql that calls a stable one
-- (`convert_to`) and says of itself that it is immutable is not inlined, but planned again at each call, and there were
-- eighteen in each entry. Replicas of the version before go on beside this one.

CREATE OR REPLACE FUNCTION medmij.audit_text(a medmij.audit) RETURNS bytea
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN convert_to(concat(
        '1:1',
        coalesce(octet_length(convert_to(a.chain::text, 'UTF8')) || ':' || a.chain, '-'),
        coalesce(octet_length(convert_to(a.position::text, 'UTF8')) || ':' || a.position, '-'),
        coalesce(octet_length(convert_to(a.at::text, 'UTF8')) || ':' || a.at, '-'),
        coalesce(octet_length(convert_to(a.kind, 'UTF8')) || ':' || a.kind, '-'),
        coalesce(octet_length(convert_to(a.actor_kind, 'UTF8')) || ':' || a.actor_kind, '-'),
        coalesce(octet_length(convert_to(a.actor_id, 'UTF8')) || ':' || a.actor_id, '-'),
        coalesce(octet_length(convert_to(a.aanbieder, 'UTF8')) || ':' || a.aanbieder, '-'),
        coalesce(octet_length(convert_to(a.gegevensdiensten, 'UTF8')) || ':' || a.gegevensdiensten, '-'),
        coalesce(octet_length(convert_to(a.client_id, 'UTF8')) || ':' || a.client_id, '-'),
        coalesce(octet_length(convert_to(a.scope, 'UTF8')) || ':' || a.scope, '-'),
        coalesce(octet_length(convert_to(a.outcome, 'UTF8')) || ':' || a.outcome, '-'),
        coalesce(octet_length(convert_to(a.trace_id, 'UTF8')) || ':' || a.trace_id, '-'),
        coalesce(octet_length(convert_to(a.object, 'UTF8')) || ':' || a.object, '-'),
        coalesce(octet_length(convert_to(a.source, 'UTF8')) || ':' || a.source, '-'),
        coalesce(octet_length(convert_to(a.grant_id, 'UTF8')) || ':' || a.grant_id, '-'),
        coalesce(octet_length(convert_to(a.texts, 'UTF8')) || ':' || a.texts, '-'),
        coalesce(octet_length(a.commitment) * 2 || ':' || encode(a.commitment, 'hex'), '-')), 'UTF8');
END $$;

DROP FUNCTION medmij.audit_field(text);
