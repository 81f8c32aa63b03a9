// Card profiles on their way to the edge. A row of edge_outbox says that the edge lacks a card's newest profile; it was
// written with the profile, in one transaction, and goes when the edge has it. Until then it is pushed again and again.

import type { Logger } from 'pino';
import type { ProfileWarning } from '../../contracts/internal-answers.ts';
import { type Profile, profileSchema } from '../../contracts/profile.ts';
import { ageMs, dueInMs } from '../db/age.ts';
import type { Database } from '../db/client.ts';
import { acknowledgedOf } from '../intake/acknowledged.ts';
import { raiseSetBack } from '../intake/card-conditions.ts';
import { keyOf } from '../intake/sort-out.ts';
import { describeError } from '../log.ts';
import { createLoop, type Loop } from '../loop.ts';
import { closeAsGone, raiseOpenItems } from '../open-items/raise.ts';
import { EdgeRefused } from './edge-answer.ts';
import type { EdgeClient } from './edge-client.ts';
import { claimDue, claimOf, type Due, noteAtEdge, putOff } from './outbox-rows.ts';
import { itemOfConflict, OtherProfile } from './profile-conflicts.ts';

/** Four calls of a hundred at one time: at a round trip of 80 ms more than the edge and this process can do anyway. */
const rowsPerRound = 400;
const pollMs = 1_000;
/** Tries of one profile before a person is told, where the edge is there and takes the others. */
const triesBeforeAPersonMin = 5;

export interface Outbox {
  /** Pushes this card's row now. False: the edge does not have it yet, and the loop goes on trying. */
  push(cardId: string): Promise<boolean>;
  /** The same, with what the card says that whoever changed it should know; null: the edge does not have it yet. */
  pushForWarnings(cardId: string): Promise<readonly ProfileWarning[] | null>;
  readonly loop: Loop;
}

/** What became of one: its warnings, or why the edge does not have it. */
type Outcome = { readonly warnings: readonly ProfileWarning[] } | { readonly error: unknown };

interface OutboxParts {
  readonly database: Database;
  readonly edge: Pick<EdgeClient, 'putProfiles' | 'ping'>;
  readonly log: Logger;
}

export function createOutbox(parts: OutboxParts): Outbox {
  const { database, log } = parts;

  async function pushForWarnings(cardId: string): Promise<readonly ProfileWarning[] | null> {
    const [due] = await claimOf(database, cardId);
    if (due === undefined) return null;
    const [outcome] = await pushAll(parts, [due]);
    return outcome !== undefined && 'warnings' in outcome ? outcome.warnings : null;
  }

  return {
    push: async (cardId) => (await pushForWarnings(cardId)) !== null,
    pushForWarnings,
    loop: createLoop({
      ...{ name: 'edge outbox', log, intervalMs: pollMs },
      lagMs: () => ageMs(database.sql, 'select min(created_at) from edge_outbox'),
      atRest: { rest: database.rest, dueInMs: () => dueInMs(database.sql, nextAttempt) },
      async round() {
        const due = await claimDue(database, rowsPerRound);
        const outcomes = await pushAll(parts, due);
        return due.length === rowsPerRound && outcomes.some((outcome) => 'warnings' in outcome);
      },
    }),
  };
}

const nextAttempt = 'select min(next_attempt_at) from edge_outbox';

/** In the order of `due`. Throws where what became of some could not be written down: they come up again after their lease. */
async function pushAll(parts: OutboxParts, due: readonly Due[]): Promise<Outcome[]> {
  const { database, log } = parts;
  const outcomes = await pushed(parts, due);
  const there = due.filter((_, index) => 'warnings' in (outcomes[index] ?? {})).map(({ card_id }) => card_id);
  if (there.length > 0)
    for (const kind of ['profile_conflict', 'profile_not_taken'] as const) await closeAsGone(database.sql, kind, there);
  const failed = due.flatMap((one, index): Failed[] => {
    const outcome = outcomes[index];
    return outcome === undefined || 'warnings' in outcome ? [] : [{ due: one, error: outcome.error }];
  });
  // Once for each cause: while the edge is away they are all the same.
  for (const [problem, of] of Map.groupBy(failed, ({ error }) => problemOf(error))) {
    const [{ error, due: first }] = of as [Failed, ...Failed[]];
    const { card_id, attempts } = first;
    log.warn({ err: error, card_id, attempts, cards: of.length }, 'a card profile did not reach the edge');
    await putOff(
      database,
      of.map((one) => one.due),
      problem,
    );
  }
  await tellOf(parts, failed);
  return outcomes;
}

