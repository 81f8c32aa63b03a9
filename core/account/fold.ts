// The account's state from its events.

import type { AccountEvent } from './account-event.ts';
import type { AccountState } from './account-state.ts';
import { foldClosing } from './closed.ts';
import { foldGivenBack } from './given-back.ts';
import { foldGranted } from './granted.ts';
import { foldPayment } from './payments.ts';
import { foldReceived } from './received.ts';
import { foldRefilled } from './refilled.ts';
import { foldReturned } from './returned.ts';
import { foldLimit, foldOpened } from './set-up.ts';

export function fold(state: AccountState, event: AccountEvent): AccountState {
  switch (event.kind) {
    case 'funded':
    case 'withdrawn':
      return foldPayment(state, event);
    case 'limit_set':
      return foldLimit(state, event);
    case 'share_opened':
      return foldOpened(state, event);
    case 'granted':
      return foldGranted(state, event);
    case 'returned':
      return foldReturned(state, event);
    case 'received':
      return { ...state, own: foldReceived(state.own, event) };
    case 'given_back':
      return { ...state, own: foldGivenBack(state.own, event) };
    case 'refilled':
      return foldRefilled(state, event);
    case 'closing':
    case 'closed':
      return foldClosing(state, event);
  }
}
