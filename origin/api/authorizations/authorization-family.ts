// Authorizations that turned out to be one: each with its own id, its own events and its own transfers, read together.

import type { Sql } from '../../db/client.ts';

/** This authorization's id and those of all that it went into, or that went into it. */
export async function familyOf(sql: Sql, authorizationId: string): Promise<string[]> {
  const { rows } = await sql.query<{ authorization_id: string }>(
    // `union`, not `union all`: what was found before is not looked up again.
    `with recursive up as (
       select authorization_id, joined_into from authorizations where authorization_id = $1
       union
       select a.authorization_id, a.joined_into from up join authorizations a on a.authorization_id = up.joined_into
     ), family as (
       select authorization_id from up where joined_into is null
       union
       select a.authorization_id from family join authorizations a on a.joined_into = family.authorization_id
     )
     select authorization_id from family`,
    [authorizationId],
  );
  return rows.map(({ authorization_id }) => authorization_id);
}
