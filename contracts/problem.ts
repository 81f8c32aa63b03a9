// How an error looks, on both halves: our members and those of RFC 9457 (application/problem+json) side by side.
// Messages name the field and the rule, never the value: a refused body must not live on in a log.

import * as z from 'zod/mini';
import { limits } from './limits.ts';

// zod/mini brings no sentences of its own, and these read on from the name of a field: `controls has more than 200 items`.
z.config({ localeError: sentenceFor });

export interface FieldProblem {
  /** As `merchant.name` or `controls[0].amount_minor`. */
  readonly field: string;
  readonly problem: string;
}

/** Of a message: a field's name and what is wrong with it. */
const messageLengthMax = 600;

/** A request that is not served: thrown where it is found, rendered once at the edge of the room. */
export class Refusal extends Error {
  readonly status: 400 | 401 | 403 | 404 | 405 | 406 | 409 | 413 | 415 | 422 | 429 | 500 | 501 | 502 | 503;
  /** Stable name, such as `field_invalid`. */
  readonly error_code: string;
  readonly details: readonly FieldProblem[];

  /** Of many details the first ones are kept, so that no answer is larger than what was asked. */
  constructor(status: Refusal['status'], error_code: string, message: string, details: readonly FieldProblem[] = []) {
    super(message.length > messageLengthMax ? `${message.slice(0, messageLengthMax)}…` : message);
    this.name = 'Refusal';
    this.status = status;
    this.error_code = error_code;
    this.details = details
      .slice(0, limits.detailsMax)
      .map(({ field, problem }) => ({ field: field.slice(0, limits.fieldLengthMax), problem }));
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

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  null: 'null',
};

/** Names the rule, never the value. */
function sentenceFor(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return mustBe(issue.values);
    case 'invalid_union':
      return Array.isArray(issue.options) ? mustBe(issue.options) : 'is none of the forms that it may have';
    case 'too_big': {
      const unit = unitOf(issue.origin);
      if (unit !== null) return `has more than ${issue.maximum} ${unit}`;
      return `must be ${issue.inclusive === false ? 'below' : 'at most'} ${issue.maximum}`;
    }
    case 'too_small': {
      const unit = unitOf(issue.origin);
      if (unit !== null) return Number(issue.minimum) === 1 ? 'is empty' : `has fewer than ${issue.minimum} ${unit}`;
      return `must be ${issue.inclusive === false ? 'above' : 'at least'} ${issue.minimum}`;
    }
    default:
      return 'is not of the form that it must have';
  }
}

function mustBe(values: readonly unknown[]): string {
  const named = values.map((value) => JSON.stringify(value)).join(', ');
  return values.length === 1 ? `must be ${named}` : `must be one of ${named}`;
}

function unitOf(origin: string): string | null {
  if (origin === 'string') return 'characters';
  return origin === 'array' ? 'items' : null;
}

function joined(path: string, part: PropertyKey): string {
  if (typeof part === 'number') return `${path}[${part}]`;
  return path === '' ? String(part) : `${path}.${String(part)}`;
}
