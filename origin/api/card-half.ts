// The routes of the card half: accounts, cards, their controls, what was decided, and the ledger. All are the operator's.

import type { Database } from '../db/client.ts';
import type { EdgeClient } from '../edge/edge-client.ts';
import type { Outbox } from '../edge/outbox.ts';
import type { Intake } from '../intake/intake.ts';
import type { ActionParts } from '../open-items/action.ts';
import { accountRoutes } from './accounts.ts';
import { applyControlSetRoutes } from './apply-control-set-version.ts';
import { authorizationRoutes } from './authorizations.ts';
import { backtestRoutes } from './backtest-controls.ts';
import { type CardComparisonParts, cardComparisonRoutes } from './card-comparison.ts';
import { type CardControlsParts, cardControlRoutes } from './card-controls.ts';
import { cardStandInRoutes } from './card-stand-in.ts';
import { cardRoutes } from './cards.ts';
import { categoryRoutes } from './categories.ts';
import { changeCardRoutes } from './change-card.ts';
import { controlSetRoutes } from './control-sets.ts';
import { ledgerRoutes } from './ledger.ts';
import { openItemActionRoutes } from './open-item-actions.ts';
import { openItemRoutes } from './open-items.ts';
import type { Route } from './route.ts';

export interface CardHalfParts extends CardControlsParts, Pick<CardComparisonParts, 'repairMetrics'> {
  readonly database: Database;
  readonly intake: Pick<Intake, 'take' | 'takePage'>;
  readonly outbox: Pick<Outbox, 'push' | 'pushForWarnings'>;
  readonly edge: Pick<
    EdgeClient,
    'readCard' | 'eventsAfter' | 'rebuild' | 'ping' | 'readControls' | 'readStandIn' | 'sendMessage' | 'sendFact'
  >;
  readonly readBankFileAgain: ActionParts['readBankFileAgain'];
  readonly takers: ActionParts['takers'];
}

export function cardHalfRoutes(parts: CardHalfParts): readonly Route[] {
  return [
    ...accountRoutes,
    ...cardRoutes(parts),
    ...changeCardRoutes(parts),
    ...cardControlRoutes(parts),
    ...cardComparisonRoutes(parts),
    ...cardStandInRoutes(parts),
    ...controlSetRoutes,
    ...applyControlSetRoutes(parts),
    ...backtestRoutes(),
    ...categoryRoutes,
    ...authorizationRoutes(parts.database),
    ...ledgerRoutes(parts.database),
    ...openItemRoutes,
    ...openItemActionRoutes(parts),
  ];
}
