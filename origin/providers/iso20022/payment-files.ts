// Payment files in object storage, such that no submission is ever in two of them, whoever writes at the same time and dies where:
//   claims/<EndToEndId>   whose submission it is and in which file it goes; or that it was closed before it came
//   commits/<MsgId>       the file, whole, with its members; or that it was given up. The first to write it decides
//   outbox/<MsgId>.xml    what is carried to the bank, made from the commit; whatever carries it never removes it
//   words/<EndToEndId>/…  what the bank said of it
// Every object is written once and never changed.

import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { ObjectStore } from '../../object-store/object-store.ts';
import { inLots } from './in-lots.ts';
import { idLengthMax } from './write-pain001.ts';

const claimSchema = z.union([
  z.object({
    message_id: z.string(),
    settlement_id: z.string(),
    submission: z.number().int(),
    amount_minor: z.string(),
    currency: z.string(),
    /** Missing: claimed by a release that did not tell it. */
    merchant_id: z.string().optional(),
  }),
  z.object({ closed: z.literal(true) }),
]);
type StoredClaim = z.infer<typeof claimSchema>;
export type Claim = Exclude<StoredClaim, { closed: true }>;

const commitSchema = z.union([
  z.object({ members: z.array(z.string()), xml: z.string() }),
  z.object({ abandoned: z.literal(true) }),
]);
type Commit = z.infer<typeof commitSchema>;
type CommitOf = (message_id: string) => Promise<Commit | null>;

/** `open`: its file is being written, or who wrote it is gone. */
export type Standing = 'none' | 'open' | 'closed' | 'sent';

export interface FileMember {
  readonly end_to_end_id: string;
  readonly claim: Omit<Claim, 'message_id'>;
}

/** Stays the same for the same key; ids of ours lose only the underscore, which banks do not carry. */
export function endToEndId(idempotencyKey: string): string {
  const plain = idempotencyKey.replace('_', '');
  if (plain.length <= idLengthMax && /^[A-Za-z0-9-]+$/.test(plain) && idempotencyKey.startsWith('stl_')) return plain;
  return `ATK${digest(idempotencyKey)}`;
}

/** Of what may be in it: the same submissions make the same file. */
export function messageId(endToEndIds: readonly string[]): string {
  return `ATM${digest([...endToEndIds].sort().join(' '))}`;
}

/** 112 bits, in signs that banks carry; short enough for the currency behind it in the id of a payment. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 28).toUpperCase();
}

/** A bank's text names what is ours, or nothing: only what looks like an id of ours ever becomes part of a key. */
function isOurForm(id: string): boolean {
  return id.length <= idLengthMax && /^[A-Za-z0-9-]+$/.test(id);
}

export class PaymentFiles {
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /**
   * Puts those that are in no other file into one, and says of each what became of it: `sent`; `closed` where it was given up
   * before; `open` where another file has it that is not written yet. `write` makes the file of the members that are left.
   */
  async send<M extends FileMember>(
    members: readonly M[],
    write: (message_id: string, members: readonly M[]) => string,
  ): Promise<ReadonlyMap<string, Standing>> {
    const message_id = messageId(members.map(({ end_to_end_id }) => end_to_end_id));
    const claims = await inLots(members, async ({ end_to_end_id, claim }) => {
      const mine: Claim = { ...claim, message_id };
      const isNew = await this.#store.putIfAbsent(`claims/${end_to_end_id}`, JSON.stringify(mine));
      return isNew ? mine : await this.#claimOf(end_to_end_id);
    });
    // One that a try of this very file claimed before is still its own.
    const own = members.filter((_, index) => isOf(claims[index] ?? null, message_id));
    if (own.length > 0) {
      const commit: Commit = { members: own.map(({ end_to_end_id }) => end_to_end_id), xml: write(message_id, own) };
      await this.#store.putIfAbsent(`commits/${message_id}`, JSON.stringify(commit));
    }
    const commitOf = this.#carriedOnce();
    const claimed = members.map(({ end_to_end_id }, index) => ({ end_to_end_id, claim: claims[index] ?? null }));
    const standings = await inLots(claimed, async ({ end_to_end_id, claim }) => {
      return [end_to_end_id, await standingOf(end_to_end_id, claim, commitOf)] as const;
    });
    return new Map(standings);
  }

