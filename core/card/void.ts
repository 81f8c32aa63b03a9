// A request is given up because its answer came too late: as if the card had never approved it, and its key stays declined. What the
// network said of the authorization stands.

import type { RecordedApproval } from '../../contracts/card-event.ts';
import type { Id } from '../../contracts/ids.ts';
import { approvalRecordedIn, withoutApproval } from './approvals.ts';
import { type Authorization, counted, effectBetween, refundAbove } from './authorization.ts';
import type { CardState } from './card-state.ts';
import { type Found, replace, take } from './found.ts';
import type { Hearing } from './hearing.ts';
import { merged } from './hold-changes.ts';
import type { Body } from './logged-event.ts';
import type { GivenUp } from './rows-of-old.ts';

const noEffect = { hold_minor: 0, posted_minor: 0 };

/** `answer`: the event that answered the request, where it had come; a request that comes after its void stays declined. */
export function receiveVoid(
  request_key: string,
  answer: Body<'authorization'> | null,
  found: Found | null,
  event_id: Id<'evt'>,
  nowMs: number,
): Body<'void'> {
  const common = { kind: 'void', event_id, request_key } as const;
  if (answer === null)
    return { ...common, authorization_id: null, authorization_key: null, voided_minor: 0, effect: noEffect };
  const approval = approvalRecordedIn(answer);
  return {
    ...common,
    authorization_id: found?.authorization.authorization_id ?? answer.authorization_id,
    authorization_key: answer.request.authorization_key,
    ...takenBack(answer, approval),
    ...changeOf(found, (authorization) => afterVoid(authorization, approval, nowMs)),
  };
}

/** What giving up a decided request takes back. */
function takenBack(
  { decision: { approved_minor } }: Body<'authorization'>,
  approval: RecordedApproval | undefined,
): Pick<Body<'void'>, 'voided_minor' | 'approved_minor' | 'approval'> {
  if (approval === undefined) return { voided_minor: 0 };
  const { adds_minor } = approval;
  return { voided_minor: adds_minor, ...(approved_minor === adds_minor ? {} : { approved_minor }), approval };
}

/** What a void does to the authorization that it is of, where one is known. */
export function changeOf(
  found: Found | null,
  change: (authorization: Authorization) => Authorization,
): Pick<Body<'void'>, 'effect' | 'refund_above_cleared'> {
  if (found === null) return { effect: noEffect };
  const { authorization, parts } = found;
  const after = change(authorization);
  return { effect: effectBetween(authorization, after), ...refundAbove(parts, after) };
}

export function foldVoid(
  state: CardState,
  { request_key, approval }: Extract<GivenUp, { kind: 'void' }>,
  found: Found | null,
  { sequence, at_ms }: Hearing,
): void {
  state.answers.givenUp.set(request_key, sequence);
  if (found === null) return;
  take(state, found);
  replace(state, found, afterVoid(found.authorization, approval, at_ms));
}

export function afterVoid(
  authorization: Authorization,
  approval: RecordedApproval | undefined,
  nowMs: number,
): Authorization {
  if (approval === undefined) return { ...authorization, touched_ms: nowMs };
  const { adds_minor, given_at_ms: voidsGivenAtMs } = approval;
  const after = {
    ...authorization,
    ...merged(withoutApproval(authorization.changes, approval)),
    approved_minor: authorization.approved_minor - adds_minor,
  };
  return counted(authorization, after, { nowMs, voidsGivenAtMs });
}
