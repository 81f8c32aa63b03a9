// A request's answer came too late: as if it had never been approved. What the network said of the authorization stands.

import type { CardEventBody, Place, RecordedApproval } from '../../contracts/card-event.ts';
import { type Authorization, counted } from './authorization.ts';
import type { StoodIn } from './card-state.ts';
import { type HoldChange, merged } from './hold-changes.ts';

/** What a void takes back of the card's own approvals. */
export type Voided = Pick<Extract<CardEventBody, { kind: 'void' }>, 'voided_minor' | 'approved_minor' | 'approval'>;

export function afterVoid(
  authorization: Authorization,
  { voided_minor, approval }: Voided,
  nowMs: number,
): Authorization {
  if (approval === undefined || voided_minor === 0) return { ...authorization, touched_ms: nowMs };
  const after = {
    ...authorization,
    ...merged(withoutApproval(authorization.changes, approval)),
    approved_minor: authorization.approved_minor - voided_minor,
  };
  return counted(authorization, after, { nowMs, voidsGivenAtMs: approval.given_at_ms });
}

/** The same for what was approved in the card's place. */
export function afterVoidInPlace(
  authorization: Authorization,
  { approvals, approved_minor, place }: Omit<StoodIn, 'sequence' | 'authorization_key'>,
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

function withoutApproval(changes: readonly HoldChange[], approval: RecordedApproval): readonly HoldChange[] {
  return withApproval(changes, approval, 0);
}

/**
 * With an approval that holds another amount; 0: that is gone. Not found where a later figure has made it meaningless. It is known
 * by when it was given, because where it stands changes when two authorizations are joined; of several given in one millisecond, by
 * its place or amount.
 */
export function withApproval(
  changes: readonly HoldChange[],
  { given_at_ms, adds_minor, ...place }: RecordedApproval,
  minor: number,
): readonly HoldChange[] {
  const given = changes.filter(({ does, heard_ms }) => does === 'adds' && heard_ms === given_at_ms);
  const old = changes.filter(({ does, heard_ms }) => does === 'adds' && heard_ms === 0);
  const sameAmount = (change: HoldChange) => change.minor === adds_minor;
  const found =
    given.find((change) => isAt(place, change)) ?? given.find(sameAmount) ?? given[0] ?? old.find(sameAmount);
  return changes.flatMap((change) => {
    if (change !== found) return [change];
    const { network_minor: _, ...others } = change;
    return minor === 0 ? [] : [{ ...others, minor }];
  });
}

/** Of a snapshot that did not keep the approval: what was said at its place is over. */
function withoutFigure(changes: readonly HoldChange[], place: Place): readonly HoldChange[] {
  const at = changes.find((change) => isAt(place, change) && (change.does === 'adds' || change.does === 'sets'));
  if (at === undefined) return changes;
  const others = changes.filter((change) => change !== at);
  return at.does === 'adds' ? others : [...others, { ...at, does: 'ends', minor: 0 }];
}

function isAt(place: Place, { at_ms, order, nth }: HoldChange): boolean {
  return at_ms === place.at_ms && order === place.order && nth === place.nth;
}
