// npm run return-card: a card's storage at the edge returns to an earlier instant, by the history that Cloudflare keeps of it. By a call that is
// signed as the origin signs: for whoever has its secret, since what the card has done since is gone until the origin has brought it back.

import { parseArgs } from 'node:util';
import { noHistory } from '../contracts/internal-api.ts';
import { networkKeySchema, networkSchema } from '../contracts/network.ts';
import { EdgeRefused } from '../origin/edge/edge-answer.ts';
import { createEdgeClient } from '../origin/edge/edge-client.ts';
import { demo } from './dev/demo.ts';
import { portBaseOption, portBaseWord } from './dev/home.ts';
import { systemHere } from './dev/running.ts';
import { wordsOf } from './words.ts';

const help = `npm run return-card -- <network> <card token> --at INSTANT

  --at INSTANT    as 2026-11-27T11:00:00Z, of the last 30 days
  --port-base N   the system that npm start -- --port-base N started
  --help          this

Afterwards: npx atlas card reread CARD_ID, which fences the card by what is booked of it, and rebuilds it.
Prints the bookmark by which it could be undone. Exits with 1 where it was not done, and says why.

EDGE_URL, INTERNAL_SECRET   as the origin has them; default: those of the running npm start`;

/** As long as Cloudflare keeps the history of an object. */
const keptMs = 30 * 86_400_000;

interface Words {
  readonly network: string;
  readonly card_token: string;
  readonly atMs: number;
}

function readWords(args: readonly string[]): Words | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { at: { type: 'string' }, help: { type: 'boolean', default: false }, ...portBaseOption },
  });
  if (values.help) return null;
  const [network, token, ...more] = positionals;
  if (more.length > 0) throw new Error(`${more[0]} is one word too many`);
  if (!networkSchema.safeParse(network).success) throw new Error('the first word is the network');
  if (!networkKeySchema.safeParse(token).success) throw new Error('the second word is the token of a card');
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z$/.test(values.at ?? ''))
    throw new Error('--at must be an instant in UTC, as 2026-11-27T11:00:00Z');
  const atMs = Date.parse(values.at ?? '');
  if (!(atMs <= Date.now() && atMs >= Date.now() - keptMs))
    throw new Error('--at must be an instant of the last 30 days');
  return { network: network ?? '', card_token: token ?? '', atMs };
}

/** What the edge's own codes mean to whoever has typed the words. */
const causes: Readonly<Record<string, string>> = {
  history_not_kept: noHistory,
  field_invalid: 'the edge serves no such network, or takes the token for none',
};

/** A system that is named goes before the environment, and all is of one place. */
function edgeMeant(): { readonly url: string; readonly secret: string } {
  const [url, secret] = portBaseWord() === null ? [process.env['EDGE_URL'], process.env['INTERNAL_SECRET']] : [];
  if (url && secret) return { url, secret };
  if (url || secret) throw new Error('set both EDGE_URL and INTERNAL_SECRET, or none of them');
  const { running, because } = systemHere();
  if (running === null)
    throw new Error(portBaseWord() === null ? `EDGE_URL and INTERNAL_SECRET are not set. ${because}` : because);
  return { url: running.edge_url, secret: demo.internalSecret };
}

const { network, card_token, atMs } = wordsOf(readWords, help);
try {
  const { undo_bookmark } = await createEdgeClient(edgeMeant()).returnCard({ network, card_token }, atMs);
  process.stdout.write(
    `The card is as of ${new Date(atMs).toISOString()}. By this it could be undone: ${undo_bookmark}\n`,
  );
} catch (error) {
  const why = error instanceof EdgeRefused ? (causes[error.errorCode] ?? error.message) : String(error);
  process.stderr.write(`return-card: ${why}\n`);
  process.exitCode = 1;
}
