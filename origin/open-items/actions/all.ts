// All actions on open items, in the order in which a person is offered them.

import type { OpenItemAction } from '../action.ts';
import type { OpenItemKind } from '../kinds.ts';
import { accrueAgain, assignMerchant } from './assign-merchant.ts';
import { bookCorrection } from './book-correction.ts';
import { bookPayment } from './book-payment.ts';
import { bookReturn } from './book-return.ts';
import { confirmPayment } from './confirm-payment.ts';
import { keepWithheld, release } from './decide-withheld.ts';
import { discardSettlementAction } from './discard-settlement.ts';
import { dismiss } from './dismiss.ts';
import { giveUpEvents } from './give-up-events.ts';
import { oweAtRate } from './owe-at-rate.ts';
import { postAtRate } from './post-at-rate.ts';
import { releaseHold } from './release-hold.ts';
import { keepOurProfile, takeEdgesProfile } from './resolve-profile.ts';
import { resumePayouts } from './resume-payouts.ts';
import { settleAgain, tryAgain } from './try-again.ts';

export const openItemActions: readonly OpenItemAction[] = [
  ...[tryAgain, settleAgain, postAtRate, releaseHold, bookCorrection, giveUpEvents],
  ...[takeEdgesProfile, keepOurProfile, resumePayouts],
  ...[confirmPayment, bookReturn, bookPayment, discardSettlementAction],
  ...[assignMerchant, oweAtRate, accrueAgain, release, keepWithheld, dismiss],
];

export function actionsOf(kind: OpenItemKind): OpenItemAction[] {
  return openItemActions.filter(({ kinds }) => kinds.includes(kind));
}
