// The operator's switch of stand-ins, as this isolate knows it: asked again after a second. Where it cannot be asked nothing is stood in for:
// nobody could turn it off then.
//
// What is in memory, and why losing it is harmless: the newest answer, for a second.

import type { Network } from '../contracts/network.ts';
import { type Env, inJurisdiction } from './env.ts';
import { inTime } from './in-time.ts';

const rememberedMs = 1_000;

type Standing = 'on' | 'off' | 'away';
const remembered = new Map<string, { readonly isOn: boolean; readonly untilMs: number }>();

export function standInSwitch(env: Env, network: Network) {
  return inJurisdiction(env, env.STAND_IN_SWITCHES).getByName(network);
}

export async function standInStanding(env: Env, network: Network, deadlineAtMs: number): Promise<Standing> {
  const nowMs = Date.now();
  const known = remembered.get(network);
  if (known !== undefined && known.untilMs > nowMs && known.untilMs <= nowMs + rememberedMs) return wordOf(known.isOn);
  const state = await inTime(standInSwitch(env, network).read(), deadlineAtMs).catch(() => 'late' as const);
  if (state === 'late') return 'away';
  remembered.set(network, { isOn: state.is_on, untilMs: Date.now() + rememberedMs });
  return wordOf(state.is_on);
}

/** After a turn by this isolate, which needs no second. */
export function forgetStanding(network: Network): void {
  remembered.delete(network);
}

function wordOf(isOn: boolean): Standing {
  return isOn ? 'on' : 'off';
}
