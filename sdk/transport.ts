// One request to the API: signed with the key, timed, and repeated where that is safe. A request that changes something carries
// an idempotency key, the same in every try, so that a try whose answer was lost is not carried out twice.

import { AtlasError, errorOf } from './atlas-error.ts';
import { pause } from './pause.ts';

export interface AtlasOptions {
  /** As `https://api.atlas.example`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Instead of the platform's own. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** For one try; 30 seconds. */
  readonly timeoutMs?: number | undefined;
  /** Tries after the first; 3. */
  readonly retries?: number | undefined;
}

export interface CallOptions {
  /** Ends the call, and its tries. What was sent may have been carried out. */
  readonly signal?: AbortSignal | undefined;
}

export interface Call extends CallOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As `/settlements/stl_…`; each id encoded by `path`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: object;
  readonly idempotencyKey?: string;
  /** False: two of it are two effects, so it is sent again only where it was not carried out for certain. */
  readonly repeatable?: boolean;
  /** Not there after a try whose answer was lost: that try removed it. */
  readonly goneIsDone?: boolean;
}

export type Send = <T>(call: Call) => Promise<T>;

/** Longer than this is for the caller to wait, if at all. */
const retryAfterMsMax = 60_000;
const backoffMsMin = 500;
const backoffMsMax = 8_000;
/** Of an idempotency key, as the API takes it. */
const keyShape = /^[\x21-\x7e]{1,255}$/;

export function createTransport(options: AtlasOptions): Send {
  const { baseUrl, apiKey, timeoutMs = 30_000, retries = 3 } = options;
  const base = baseUrl.replace(/\/+$/, '');
  if (!URL.canParse(base)) throw new TypeError(`baseUrl: must be an absolute URL, not "${baseUrl}"`);
  if (!/^[\x21-\x7e]+$/.test(apiKey)) throw new TypeError('apiKey: must be an API key of yours');
  // Called as a function of the platform: in browsers and Workers it refuses to be anybody's method.
  const fetchAnswer = options.fetch ?? ((input: string | URL | Request, init?: RequestInit) => fetch(input, init));

  async function attempt(call: Call): Promise<unknown> {
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = call.signal === undefined ? timeout : AbortSignal.any([call.signal, timeout]);
    const request: RequestInit = {
      method: call.method,
      headers: headersOf(call, apiKey),
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      // The key is for this host: it is never taken along to where a redirect points.
      redirect: 'manual',
      signal,
    };
    let answer: Response;
    let text: string;
    try {
      answer = await fetchAnswer(base + call.path + queryText(call.query), request);
      text = await answer.text();
    } catch (error) {
      call.signal?.throwIfAborted();
      const errorCode = timeout.aborted ? 'timed_out' : 'connection_failed';
      const message = timeout.aborted ? `No answer within ${timeoutMs} ms.` : 'Atlas could not be reached.';
      throw new AtlasError({ status: 0, errorCode, message, cause: error });
    }
    if (!answer.ok) throw errorOf(answer, text, Date.now());
    if (text === '') return undefined;
    try {
      return JSON.parse(text);
    } catch (error) {
      const requestId = answer.headers.get('x-request-id');
      const message = 'The answer is not JSON, or not all of it.';
      // As good as none: it is asked for again.
      throw new AtlasError({ status: 0, errorCode: 'answer_unreadable', message, requestId, cause: error });
    }
  }

  return async <T>(call: Call): Promise<T> => {
    for (let failed = 0; ; failed++) {
      try {
        return (await attempt(call)) as T;
      } catch (error) {
        if (failed > 0 && call.goneIsDone && error instanceof AtlasError && error.status === 404) return undefined as T;
        if (!(error instanceof AtlasError) || failed >= retries || !mayRepeat(error, call)) throw error;
        await pause(waitMs(error, failed), call.signal);
      }
    }
  };
}

/** Ids go into a path as one segment, whatever they hold. Throws for what no spelling makes a segment: nothing, and dots alone. */
export function path(parts: TemplateStringsArray, ...ids: readonly string[]): string {
  for (const id of ids) if (/^\.{0,2}$/.test(id)) throw new TypeError(`${JSON.stringify(id)} is no id`);
  return parts.reduce((whole, part, index) => `${whole}${encodeURIComponent(ids[index - 1] ?? '')}${part}`);
}

export function newIdempotencyKey(): string {
  return crypto.randomUUID();
}

/** 409 in flight, 429, 502 to 504, and no answer at all. Any other error would be the same again. */
function mayRepeat({ status, errorCode, retryAfterMs }: AtlasError, { repeatable = true }: Call): boolean {
  if ((retryAfterMs ?? 0) > retryAfterMsMax) return false;
  if (status === 429) return true;
  if (!repeatable) return false;
  return status === 0 || (status >= 502 && status <= 504) || (status === 409 && errorCode === 'request_in_flight');
}

/** Anything up to the doubling bound, so that clients which failed together do not come back together. */
function waitMs({ retryAfterMs }: AtlasError, failed: number): number {
  const bound = Math.min(backoffMsMax, backoffMsMin * 2 ** failed);
  return (retryAfterMs ?? 0) + Math.random() * (retryAfterMs === null ? bound : backoffMsMin);
}

function headersOf({ body, idempotencyKey }: Call, apiKey: string): Record<string, string> {
  const headers: Record<string, string> = {
    accept: 'application/vnd.atlas.v1+json',
    authorization: `Bearer ${apiKey}`,
  };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (idempotencyKey !== undefined) {
    if (!keyShape.test(idempotencyKey))
      throw new TypeError('idempotencyKey: must be 1 to 255 printable ASCII characters without spaces');
    // A structured field's string (draft-ietf-httpapi-idempotency-key-header).
    headers['idempotency-key'] = `"${idempotencyKey.replace(/["\\]/g, '\\$&')}"`;
  }
  return headers;
}

function queryText(query: Call['query'] = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? '' : `?${given}`;
}
