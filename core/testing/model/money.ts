// Where the money of a world is, read from the durable state of each of its parts.

import { fundsMinor, unsharedMinor } from '../../account/account-state.ts';
import type { CardShare } from '../../account/card-shares.ts';
import type { World } from './world.ts';

export interface Pot {
  readonly what: string;
  readonly amount_minor: number;
}

/** The accounts above a card, from its own to the root. */
export function accountsAbove(world: World, account: string): string[] {
  const source = world.accounts[account]?.state.source;
  return source === undefined
    ? []
    : [account, ...(source.kind === 'parent' ? accountsAbove(world, source.parent) : [])];
}

function cardShares(world: World): (CardShare & { readonly card: string })[] {
  return Object.values(world.cards).flatMap(({ state }) => state.shares.map((share) => ({ ...share, card: state.id })));
}

/** What was spent, and not given up, by shares of this account and of those below it. */
export function spentBelow(world: World, account: string): number {
  return cardShares(world).reduce(
    (sum, share) => sum + (accountsAbove(world, share.account).includes(account) ? share.spent_minor : 0),
    0,
  );
}

/** By each account above: what may still be spent below it; an account that sets no bound is left out. */
export function reachMinor(world: World, account: string): Record<string, number> {
  const reach: Record<string, number> = {};
  for (const above of accountsAbove(world, account)) {
    const state = world.accounts[above]?.state;
    if (state === undefined) continue;
    const bounds = [state.source.kind === 'parent' ? null : fundsMinor(state), state.budget?.allowance_minor ?? null];
    const most = bounds.reduce((least, bound) => (bound === null ? least : Math.min(least ?? bound, bound)), null);
    if (state.status !== 'open') reach[above] = 0;
    else if (most !== null) reach[above] = most - spentBelow(world, above);
  }
  return reach;
}

/** Every place where money of the tree below an account without a parent can be. */
export function potsOf(world: World, root: string): Pot[] {
  const pots: Pot[] = [];
  for (const { state } of Object.values(world.accounts)) {
    if (!accountsAbove(world, state.id).includes(root)) continue;
    pots.push({ what: `${state.id} unshared`, amount_minor: unsharedMinor(state) ?? 0 });
    for (const [share, held] of Object.entries(state.shares)) {
      const holder = holderOf(world, share);
      const has = holder ?? { granted_minor: 0, returned_minor: 0 };
      pots.push({ what: `${share} granted, under way`, amount_minor: held.granted_minor - has.granted_minor });
      pots.push({ what: `${share} returned, under way`, amount_minor: has.returned_minor - held.returned_minor });
    }
  }
  for (const share of cardShares(world)) {
    if (!accountsAbove(world, share.account).includes(root)) continue;
    const { granted_minor, returned_minor, spent_minor, held_minor } = share;
    pots.push({ what: `${share.share} share`, amount_minor: granted_minor - returned_minor - spent_minor });
    pots.push({ what: `${share.share} held`, amount_minor: held_minor });
    pots.push({ what: `${share.share} cleared`, amount_minor: spent_minor - held_minor });
  }
  return pots;
}

/** What its holder knows of a share. */
function holderOf(world: World, share: string): { granted_minor: number; returned_minor: number } | undefined {
  const below = Object.values(world.accounts).find(
    ({ state: { source } }) => source.kind === 'parent' && source.share === share,
  );
  return below?.state.own ?? cardShares(world).find((one) => one.share === share);
}
