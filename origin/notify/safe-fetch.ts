// Calls a URL that a partner chose, and reaches nothing that it should not: the name is resolved here, at every call, every
// address is judged, and the connection goes to those addresses and no others. So a name that is bound to another address
// between the look and the call changes nothing. No redirect is followed; the answer is read only as far as it is kept.

import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { type Dispatcher, request } from 'undici';
import { beforeWaitingFor } from '../db/held.ts';
import { answerBytesMax } from './answer-text.ts';
import { createPinnedAgents } from './pinned-agents.ts';
import { isLoopbackAddress, isPublicAddress } from './safe-address.ts';
import { hostOf, judgeUrl, type Surroundings } from './safe-url.ts';

/** Every address of a name; empty where it has none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

export interface SafeFetchOptions extends Surroundings {
  readonly resolve?: Resolve;
  /** From the first look at the name to the answer's status. Standard Webhooks: 15 to 30 s. */
  readonly timeoutMs?: number;
}

export interface Post {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type UnreachedReason =
  | 'url_refused'
  | 'name_not_resolved'
  | 'address_refused'
  | 'timeout'
  | 'tls_failed'
  | 'answer_malformed'
  | 'connection_failed';

export type Reached =
  | {
      readonly outcome: 'answered';
      readonly status: number;
      readonly retryAfter: string | undefined;
      readonly answer: Uint8Array;
      readonly answerCut: boolean;
    }
  | { readonly outcome: 'unreached'; readonly reason: UnreachedReason };

export interface SafeFetch {
  post(text: string, post: Post): Promise<Reached>;
  /** What is wrong with a URL that is to be kept, or null. A name that does not resolve yet is no problem: each call looks again. */
  problemOf(text: string): Promise<string | null>;
  close(): Promise<void>;
}

const timeoutMsDefault = 15_000;
/** For a URL that is about to be kept: somebody waits for the answer, and each call looks again. */
const lookTimeoutMs = 3_000;
/** A status is all that matters: who sends its body slowly does not hold us up for it. */
const bodyTimeoutMs = 2_000;
/** Read and thrown away, so that the connection can be used again; more than this closes it. */
const bodyBytesMax = 16 * 1024;
const addressesMax = 16;

export function createSafeFetch({
  development,
  resolve = createResolve(),
  timeoutMs = timeoutMsDefault,
}: SafeFetchOptions): SafeFetch {
  const agents = createPinnedAgents(timeoutMs);

  async function vet(url: URL): Promise<readonly string[] | 'name_not_resolved' | 'address_refused'> {
    const host = hostOf(url);
    const addresses =
      isIP(host) !== 0 ? [host] : development && host === 'localhost' ? ['127.0.0.1', '::1'] : await resolve(host);
    if (addresses.length === 0) return 'name_not_resolved';
    const mayReach = (address: string) =>
      url.protocol === 'http:'
        ? development && isLoopbackAddress(address)
        : isPublicAddress(address) || (development && isLoopbackAddress(address));
    return addresses.length <= addressesMax && addresses.every(mayReach) ? addresses : 'address_refused';
  }

  async function call(url: URL, { headers, body }: Post, signal: AbortSignal): Promise<Reached> {
    const addresses = await orAborted(vet(url), signal);
    if (typeof addresses === 'string') return { outcome: 'unreached', reason: addresses };
    const answer = await request(url, {
      method: 'POST',
      headers,
      body,
      signal,
      dispatcher: agents.agentFor(url, addresses),
    });
    const retryAfter = answer.headers['retry-after'];
    return {
      outcome: 'answered',
      status: answer.statusCode,
      retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
      ...(await readFirst(answer.body)),
    };
  }

  return {
    async post(text, post) {
      beforeWaitingFor('a partner');
      const verdict = judgeUrl(text, { development });
      if ('problem' in verdict) return { outcome: 'unreached', reason: 'url_refused' };
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        return await call(verdict.url, post, signal);
      } catch (error) {
        return { outcome: 'unreached', reason: signal.aborted ? 'timeout' : reasonOf(error) };
      }
    },
    async problemOf(text) {
      beforeWaitingFor('a name server');
      const verdict = judgeUrl(text, { development });
      if ('problem' in verdict) return verdict.problem;
      const addresses = await orAborted(vet(verdict.url), AbortSignal.timeout(lookTimeoutMs)).catch(() => null);
      if (addresses !== 'address_refused') return null;
      return 'must not lead to an address inside of a network';
    },
    close: () => agents.close(),
  };
}

/** c-ares and not getaddrinfo: that takes one of the process's four threads until a slow name server answers. */
function createResolve(): Resolve {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  return async (name) => {
    const found = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    return found.flatMap((family) => (family.status === 'fulfilled' ? family.value : []));
  };
}

/** The first bytes of a body; the rest is dropped, and a slow one given up: its status is known. */
async function readFirst(body: Dispatcher.ResponseData['body']): Promise<{ answer: Uint8Array; answerCut: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let whole = false;
  const slow = setTimeout(() => body.destroy(), bodyTimeoutMs);
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      if (length < answerBytesMax) chunks.push(chunk);
      length += chunk.length;
      if (length > bodyBytesMax) break;
    }
    whole = length <= answerBytesMax;
  } catch {
    // Cut off by us or by it: what came is kept.
  } finally {
    clearTimeout(slow);
  }
  return { answer: Buffer.concat(chunks).subarray(0, answerBytesMax), answerCut: !whole };
}

function reasonOf(error: unknown): UnreachedReason {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'ETIMEDOUT')
    return 'timeout';
  if (/^(?:ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO)/.test(code)) return 'tls_failed';
  const isMalformed = error instanceof Error && error.name === 'HTTPParserError';
  if (isMalformed || /^HPE_|^UND_ERR_(?:HEADERS_OVERFLOW|RES_)/.test(code)) return 'answer_malformed';
  return 'connection_failed';
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort);
  return await Promise.race([work, aborted.promise]).finally(() => signal.removeEventListener('abort', abort));
}
