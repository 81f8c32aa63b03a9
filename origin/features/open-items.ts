// What waits for a person, what a person may do about it, and the loop that finishes what people began.

import { openItemActionRoutes } from '../api/open-items/open-item-actions.ts';
import { openItemRoutes } from '../api/open-items/open-items.ts';
import { createFinishLoop } from '../open-items/finish-begun.ts';
import { measureOpenItems } from '../open-items/open-item-metrics.ts';
import { takersOf } from '../open-items/takers.ts';
import type { CardEvents } from './card-events.ts';
import { type Feature, type Ground, nothingToClose } from './feature.ts';
import type { Payouts } from './payouts.ts';
import type { Providers } from './providers.ts';

export interface OpenItemParts extends Ground {
  readonly cardEvents: Pick<CardEvents, 'intake'>;
  readonly providers: Pick<Providers, 'readBankFileAgain'>;
  readonly payouts: Pick<Payouts, 'findPayments'>;
}

export function createOpenItems(ground: OpenItemParts): Feature {
  const { config, database, apiDatabase, edge, log } = ground;
  const { intake } = ground.cardEvents;
  const takers = takersOf({ database, intake, log, standInsQueue: config.standInsQueue });
  const { readBankFileAgain } = ground.providers;
  const { findPayments } = ground.payouts;
  const parts = { edge, takers, readBankFileAgain, findPayments };
  return {
    routes: [...openItemRoutes, ...openItemActionRoutes({ ...parts, database: apiDatabase })],
    loops: [createFinishLoop({ ...parts, database, log })],
    gauges: [(shown) => measureOpenItems(shown, database)],
    close: nothingToClose,
  };
}
