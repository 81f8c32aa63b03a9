// Cursors as callers get them: sealed. What a listing goes on from holds row numbers, which count every row of the platform, so that two
// cursors a day apart would tell a partner how much everybody did that day. Sealed for one listing and one tenant: another's is
// no cursor. Routes write and read plain ones (cursor.ts); this is between them and the wire, for all routes at once.

import { refusal } from '../../errors.ts';
import type { SecretBox } from '../../notify/secret-box.ts';
import type { Caller } from '../identity/caller.ts';

export interface CursorSeal {
  /** The answer with its `next_cursor` sealed, where it has one. */
  sealIn(body: object, whose: Whose): object;
  /** The query or the body of a request with its `cursor` opened. Refuses what was not sealed for it. */
  openIn<T>(given: T, whose: Whose): T;
}

export interface Whose {
  /** The route's name. */
  readonly listing: string;
  readonly caller: Pick<Caller, 'merchant_id'>;
}

/** Characters; a row number of 5 digits and one of 9 look alike. */
const paddedTo = 32;
const padding = '.';
const lengthMax = 4_000;

export function createCursorSeal(box: SecretBox): CursorSeal {
  const ownerOf = ({ listing, caller }: Whose) => `cursor of ${listing} for ${caller.merchant_id ?? 'operators'}`;
  return {
    sealIn(body, whose) {
      const { next_cursor } = body as { next_cursor?: unknown };
      if (typeof next_cursor !== 'string') return body;
      const padded = next_cursor.padEnd(Math.ceil(next_cursor.length / paddedTo) * paddedTo, padding);
      return { ...body, next_cursor: box.seal(padded, ownerOf(whose)) };
    },
    openIn(given, whose) {
      if (typeof given !== 'object' || given === null || !('cursor' in given)) return given;
      const { cursor } = given;
      if (typeof cursor !== 'string') return given;
      return { ...given, cursor: opened(box, cursor, ownerOf(whose)) };
    },
  };
}

function opened(box: SecretBox, cursor: string, owner: string): string {
  try {
    if (cursor.length > lengthMax) throw new Error('longer than any');
    return box.open(cursor, owner).replace(/\.+$/, '');
  } catch {
    throw refusal('field_invalid', [{ field: 'cursor', problem: 'is not a cursor of this listing' }]);
  }
}
