// How an error looks, on both halves: our members and those of RFC 9457 (application/problem+json) side by side.
// Messages name the field and the rule, never the value: a refused body must not live on in a log.

import { en } from 'zod/locales';
import * as z from 'zod/mini';

// zod/mini brings no sentences of its own.
z.config(en());

export interface FieldProblem {
  /** As `merchant.name` or `controls[0].amount_minor`. */
  readonly field: string;
  readonly problem: string;
}

/** A request that is not served: thrown where it is found, rendered once at the edge of the room. */
export class Refusal extends Error {
  readonly status: 400 | 401 | 403 | 404 | 405 | 406 | 409 | 413 | 415 | 422 | 429 | 500 | 502 | 503;
  /** Stable name, such as `field_invalid`. */
  readonly error_code: string;
  readonly details: readonly FieldProblem[];

  constructor(status: Refusal['status'], error_code: string, message: string, details: readonly FieldProblem[] = []) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.error_code = error_code;
    this.details = details;
  }
}

export function problemBody(refusal: Refusal, request_id: string) {
  const { status, error_code, message, details } = refusal;
  return {
    type: `urn:atlas:error:${error_code}`,
    title: error_code.replaceAll('_', ' '),
    status,
    error_code,
    message,
    request_id,
    ...(details.length > 0 ? { details } : {}),
  };
}

/** What zod found, as fields and sentences. */
export function fieldProblems(error: z.core.$ZodError, at = ''): FieldProblem[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.reduce<string>((text, part) => joined(text, part), at);
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ field: joined(path, key), problem: 'is not a field of this request' }));
    return [{ field: path || 'body', problem: issue.message }];
  });
}

function joined(path: string, part: PropertyKey): string {
  if (typeof part === 'number') return `${path}[${part}]`;
  return path === '' ? String(part) : `${path}.${String(part)}`;
}
