// An approval, as its row records it, among the changes of its authorization's hold: added, found again, lowered, taken away.

import type { Place, RecordedApproval } from '../../contracts/card-event.ts';
import type { Heard } from './hearing.ts';
import { beginningPlace, type HoldChange } from './hold-changes.ts';
import type { Body } from './logged-event.ts';

/** The approval that a row tells of, also in the forms of earlier versions of the card. Undefined: nothing was held. */
export function approvalRecordedIn(body: Body<'authorization' | 'void'>): RecordedApproval | undefined {
  const recorded = body.approval ?? approvalOfV1(body);
  if (recorded === undefined || body.kind === 'void' || recorded.nth !== -1 || recorded.at_ms > 0) return recorded;
  // A row of before the beginning kept its stamp.
  return { ...recorded, ...beginningPlace(body.request, recorded.given_at_ms) };
}

function approvalOfV1(body: Body<'authorization' | 'void'>): RecordedApproval | undefined {
  const adds_minor = body.kind === 'void' ? body.voided_minor : body.decision.hold_minor;
  const at_ms = body.approved_at_ms ?? (body.kind === 'void' ? undefined : body.request.occurred_at_ms);
  if (adds_minor === 0 || at_ms === undefined) return undefined;
  return { at_ms, nth: at_ms === 0 ? -1 : 0, given_at_ms: at_ms, adds_minor };
}

/** What an approval adds to the hold; `network_minor`: how much of that the network was told. */
export function addedBy(
  { adds_minor: minor, at_ms, order, nth }: RecordedApproval,
  network_minor: number,
  heard: Heard,
): HoldChange {
  const place = order === undefined ? { at_ms, nth } : { at_ms, order, nth };
  const change = { ...place, does: 'adds', minor, ...heard } as const;
  return network_minor === minor ? change : { ...change, network_minor };
}

export function withoutApproval(changes: readonly HoldChange[], approval: RecordedApproval): readonly HoldChange[] {
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

export function isAt(place: Place, { at_ms, order, nth }: HoldChange): boolean {
  return at_ms === place.at_ms && order === place.order && nth === place.nth;
}
