// take_edges_profile, keep_our_profile: which of two profiles of a card holds, where the edge has one that was never written here. Either
// becomes a new version, newer than both, so that card and database have the same from then on; the outbox brings it to the edge.

import * as z from 'zod';
import { type Profile, profileSchema } from '../../../contracts/profile.ts';
import { type StoredCard, writeProfiles } from '../../controls/write-profiles.ts';
import type { Sql } from '../../db/client.ts';
import type { CardName } from '../../intake/streams.ts';
import { describeError } from '../../log.ts';
import { type ActionParts, type CallOutcome, outsideAction } from '../action.ts';
import { cardNamed } from '../card-messages.ts';
import type { OpenItem } from '../open-item.ts';

export const takeEdgesProfile = outsideAction({
  name: 'take_edges_profile',
  summary:
    'What the edge decides by holds: it is written here as the next version, with its controls as the card’s own.',
  kinds: ['profile_conflict'],
  input: z.strictObject({}),
  call: (parts, item) => resolve(parts, item, 'edge'),
});

export const keepOurProfile = outsideAction({
  name: 'keep_our_profile',
  summary:
    'What is written here holds: it goes to the edge as the next version, and replaces what the edge decides by.',
  kinds: ['profile_conflict'],
  input: z.strictObject({}),
  call: (parts, item) => resolve(parts, item, 'ours'),
});

const evidenceSchema = z.object({ card_id: z.string() });

/** The version is chosen in the commit that closes the item: asked for twice, one of the two writes it. */
async function resolve(
  { database, edge }: Pick<ActionParts, 'database' | 'edge'>,
  item: OpenItem,
  whose: 'edge' | 'ours',
): Promise<CallOutcome> {
  const card = cardNamed(item.card_key);
  const about = evidenceSchema.safeParse(item.evidence).data;
  if (card === null || about === undefined)
    return { outcome: 'refused', problem: 'cannot be done: the item names no card' };
  let version: number | undefined;
  try {
    version = (await edge.readCard(card))?.profile?.version;
  } catch (error) {
    return { outcome: 'not_now', problem: `could not read the card at the edge: ${describeError(error).message}` };
  }
  if (version === undefined)
    return { outcome: 'refused', problem: 'cannot be done: the edge has no profile of this card' };
  const there = await profileBooked(database.sql, card);
  if (there?.version !== version)
    return { outcome: 'not_now', problem: `must wait: profile ${version} has not come back with the card's events` };
  return { outcome: 'done', result: {}, record: (sql) => write(sql, { ...about, there, whose, item }) };
}

/** The newest one that has come with the card's own events: what the edge decides by, in full. */
async function profileBooked(sql: Sql, { network, card_token }: CardName): Promise<Profile | null> {
  const { rows } = await sql.query<{ profile: unknown }>(
    `select e.body -> 'profile' as profile from card_streams s join card_events e using (stream_id)
     where s.network = $1 and s.card_token = $2 and e.kind = 'profile' order by e.sequence desc limit 1`,
    [network, card_token],
  );
  return profileSchema.safeParse(rows[0]?.profile).data ?? null;
}

async function write(
  sql: Sql,
  {
    card_id,
    there,
    whose,
    item,
  }: { readonly card_id: string; readonly there: Profile; readonly whose: 'edge' | 'ours'; readonly item: OpenItem },
): Promise<object> {
  const { rows } = await sql.query<StoredCard>('select * from cards where card_id = $1 for update', [card_id]);
  const [ours] = rows;
  if (ours === undefined) throw new Error(`${card_id} is gone`);
  const version = Math.max(ours.profile_version, there.version) + 1;
  const { control_set_id, control_set_version } = ours;
  const set =
    control_set_id === null || control_set_version === null ? null : { control_set_id, version: control_set_version };
  const next =
    whose === 'edge'
      ? { profile: { ...there, card_id: ours.profile.card_id, version }, controls: there.controls, control_set: null }
      : { profile: { ...ours.profile, version }, controls: ours.controls, control_set: set };
  await writeProfiles(
    sql,
    [{ ...next, from: ours.profile.status, reason: `profile ${version}: ${whose === 'edge' ? "the edge's" : 'ours'}` }],
    { pushAfterSeconds: 0, doer: { actor: 'open_items', correlation_id: item.open_item_id } },
  );
  return { version, status: next.profile.status };
}
