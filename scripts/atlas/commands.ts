// The commands of `npx atlas`, in the order of the help.

import { authorizationExplain, authorizationShow } from './authorizations.ts';
import { cardCompare, cardReread, reconcile } from './card-comparison.ts';
import { cardFind, cardFreeze, cardShow, cardUnfreeze } from './cards.ts';
import type { Command } from './command.ts';
import { controlSetApply } from './control-sets.ts';
import { doctor } from './doctor.ts';
import { openItems } from './open-items.ts';
import { queueDead, queueStatus } from './queue.ts';
import { settlementsStuck } from './settlements.ts';
import { status } from './status.ts';
import { verify } from './verify.ts';

export const commands: readonly Command[] = [
  ...[status, openItems],
  ...[cardFind, cardShow, cardFreeze, cardUnfreeze, cardCompare, cardReread],
  ...[authorizationShow, authorizationExplain],
  ...[queueStatus, queueDead, settlementsStuck, controlSetApply],
  ...[reconcile, verify, doctor],
];
