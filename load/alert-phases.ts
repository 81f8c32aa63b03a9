// What goes wrong when, in a run of `npm run load -- alerts`: a quarter of the time rises, then each fault with quiet after it.

import type { TcpRelay } from '../scripts/test-relay.ts';

export type PhaseName = 'rising' | 'quiet' | '1 % dropped' | 'provider slow' | 'database away';

export interface Phase {
  readonly name: PhaseName;
  /** From the start of the load. */
  readonly fromS: number;
  readonly toS: number;
}

/** What follows the rise: at least so many seconds, and shares of what that leaves. A call to a provider is given up after 20 s. */
const plan: readonly (readonly [PhaseName, secondsMin: number, share: number])[] = [
  ['quiet', 2, 0.12],
  ['1 % dropped', 8, 0.13],
  ['quiet', 2, 0.13],
  ['provider slow', 26, 0.14],
  ['quiet', 2, 0.2],
  ['database away', 12, 0.1],
  ['quiet', 10, 0.18],
];

const secondsMin = plan.reduce((sum, [, least]) => sum + least, 0);
/** Of a run: a quarter of it rises. */
export const runSecondsMin = Math.ceil((secondsMin * 4) / 3);

/** One after the other, `seconds` in all. */
export function phasesOf(seconds: number): readonly [Phase, ...Phase[]] {
  const rising: Phase = { name: 'rising', fromS: 0, toS: Math.round(seconds / 4) };
  const spare = seconds - rising.toS - secondsMin;
  const phases: [Phase, ...Phase[]] = [rising];
  for (const [name, least, share] of plan) {
    const fromS = phases.at(-1)?.toS ?? 0;
    phases.push({ name, fromS, toS: fromS + Math.round(least + share * spare) });
  }
  return phases;
}

/** How each phase begins. What the phase before it did is undone with it. */
export type Chaos = Readonly<Record<PhaseName, () => Promise<void>>>;

export function chaosOf(parts: { readonly database: TcpRelay; readonly providerAdminUrl: string }): Chaos {
  let isAway = false;
  const provider = async (faults: object) => {
    const answer = await fetch(`${parts.providerAdminUrl}/faults`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(faults),
    });
    if (!answer.ok) throw new Error(`the provider answered ${answer.status}: ${await answer.text()}`);
  };
  const quiet = async () => {
    await provider({});
    if (isAway) await parts.database.mend();
    isAway = false;
  };
  return {
    rising: quiet,
    quiet,
    // Half of them the question, half of them the answer: nobody hears anything until the call is given up.
    '1 % dropped': () => provider({ hang_before_rate: 0.005, hang_after_rate: 0.005, inquiry_hang_rate: 0.01 }),
    'provider slow': () => provider({ latency_ms_min: 25_000, latency_ms_max: 30_000 }),
    'database away': async () => {
      isAway = true;
      await parts.database.cut();
    },
  };
}
