// One event folded into a card's state. `fold(apply)` over the log is the state: live and on load, the same code. Each kind of event
// has a file, with what receives it and what folds it.

import type { CardState } from './card-state.ts';
import { foldExpiry } from './expiry.ts';
import { type Found, find, findKnown } from './found.ts';
import type { LoggedEvent } from './logged-event.ts';
import { foldMessage, namedBy } from './message.ts';
import { foldProfile } from './profile.ts';
import { foldRelease } from './release.ts';
import { foldRequest } from './request.ts';
import { givenUpIn } from './rows-of-old.ts';
import { foldVoid } from './void.ts';
import { foldVoidInPlace } from './void-in-place.ts';

/** `found`: the event's authorization, where whoever received the event has found it in this same state. */
export function apply(state: CardState, event: LoggedEvent, found: Found | null = null): void {
  const { sequence, at_ms, body } = event;
  switch (body.kind) {
    case 'authorization':
      foldRequest(state, body, found ?? find(state, body.request, body, at_ms), event);
      return;
    case 'message':
      if (body.releases !== undefined) foldRelease(state, body, body.releases, sequence);
      else foldMessage(state, body, found ?? find(state, namedBy(body.message), body, at_ms), event);
      return;
    case 'void': {
      const known = found ?? findKnown(state, body.authorization_key, at_ms);
      const givenUp = givenUpIn(body);
      if (givenUp.kind === 'void') foldVoid(state, givenUp, known, event);
      else foldVoidInPlace(state, givenUp, known, event);
      return;
    }
    case 'expiry':
      foldExpiry(state, found ?? findKnown(state, body.authorization_key, at_ms), event);
      return;
    case 'profile':
      foldProfile(state, body, at_ms);
      return;
  }
}
