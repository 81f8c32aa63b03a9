// Clocks of the two halves beside this machine's. Signed calls between them are refused where they are five minutes apart.

import type { Connection } from '../connection.ts';
import { type Check, notLookedAt, ok, wrong } from './check.ts';

/** A Date header has whole seconds, and the way there takes its time. */
const skewMsMax = 5_000;

export async function clockChecks({ url, edgeUrl, look }: Connection): Promise<Check[]> {
  const origin = await clockCheck('clock of the origin', `${url}/livez`, look);
  return edgeUrl === null ? [origin] : [origin, await clockCheck('clock of the edge', `${edgeUrl}/livez`, look)];
}

async function clockCheck(name: string, asked: string, look: Connection['look']): Promise<Check> {
  const beforeMs = Date.now();
  const answer = await look(asked).catch(() => null);
  const said = Date.parse(answer?.headers.get('date') ?? '');
  if (answer === null) return notLookedAt(name, `${asked} does not answer`);
  // A proxy may take it off.
  if (Number.isNaN(said)) return notLookedAt(name, `${asked} sends no Date header`);
  return skewCheck(name, { saidMs: said + 500, hereMs: (beforeMs + Date.now()) / 2 });
}

export function skewCheck(name: string, { saidMs, hereMs }: { saidMs: number; hereMs: number }): Check {
  const skewMs = Math.round(saidMs - hereMs);
  if (Math.abs(skewMs) <= skewMsMax) return ok(name, `agrees with this machine's, within ${skewMsMax / 1_000} s`);
  const apart = `${Math.round(Math.abs(skewMs) / 1_000)} s ${skewMs > 0 ? 'ahead of' : 'behind'} this machine's`;
  return wrong(
    name,
    apart,
    'set both by NTP (timedatectl, chronyc tracking): five minutes apart every signed call is refused',
  );
}
