// What the edge says to a call, judged by the shape of the contract alone.

import * as z from 'zod';

export type Method = 'GET' | 'PUT' | 'POST';

/** The edge was reached, and would not do it. */
export class EdgeRefused extends Error {
  readonly errorCode: string;

  constructor(status: number, errorCode: string, method: Method) {
    super(`the edge answered ${status} ${errorCode} to ${method} of a card`);
    this.errorCode = errorCode;
  }
}

export interface Said {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Throws where it is no answer in shape. A stale profile or a key that was used is a 409 with an answer in shape, and so is a 404 where a card
 * may be unknown; an error is a status without one.
 */
export function answerIn<T>(schema: z.core.$ZodType<T>, { status, body }: Said, method: Method): T {
  const parsed = z.safeParse(schema, body);
  if (parsed.success && ((status >= 200 && status < 300) || status === 409 || status === 404)) return parsed.data;
  throw new EdgeRefused(status, errorCodeOf(body), method);
}

const problemSchema = z.object({ error_code: z.string().max(64) });
function errorCodeOf(said: unknown): string {
  return problemSchema.safeParse(said).data?.error_code ?? '(no error code)';
}
