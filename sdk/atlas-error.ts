// Everything that a call can fail with, in one class. `errorCode` is stable and meant for programs; `message` is for people.

export interface FieldProblem {
  /** As `amount_minor` or `destinations.stripe`. */
  readonly field: string;
  readonly problem: string;
}

export interface AtlasErrorParts {
  readonly status: number;
  readonly errorCode: string;
  readonly message: string;
  readonly requestId?: string | null;
  readonly details?: readonly FieldProblem[];
  readonly retryAfterMs?: number | null;
  readonly cause?: unknown;
}

export class AtlasError extends Error {
  /** The HTTP status; 0 where there was no answer. */
  readonly status: number;
  /**
   * The API's own name of the error, such as `amount_not_owed`; or ours: `connection_failed`, `timed_out` (no answer came, so
   * the request may have been carried out), `answer_unreadable`, `wait_timed_out`.
   */
  readonly errorCode: string;
  /** Names the request in our logs: quote it when you ask us. */
  readonly requestId: string | null;
  readonly details: readonly FieldProblem[];
  /** How long the API asked to be left alone; null where it did not. */
  readonly retryAfterMs: number | null;

  constructor({ status, errorCode, message, requestId, details, retryAfterMs, cause }: AtlasErrorParts) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'AtlasError';
    this.status = status;
    this.errorCode = errorCode;
    this.requestId = requestId ?? null;
    this.details = details ?? [];
    this.retryAfterMs = retryAfterMs ?? null;
  }
}

/** From an answer that is no success; its body may be anything, since a proxy may have written it. */
export function errorOf(answer: Response, text: string, nowMs: number): AtlasError {
  const said = parsed(text);
  const word = (name: string) => (typeof said[name] === 'string' ? said[name] : undefined);
  const details = Array.isArray(said['details']) ? said['details'].filter(isFieldProblem) : [];
  return new AtlasError({
    status: answer.status,
    errorCode: word('error_code') ?? 'answer_unreadable',
    message: word('message') ?? `Atlas answered ${answer.status}.`,
    requestId: word('request_id') ?? answer.headers.get('x-request-id'),
    details,
    retryAfterMs: readRetryAfter(answer.headers.get('retry-after'), nowMs),
  });
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function isFieldProblem(value: unknown): value is FieldProblem {
  return typeof value === 'object' && value !== null && 'field' in value && 'problem' in value;
}

/** RFC 9110: seconds, or an HTTP date. */
function readRetryAfter(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  const ms = /^\s*\d{1,9}\s*$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - nowMs;
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}