interface Failed {
  readonly due: Due;
  readonly error: unknown;
}

/** As `pushAll`, before anything is said of failures. */
async function pushed({ database, edge }: OutboxParts, due: readonly Due[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const readable = [...due.entries()].flatMap(([place, one]) => {
    const { data: profile, error } = profileSchema.safeParse(one.profile);
    if (profile === undefined) outcomes[place] = { error };
    return profile === undefined ? [] : [{ place, one, profile }];
  });
  // A card that has had a profile never forgets what it was: where its object is empty, it is lost.
  const known = await acknowledgedOf(
    database.sql,
    readable.flatMap(({ one }) => (one.edge_version === 0 ? [] : [one])),
  );
  const answers = await edge.putProfiles(
    readable.map(({ one, profile }) => ({
      ...{ card: one, profile, after: Number(one.seen_sequence), seen: known.get(keyOf(one)) },
    })),
  );
  const stored: { place: number; card_id: string; version: number; warnings: readonly ProfileWarning[] }[] = [];
  for (const [index, { place, one, profile }] of readable.entries()) {
    const answer = answers[index];
    if (answer?.status !== 'fulfilled') outcomes[place] = { error: answer?.reason };
    else if (isOther(answer.value, profile))
      outcomes[place] = { error: new OtherProfile(answer.value.version, 'another') };
    else {
      const { version, warnings = [] } = answer.value;
      stored.push({ place, card_id: one.card_id, version, warnings });
    }
  }
  const noted = await noteAtEdge(database, stored);
  // A person has to decide between the two, since the older one might set a frozen card free.
  for (const { place, card_id, version, warnings } of stored)
    outcomes[place] = noted.has(card_id) ? { warnings } : { error: new OtherProfile(version, 'a newer') };
  return outcomes;
}

/** The edge has another profile under the same version. */
function isOther(answer: { readonly outcome: string; readonly version: number }, profile: Profile): boolean {
  return answer.outcome === 'stale' && answer.version === profile.version;
}

/** What a person should know of failures. */
async function tellOf({ database, edge }: OutboxParts, failed: readonly Failed[]): Promise<void> {
  for (const { due, error } of failed) {
    if (error instanceof EdgeRefused && error.errorCode === 'card_set_back')
      await database.transaction((sql) => raiseSetBack(sql, [{ ...due, known_sequence: Number(due.seen_sequence) }]));
    if (error instanceof OtherProfile) {
      const versions = { version_here: profileSchema.parse(due.profile).version, version_at_edge: error.version };
      await raiseOpenItems(database.sql, [itemOfConflict({ ...due, card_key: keyOf(due), ...versions })]);
    }
  }
  const tried = failed.filter(({ due }) => due.attempts >= triesBeforeAPersonMin);
  // While the edge is away no profile is at fault, however often it was tried.
  if (tried.length === 0 || !(await answers(edge))) return;
  await raiseOpenItems(
    database.sql,
    tried.map(({ due: { card_id, attempts }, error }) => ({
      kind: 'profile_not_taken',
      key: card_id,
      summary: `The newest profile of ${card_id} did not reach the edge in ${attempts} tries; the card works by an older one.`,
      evidence: { card_id, attempts, problem: problemOf(error) },
      reopens: true,
    })),
  );
}

function problemOf(error: unknown): string {
  return describeError(error).message.replaceAll('\0', '');
}

async function answers(edge: Pick<EdgeClient, 'ping'>): Promise<boolean> {
  return await edge.ping().then(
    () => true,
    () => false,
  );
}
