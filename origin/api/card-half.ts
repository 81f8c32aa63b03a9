// The routes of the card half: accounts, cards, their controls, what was decided, and the ledger. All are the operator's.

import type { Database } from '../db/client.ts';
import type { EdgeClient } from '../edge/edge-client.ts';
import type { Outbox } from '../edge/outbox.ts';
import type { Intake } from '../intake/intake.ts';
import type { ActionParts } from '../open-items/action.ts';
import { accountRoutes } from './accounts/accounts.ts';
import { ledgerRoutes } from './accounts/ledger.ts';
import { authorizationRoutes } from './authorizations/authorizations.ts';
import { type CardComparisonParts, cardComparisonRoutes } from './cards/card-comparison.ts';
import { type CardControlsParts, cardControlRoutes } from './cards/card-controls.ts';
import { cardStandInRoutes } from './cards/card-stand-in.ts';
import { type CardParts, cardRoutes } from './cards/cards.ts';
import { changeCardRoutes } from './cards/change-card.ts';
import { applyControlSetRoutes } from './controls/apply-control-set-version.ts';
import { backtestRoutes } from './controls/backtest-controls.ts';
import { categoryRoutes } from './controls/categories.ts';
import { controlSetRoutes } from './controls/control-sets.ts';
import type { Route } from './http/route.ts';
import { openItemActionRoutes } from './open-items/open-item-actions.ts';
import { openItemRoutes } from './open-items/open-items.ts';

export interface CardHalfParts
  extends CardControlsParts,
    Pick<CardComparisonParts, 'repairMetrics'>,
    Pick<CardParts, 'networks'> {
  readonly database: Database;
  readonly intake: Pick<Intake, 'take' | 'takePage'>;
  readonly outbox: Pick<Outbox, 'push' | 'pushForWarnings'>;
  readonly edge: Pick<
    EdgeClient,
    'readCard' | 'eventsAfter' | 'rebuild' | 'ping' | 'readControls' | 'readStandIn' | 'sendMessage' | 'sendFact'
  >;
  readonly readBankFileAgain: ActionParts['readBankFileAgain'];
  readonly takers: ActionParts['takers'];
  readonly findPayments: ActionParts['findPayments'];
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
