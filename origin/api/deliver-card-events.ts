// POST /internal/card-events: the edge hands over queue messages (under `wrangler dev`, whose queue has no pull). Signed.

import type { Context } from 'hono';
import { deliverBodySchema } from '../../contracts/internal-api.ts';
import type { Intake } from '../intake/intake.ts';
import { answer } from './answer.ts';
import { requireSignature } from './credentials.ts';
import { inShape, parseJson, readText } from './read-request.ts';

/** A hundred messages of `limits.messageBytesMax`, and their JSON. */
const bytesMax = 12 * 1024 * 1024;

export function deliverCardEvents({ intake, secret }: { intake: Pick<Intake, 'take'>; secret: string }) {
  return async (context: Context): Promise<Response> => {
    const { method, url, headers } = context.req.raw;
    const body = await readText(context, bytesMax);
    const { pathname, search } = new URL(url);
    requireSignature(headers, { method, pathAndQuery: pathname + search, body }, secret);
    const { messages } = inShape(deliverBodySchema, parseJson(body));
    return answer(context, { results: await intake.take(messages) });
  };
}
