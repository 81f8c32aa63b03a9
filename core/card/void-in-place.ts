// A request is given up that our edge had approved in the card's place: that approval is released where the card holds it.

import type { Place } from '../../contracts/card-event.ts';
import type { Id } from '../../contracts/ids.ts';
import type { InPlace } from './answers.ts';
import { isAt, withoutApproval } from './approvals.ts';
import { type Authorization, counted } from './authorization.ts';
import type { CardState } from './card-state.ts';
import { type Found, replace, take } from './found.ts';
import type { Hearing } from './hearing.ts';
import { type HoldChange, merged } from './hold-changes.ts';
import type { Body } from './logged-event.ts';
import type { GivenUp } from './rows-of-old.ts';
import { changeOf } from './void.ts';

export function receiveVoidInPlace(
  request_key: string,
  inPlace: InPlace,
  found: Found | null,
  event_id: Id<'evt'>,
  nowMs: number,
): Body<'void'> {
  const { authorization_key, approved_minor, approvals, place } = inPlace;
  const added = approvals?.reduce((sum, { adds_minor }) => sum + adds_minor, 0);
  return {
    kind: 'void',
    event_id,
    request_key,
    authorization_id: found?.authorization.authorization_id ?? null,
    authorization_key: found === null ? null : authorization_key,
    voided_minor: added ?? approved_minor,
    stood_in: place,
    ...changeOf(found, (authorization) => afterVoidInPlace(authorization, inPlace, nowMs)),
  };
}

export function foldVoidInPlace(
  state: CardState,
  { request_key }: Extract<GivenUp, { kind: 'void_in_place' }>,
  found: Found | null,
  { sequence, at_ms }: Hearing,
): void {
  const inPlace = state.answers.inPlace.get(request_key);
  state.answers.givenUp.set(request_key, sequence);
  if (found === null) return;
  take(state, found);
  if (inPlace !== undefined) replace(state, found, afterVoidInPlace(found.authorization, inPlace, at_ms));
}

export function afterVoidInPlace(
  authorization: Authorization,
  { approvals, approved_minor, place }: Omit<InPlace, 'sequence' | 'authorization_key'>,
  nowMs: number,
): Authorization {
  const isOld = approvals === undefined;
  let changes = isOld ? withoutFigure(authorization.changes, place) : authorization.changes;
  for (const approval of approvals ?? [])
    if (approval.adds_minor > 0 || approval.approved_minor > 0) changes = withoutApproval(changes, approval);
  const answers = isOld ? Number(approved_minor > 0) : approvals.length;
  const advised = Math.max(0, authorization.advised - answers);
  return counted(authorization, { ...authorization, ...merged(changes), advised }, { nowMs });
}

/** Of a snapshot that did not keep the approval: what was said at its place is over. */
function withoutFigure(changes: readonly HoldChange[], place: Place): readonly HoldChange[] {
  const at = changes.find((change) => isAt(place, change) && (change.does === 'adds' || change.does === 'sets'));
  if (at === undefined) return changes;
  const others = changes.filter((change) => change !== at);
  return at.does === 'adds' ? others : [...others, { ...at, does: 'ends', minor: 0 }];
}
