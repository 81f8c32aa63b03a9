// POST /internal/card-events: the edge hands over queue messages (under `wrangler dev`, whose queue has no pull). The headers are looked
// at before the body is: a body of more than one message is gathered only for who has signed how long it is, and all such bodies
// together have a bound. So a stranger who declares twelve megabytes fills no memory.

import type { Context } from 'hono';
import { deliverBodySchema } from '../../../contracts/internal-answers.ts';
import { bodyBytesHeader } from '../../../contracts/internal-api.ts';
import { limits } from '../../../contracts/limits.ts';
import { refusal } from '../../errors.ts';
import { inShape } from '../../in-shape.ts';
import type { Intake } from '../../intake/intake.ts';
import { answer } from '../http/answer.ts';
import { parseJson, readText } from '../http/read-request.ts';
import { requireFreshSignature, requireHeadSignature, requireSignature } from '../identity/credentials.ts';

/** A hundred messages of `limits.messageBytesMax`, and their JSON. */
const bytesMax = 12 * 1024 * 1024;
const oneMessageBytesMax = limits.messageBytesMax + 8 * 1024;
/** Of all bodies that are being gathered: the edge sends one or two at a time. */
const gatheredBytesMax = 4 * bytesMax;

export function deliverCardEvents({ intake, secret }: { intake: Pick<Intake, 'take'>; secret: string }) {
  let gathered = 0;

  async function gather(context: Context, bytes: number): Promise<string> {
    if (gathered + bytes > gatheredBytesMax) throw refusal('intake_full');
    gathered += bytes;
    try {
      return await readText(context, bytes);
    } finally {
      gathered -= bytes;
    }
  }

  return async (context: Context): Promise<Response> => {
    const { method, url, headers } = context.req.raw;
    const { pathname, search } = new URL(url);
    const call = { method, pathAndQuery: pathname + search };
    requireFreshSignature(headers);
    const bytes = signedBytesOf(headers, call, secret);
    const body = await gather(context, bytes);
    requireSignature(headers, { ...call, body }, secret);
    const { messages } = inShape(deliverBodySchema, parseJson(body));
    return answer(context, { results: await intake.take(messages) });
  };
}

/** How many bytes may come: what the caller has signed, or what anybody may send. */
function signedBytesOf(headers: Headers, call: { method: string; pathAndQuery: string }, secret: string): number {
  const given = headers.get(bodyBytesHeader);
  // A release before this header: a batch that is larger is refused, halved, and comes again message by message.
  if (given === null) return oneMessageBytesMax;
  const bytes = /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN;
  requireHeadSignature(headers, { ...call, bytes }, secret);
  if (bytes > bytesMax)
    throw refusal('body_too_large', [{ field: 'body', problem: `is larger than ${bytesMax} bytes` }]);
  return bytes;
}
