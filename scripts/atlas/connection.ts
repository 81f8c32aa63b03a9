// Where a command asks, and with which key: options first (--url, or --port-base for a system of npm start), then ATLAS_URL and
// ATLAS_API_KEY, then the system that npm start runs here. What it asked and why stands in each failure to reach it. A URL from one of them never meets the key of another but for --key, so that no key is sent to where it does not belong.

import { Atlas, AtlasError } from '../../sdk/index.ts';
import { createTransport, type Send } from '../../sdk/transport.ts';
import { portBaseWord } from '../dev/home.ts';
import { systemHere } from '../dev/running.ts';
import { UsedWrongly } from './command.ts';

export interface Connection {
  readonly url: string;
  /** What said so: --url, ATLAS_URL, --port-base 9787… */
  readonly because: string;
  readonly innerUrl: string;
  /** Null where a URL was given and not that of the edge. */
  readonly edgeUrl: string | null;
  readonly send: Send;
  readonly atlas: Atlas;
  /** GET of what has no key: /livez, /health, /metrics. Throws only where there is no answer. */
  readonly look: (url: string) => Promise<Look>;
}

export interface Look {
  readonly status: number;
  readonly text: string;
  /** The JSON in it; null where it is none. */
  readonly body: unknown;
  readonly headers: Headers;
}

export interface Place {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  readonly 'inner-url'?: string | undefined;
  readonly 'edge-url'?: string | undefined;
}

/** Nothing is named, and nothing runs. */
export class NothingHere extends UsedWrongly {}

const lookMs = 10_000;

export function connect(given: Place, environment: NodeJS.ProcessEnv = process.env): Connection {
  const { url, because, apiKey, edgeUrl } = placeOf(given, environment);
  if (!URL.canParse(url)) throw new UsedWrongly(`${because} ${url} is not like https://api.example.com`);
  // Somebody waits for it: 20 s at most, and then the reason.
  const options = { baseUrl: url, apiKey, timeoutMs: lookMs, retries: 1 };
  return {
    url: url.replace(/\/+$/, ''),
    because,
    innerUrl: (given['inner-url'] ?? (environment['ATLAS_INNER_URL'] || url)).replace(/\/+$/, ''),
    edgeUrl,
    send: createTransport(options),
    atlas: new Atlas(options),
    look,
  };
}

function placeOf(given: Place, environment: NodeJS.ProcessEnv) {
  const edgeUrl = given['edge-url'] ?? (environment['ATLAS_EDGE_URL'] || null);
  const isSystemNamed = portBaseWord() !== null;
  if (given.url !== undefined && isSystemNamed) throw new UsedWrongly('say --url or --port-base, not both');
  const url = given.url ?? (isSystemNamed ? undefined : environment['ATLAS_URL'] || undefined);
  if (url !== undefined) {
    const apiKey = given.key ?? (environment['ATLAS_API_KEY'] || undefined);
    const because = given.url === undefined ? 'ATLAS_URL' : '--url';
    if (apiKey === undefined) throw new UsedWrongly(`${url} (${because}) needs a key: ATLAS_API_KEY or --key`);
    return { url, because, apiKey, edgeUrl };
  }
  const { running, because } = systemHere();
  if (running === null)
    throw new NothingHere(
      isSystemNamed ? because : `No --url or ATLAS_URL. Give both it and ATLAS_API_KEY. ${because}`,
    );
  const { origin_url, api_key, edge_url } = running;
  return { url: origin_url, because, apiKey: given.key ?? api_key, edgeUrl: edgeUrl ?? edge_url };
}

async function look(url: string): Promise<Look> {
  try {
    const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(lookMs) });
    const text = await answer.text();
    return { status: answer.status, text, body: jsonIn(text), headers: answer.headers };
  } catch (error) {
    throw new AtlasError({
      status: 0,
      errorCode: 'connection_failed',
      message: `${url} does not answer.`,
      cause: error,
    });
  }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
