// A row's body as it lies in a card's log, read back. Only a card writes its rows, so what they say is trusted. Which release of the card
// wrote them is not known: where a release was rolled back, rows of the newer one lie there.
//
// A release may add fields to a row of version 1: they are kept and not looked at. A row that means something else has another version
// or kind, and no card that does not know it decides: skipped, an approval would be given for money that is spent.

import type { CardEventBody } from '../../contracts/card-event.ts';
import { newerRelease } from '../../contracts/internal-api.ts';

/** What lies in storage was written by a release that this one does not know how to read. */
export class NewerRelease extends Error {
  constructor(what: string) {
    super(`${what} ${newerRelease}`);
  }
}

/** A row says its version where it is not this one. */
const version = 1;

const kinds = {
  authorization: true,
  message: true,
  expiry: true,
  void: true,
  profile: true,
} satisfies Record<CardEventBody['kind'], true>;

/** `sequence`: for the words of the error. */
export function readRow(text: string, sequence: number): CardEventBody {
  const body: CardEventBody & { version?: number } = JSON.parse(text);
  if ((body.version ?? version) === version && Object.hasOwn(kinds, body.kind)) return body;
  throw new NewerRelease(`event ${sequence} (kind ${body.kind}, version ${body.version ?? version})`);
}