  /** Brings it to an end, for good: sent with its file, or closed so that no file ever takes it. */
  async settle(end_to_end_id: string): Promise<'sent' | 'closed'> {
    let standing = await this.#standing(end_to_end_id);
    if (standing === 'none') {
      await this.#store.putIfAbsent(`claims/${end_to_end_id}`, JSON.stringify({ closed: true }));
      standing = await this.#standing(end_to_end_id);
    }
    if (standing === 'open') {
      const claim = await this.#claimOf(end_to_end_id);
      if (claim !== null && 'message_id' in claim)
        await this.#store.putIfAbsent(`commits/${claim.message_id}`, JSON.stringify({ abandoned: true }));
      standing = await this.#standing(end_to_end_id);
    }
    return standing === 'sent' ? 'sent' : 'closed';
  }

  /** Null: it is none of ours. */
  async claimOf(end_to_end_id: string): Promise<Claim | null> {
    const claim = isOurForm(end_to_end_id) ? await this.#claimOf(end_to_end_id) : null;
    return claim !== null && 'message_id' in claim ? claim : null;
  }

  /** Of a file that was sent; none for another. */
  async membersOf(message_id: string): Promise<readonly string[]> {
    const commit = isOurForm(message_id) ? await this.#commitOf(message_id) : null;
    return commit !== null && 'members' in commit ? commit.members : [];
  }

  /**
   * Of files that were made since then, by their own clock (`CreDtTm`), every payment. Reads all files that there are: for what is
   * seldom needed. A file that was claimed and never written was not sent.
   */
  async sentSince(since: Date): Promise<{ readonly end_to_end_id: string; readonly claim: Claim }[]> {
    const keys = await this.#store.list('commits');
    const members = await inLots(keys, async (key) => {
      const commit = await this.#commitOf(key.slice('commits/'.length));
      if (commit === null || !('members' in commit)) return [];
      const madeAt = /<CreDtTm>([^<]+)<\/CreDtTm>/.exec(commit.xml)?.[1] ?? '';
      return Date.parse(madeAt) < since.getTime() ? [] : commit.members;
    });
    const claims = await inLots(members.flat(), async (end_to_end_id) => {
      const claim = await this.claimOf(end_to_end_id);
      return claim === null ? [] : [{ end_to_end_id, claim }];
    });
    return claims.flat();
  }

  async #standing(end_to_end_id: string): Promise<Standing> {
    return await standingOf(end_to_end_id, await this.#claimOf(end_to_end_id), this.#carriedOnce());
  }

  /**
   * Commits, for one call: each is read once, and its file put into the outbox once, however many are in it. Who committed it may
   * have died before that; made again from the same bytes it is the same file.
   */
  #carriedOnce(): CommitOf {
    const asked = new Map<string, Promise<Commit | null>>();
    const carried = async (message_id: string) => {
      const commit = await this.#commitOf(message_id);
      if (commit !== null && 'members' in commit) await this.#store.putIfAbsent(`outbox/${message_id}.xml`, commit.xml);
      return commit;
    };
    return (message_id) => {
      const commit = asked.get(message_id) ?? carried(message_id);
      asked.set(message_id, commit);
      return commit;
    };
  }

  async #claimOf(end_to_end_id: string) {
    const content = await this.#store.read(`claims/${end_to_end_id}`);
    return content === null ? null : claimSchema.parse(JSON.parse(Buffer.from(content).toString()));
  }

  async #commitOf(message_id: string): Promise<Commit | null> {
    const content = await this.#store.read(`commits/${message_id}`);
    return content === null ? null : commitSchema.parse(JSON.parse(Buffer.from(content).toString()));
  }
}

async function standingOf(end_to_end_id: string, claim: StoredClaim | null, commitOf: CommitOf): Promise<Standing> {
  if (claim === null) return 'none';
  if ('closed' in claim) return 'closed';
  const commit = await commitOf(claim.message_id);
  if (commit === null) return 'open';
  return 'members' in commit && commit.members.includes(end_to_end_id) ? 'sent' : 'closed';
}

function isOf(claim: StoredClaim | null, message_id: string): boolean {
  return claim !== null && 'message_id' in claim && claim.message_id === message_id;
}
