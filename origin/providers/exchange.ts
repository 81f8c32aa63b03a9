// What an exchange over a network proves, and how words of providers become ours. Certain is only what failed before a connection
// stood: whatever breaks later may have been read.

import type * as z from 'zod/mini';
import { fieldProblems } from '../../contracts/problem.ts';
import { maskedText } from '../card-data/found.ts';

/** Of the system and of undici: the connection was never made. */
const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** True only where not one byte of the request can have been sent. */
export function isNeverSent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // A host with several addresses is tried at each of them: one that was reached is enough to be unsure.
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isNeverSent);
  if ('code' in error && typeof error.code === 'string') return neverConnected.has(error.code);
  return error.cause !== undefined && isNeverSent(error.cause);
}

/** A provider's own code as one of ours: stable, and nothing in it that a log or a partner could trip over. */
export function providerCode(theirs: string | null | undefined): string {
  const plain = maskedText('provider_answer', theirs ?? '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .slice(0, 48);
  return plain === '' ? 'provider_rejected' : `provider_${plain}`;
}

export const unknown = (code: string) => ({ outcome: 'unknown', code }) as const;
export const notTaken = (code: string) => ({ outcome: 'not_taken', code }) as const;
export const rejected = (code: string) => ({ outcome: 'rejected', code }) as const;

/** What zod found in a destination, to be read on from its name: `destinations.stripe needs account`. */
export function problemOf(error: z.core.$ZodError): string {
  const [first] = fieldProblems(error);
  if (first === undefined) return 'is not a destination';
  const { field, problem } = first;
  if (field === 'body') return problem;
  return problem === 'is missing' ? `needs ${field}` : `has ${field}, which ${problem}`;
}
