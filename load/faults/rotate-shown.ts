// rotate, its second half: every key that the origin shows to others changed under load, by the steps of docs/operating.md, all at once:
// both values here, the new one made there, the old one deleted there, the old one taken out here. No call may end with its key refused, and
// every settlement must be paid. The peers are stand-ins behind gates that judge the key alone.

import { newId } from '../../contracts/ids.ts';
import { openDatabase } from '../../origin/db/client.ts';
import { type ShownSetting, shownSettings } from '../../origin/secrets/shown-key.ts';
import { demo } from '../../scripts/dev/demo.ts';
import { until } from '../../scripts/test-waiting.ts';
import { type Peer, startWorld } from './shown-keys-world.ts';

/** Calls that each peer must have let through in each step: with fewer the step shows nothing. A bucket is looked at every 10 s. */
const callsMinOf = (name: ShownSetting) => (name === 'S3_SECRET_ACCESS_KEY' ? 1 : 3);
const stepMsMax = 60_000;
const pauseMs = 40;

const oldOf = ({ old }: Peer) => old;
const nextOf = ({ next }: Peer) => next;
const bothOf = ({ next, old }: Peer) => `${next} ${old}`;

export interface ShownRotation {
  readonly secrets: readonly ShownSetting[];
  readonly calls: number;
  /** Calls whose newest key was refused and whose former one was taken: what two values are for. */
  readonly saved: Readonly<Record<string, number>>;
  readonly settlements: number;
  readonly findings: readonly string[];
}

/** `overlap` false: the old value goes as the new one comes, which the rehearsal must notice. */
export async function rotateShown(
  parts: AsyncDisposableStack,
  { progress, overlap = true }: { readonly progress: (line: string) => void; readonly overlap?: boolean },
): Promise<ShownRotation> {
  progress('rotate: keys that are shown to others; starting Postgres, origin and their peers');
  const { peers, deploy, merchants, url, databaseUrl } = await startWorld(parts);
  const secrets = shownSettings.filter((name) => peers[name] !== undefined);
  const each = secrets.flatMap((name) => peers[name] ?? []);
  const findings: string[] = [];
  const saved: Record<string, number> = {};
  const count = async () => {
    for (const { setting, former, value } of await refusals(url)) {
      if (former === 'taken') saved[setting] = (saved[setting] ?? 0) + value;
      else if (value > 0) findings.push(`${value} calls had their key refused: ${setting}, the former one ${former}`);
    }
  };
  const step = async (what: string, change: () => Promise<void> | void, keyOf: (peer: Peer) => string) => {
    progress(`rotate: ${what}`);
    await change();
    const before = each.map((peer) => peer.gate.passed(keyOf(peer)));
    const moved = () => each.map((peer, at) => peer.gate.passed(keyOf(peer)) - (before[at] ?? 0));
    const silent = () => secrets.filter((name, at) => (moved()[at] ?? 0) < callsMinOf(name));
    await until(silent, (names) => names.length === 0, stepMsMax).catch(() => {
      findings.push(`${what}: too few calls came through to ${silent().join(', ')}`);
    });
  };
  const taking = (keysOf: (peer: Peer) => string[]) => () => {
    for (const peer of each) peer.gate.take(...keysOf(peer));
  };
  const holding = (keysOf: (peer: Peer) => string) => async () => {
    await count();
    await deploy(keysOf);
  };

  const payments = startPaying(url, merchants);
  if (overlap) {
    await step('both values here', holding(bothOf), oldOf);
    await step(
      'the new one made there',
      taking(({ old, next }) => [old, next]),
      nextOf,
    );
    await step(
      'the old one deleted there',
      taking(({ next }) => [next]),
      nextOf,
    );
  } else {
    taking(({ next }) => [next])();
    await until(
      () => refusals(url),
      (all) => all.some(({ former, value }) => former === 'none' && value > 0),
    );
  }
  await step('the new one alone here', holding(nextOf), nextOf);
  const { asked, refused } = await payments.stop();
  await count();
  if (overlap)
    for (const name of secrets)
      if (!saved[name]) findings.push(`${name}: its former key was never needed, so nothing was rehearsed`);
  if (refused.length > 0)
    findings.push(`${refused.length} settlements were not taken: ${[...new Set(refused)].join(', ')}`);
  findings.push(...(await unpaid(databaseUrl, asked)));
  const calls = each.reduce((sum, { gate, old, next }) => sum + gate.passed(old) + gate.passed(next), 0);
  return { secrets, calls, saved, settlements: asked, findings };
}

/** A sentence where not every settlement that was asked for was paid. */
async function unpaid(databaseUrl: string, asked: number): Promise<string[]> {
  const database = openDatabase({ url: databaseUrl, poolMax: 1, onIdleError: () => {} });
  const completed = async () => {
    const { rows } = await database.sql.query<{ n: number }>(
      "select count(*)::int as n from settlements where state = 'completed'",
    );
    return rows[0]?.n ?? 0;
  };
  const paid = await until(completed, (n) => n >= asked, stepMsMax).catch(completed);
  await database.close();
  return paid === asked ? [] : [`${asked} settlements were asked for, and ${paid} were paid`];
}

/** Asks for settlements of each merchant in turn, until it is stopped. */
function startPaying(originUrl: string, merchants: readonly string[]) {
  let isStopping = false;
  const refused: string[] = [];
  let asked = 0;
  const ask = async (merchant_id: string) => {
    while (!isStopping) {
      const answer = await fetch(`${originUrl}/settlements`, {
        method: 'POST',
        headers: {
          ...{ authorization: `Bearer ${demo.apiKey}`, 'content-type': 'application/json' },
          'idempotency-key': newId('req'),
        },
        body: JSON.stringify({ merchant_id, amount_minor: 100, currency: 'USD' }),
      }).catch(() => null);
      await answer?.arrayBuffer();
      if (answer?.status === 201) asked += 1;
      else refused.push(`${answer?.status ?? 'no answer'}`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };
  const running = merchants.map(ask);
  return {
    async stop() {
      isStopping = true;
      await Promise.all(running);
      return { asked, refused };
    },
  };
}

/** What the process that runs has counted so far. */
async function refusals(originUrl: string) {
  const text = await (await fetch(`${originUrl}/metrics`)).text();
  const line = /^shown_keys_refused_total\{setting="(\w+)",former="(\w+)"\} (\d+)$/gm;
  return [...text.matchAll(line)].map(([, setting = '', former = '', value]) => ({
    setting,
    former,
    value: Number(value),
  }));
}
