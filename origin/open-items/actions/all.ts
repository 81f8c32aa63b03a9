// All actions on open items, in the order in which a person is offered them.

import type { OpenItemAction } from '../action.ts';
import type { OpenItemKind } from '../kinds.ts';
import { dismiss } from './dismiss.ts';

export const openItemActions: readonly OpenItemAction[] = [dismiss];

export function actionsOf(kind: OpenItemKind): OpenItemAction[] {
  return openItemActions.filter(({ kinds }) => kinds.includes(kind));
}
