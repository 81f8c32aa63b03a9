// Which turns of a life a step was, for the tally.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { MessageRecord, ModelAnswer } from './model-answer.ts';
import type { Tally } from './tally.ts';

export function tallyRequest(
  tally: Tally,
  request: AuthorizationRequest,
  { isRepeat, decision, own, life, lacks }: Extract<ModelAnswer, { outcome: 'decided' }>,
  isLate: boolean,
): void {
  if (isRepeat) {
    tally.count('repeated_request');
    return;
  }
  if (isLate) tally.count('request_after_deadline');
  if (lacks > 0) tally.count(own.outcome === 'approved' ? 'lacks_funds_for_a_part' : 'lacks_funds');
  if (decision !== own && decision.outcome === 'approved') tally.count('stand_in_by_edge');
  if (request.kind === 'account_verification' || request.kind === 'balance_inquiry') tally.count(request.kind);
  if (life?.facts.some(({ why }) => why !== 'authorization' && why !== 'incremental') && own.hold_minor > 0)
    tally.count('told_before_asked');
  if (own.outcome !== 'approved' || own.hold_minor === 0) return;
  if (request.kind === 'incremental') tally.count('incremental');
  tally.count(own.approved_minor < request.amount_minor ? 'approved_partial' : 'approved_full');
  if (own.hold_minor > own.approved_minor) tally.count('hold_adjusted');
}

export function tallyMessage(
  tally: Tally,
  message: CardMessage,
  { isRepeat, isMismatch, isOverdrawn, against, hasJoined, hasJoinedApprovals, life, moreWithheld }: MessageRecord,
  heldBefore: number,
): void {
  if (isRepeat) tally.count('repeated_message');
  if (isMismatch) tally.count('other_currency');
  if (hasJoined) tally.count('names_joined');
  if (hasJoinedApprovals) tally.count('approvals_joined');
  if (isOverdrawn) tally.count('overdrawn');
  if (moreWithheld > 0) tally.count('refund_withheld');
  if (against !== null) tally.count('against_the_rules');
  if (life === null) return;
  switch (message.kind) {
    case 'advice':
      tally.count(message.request_key !== undefined || life.approved_minor > 0 ? 'advice' : 'stand_in_by_network');
      return;
    case 'reversal':
      tally.count(message.amount_minor === null ? 'reversal_full' : 'reversal_partial');
      return;
    case 'expiry':
      tally.count('expiry_by_network');
      return;
    case 'refund':
      tally.count(message.authorization_key === null ? 'refund_unlinked' : 'refund_linked');
      return;
    case 'clearing':
      tally.count(message.final ? 'clearing_final' : 'clearing_partial');
      if (message.authorization_key === null) tally.count('clearing_without_authorization');
      if (heldBefore > 0 && message.amount_minor > heldBefore) tally.count('clearing_above_hold');
      if (life.facts.some(({ why }) => why === 'expiry')) tally.count('clearing_after_expiry');
  }
}
