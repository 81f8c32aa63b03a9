// Verifies a webhook (Standard Webhooks, HMAC-SHA256) with the platform's own cryptography. Give it the body as it came, before
// anything parsed it. It does not know what you have seen before: keep `webhook-id`, and take each event once.

interface SettlementData {
  readonly settlement_id: `stl_${string}`;
  readonly merchant_id: `mrch_${string}`;
  readonly amount_minor: number;
  readonly currency: string;
  readonly reference: string;
  readonly state: 'queued' | 'processing' | 'completed' | 'failed' | 'retry_pending';
  readonly failure_code: string | null;
}

export type SettlementEvent =
  | {
      readonly type: 'settlement.completed' | 'settlement.failed';
      readonly timestamp: string;
      readonly data: SettlementData;
    }
  | {
      /** Money of a completed settlement came back, and is owed to the merchant again. */
      readonly type: 'settlement.returned';
      readonly timestamp: string;
      readonly data: SettlementData & {
        readonly settlement_return_id: `srt_${string}`;
        /** By this return, and by all of this settlement up to it. */
        readonly returned_minor: number;
        readonly returned_total_minor: number;
        readonly reason_code: string;
        readonly occurred_at: string | null;
      };
    }
  | {
      /** Where the merchant is paid to was changed. If nobody of yours knows of it, call us before `payable_from`. */
      readonly type: 'merchant.destination_changed';
      readonly timestamp: string;
      readonly data: { readonly merchant_id: `mrch_${string}`; readonly payable_from: string | null };
    };

export interface PingEvent {
  readonly type: 'webhook.ping';
  readonly timestamp: string;
  readonly data: { readonly webhook_endpoint_id: `whk_${string}`; readonly merchant_id: `mrch_${string}` };
}

/** What we send today; let a `type` that you do not know pass, since more come to be. */
export type WebhookEvent = SettlementEvent | PingEvent;

/** A `Headers`, or Node's own headers, or any plain object; names in any case. */
export type WebhookHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

export interface VerifyOptions {
  /** How far the sender's clock and yours may be apart, either way; 5 minutes. */
  readonly toleranceMs?: number | undefined;
  readonly nowMs?: number | undefined;
}

export type WebhookProblem =
  | 'header_missing'
  | 'timestamp_invalid'
  | 'timestamp_too_old'
  | 'timestamp_too_new'
  | 'secret_invalid'
  | 'signature_wrong'
  | 'body_not_json';

/** Answer 400 or 401, and do nothing else. */
export class WebhookVerificationError extends Error {
  readonly problem: WebhookProblem;

  constructor(problem: WebhookProblem, message: string) {
    super(message);
    this.name = 'WebhookVerificationError';
    this.problem = problem;
  }
}

const toleranceMsDefault = 5 * 60_000;

/**
 * The event, or a `WebhookVerificationError`. `secrets`: one, or several while they change; any that fits is enough.
 */
async function verify(
  rawBody: string | Uint8Array | ArrayBuffer,
  headers: WebhookHeaders,
  secrets: string | readonly string[],
  { toleranceMs = toleranceMsDefault, nowMs = Date.now() }: VerifyOptions = {},
): Promise<WebhookEvent> {
  const id = header(headers, 'webhook-id');
  const timestamp = header(headers, 'webhook-timestamp');
  const given = header(headers, 'webhook-signature');
  // The id is followed by a dot in what is signed, so it holds none.
  if (id.includes('.')) throw new WebhookVerificationError('header_missing', 'webhook-id is malformed');
  checkTime(timestamp, nowMs, toleranceMs);

  const body = typeof rawBody === 'string' ? new TextEncoder().encode(rawBody) : new Uint8Array(rawBody);
  const start = new TextEncoder().encode(`${id}.${timestamp}.`);
  const signed = new Uint8Array(start.length + body.length);
  signed.set(start);
  signed.set(body, start.length);

  const signatures = given.split(' ').flatMap((word) => (word.startsWith('v1,') ? [bytesOf(word.slice(3))] : []));
  let isRight = false;
  for (const secret of typeof secrets === 'string' ? [secrets] : secrets) {
    const key = await keyOf(secret);
    // WebCrypto's verify, and no comparison of our own: it takes the same time wherever two signatures differ.
    for (const signature of signatures)
      if (signature !== null && (await crypto.subtle.verify('HMAC', key, signature, signed))) isRight = true;
  }
  if (!isRight) throw new WebhookVerificationError('signature_wrong', 'no signature is right for this body and secret');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as WebhookEvent;
  } catch {
    throw new WebhookVerificationError('body_not_json', 'the body is signed, and is not JSON in UTF-8');
  }
}

export const webhooks = { verify } as const;

function header(headers: WebhookHeaders, name: string): string {
  const value = valuesOf(headers, name);
  // Sent twice, it is two words for one thing: which was signed?
  const one = typeof value === 'string' ? value : value?.length === 1 ? value[0] : undefined;
  if (one === undefined || one === '') throw new WebhookVerificationError('header_missing', `${name} is missing`);
  return one;
}

function valuesOf(headers: WebhookHeaders, name: string): string | readonly string[] | undefined {
  if ('get' in headers && typeof headers.get === 'function') return headers.get(name) ?? undefined;
  const found = Object.entries(headers).filter(([key]) => key.toLowerCase() === name);
  return found.length > 1 ? [] : (found[0]?.[1] as string | readonly string[] | undefined);
}

function checkTime(timestamp: string, nowMs: number, toleranceMs: number): void {
  if (!/^\d{1,12}$/.test(timestamp))
    throw new WebhookVerificationError('timestamp_invalid', 'webhook-timestamp is not in whole seconds');
  const ageMs = nowMs - Number(timestamp) * 1_000;
  if (ageMs > toleranceMs) throw new WebhookVerificationError('timestamp_too_old', 'the webhook is too old');
  if (ageMs < -toleranceMs) throw new WebhookVerificationError('timestamp_too_new', 'the webhook is from the future');
}

function keyOf(secret: string) {
  const bytes = bytesOf(secret.replace(/^whsec_/, ''));
  if (bytes === null || bytes.length < 16)
    throw new WebhookVerificationError('secret_invalid', 'a secret must be whsec_ and base64');
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
}

/** From base64; null where it is none. */
function bytesOf(base64: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
