// Calls of a running origin, for tests: of its API with a key, and of the edge with a message of its queue.

import { newId } from '../../contracts/ids.ts';
import { signCall } from '../../contracts/sign-call.ts';

const deliveryPath = '/internal/card-events';

export function sampleCaller({ url, apiKey, secret }: { url: string; apiKey: string; secret: string }) {
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, string> };
  };
  const deliver = (message: unknown) => {
    const given = { messages: [{ id: 'm1', body: message }] };
    const signed = { method: 'POST', pathAndQuery: deliveryPath, body: JSON.stringify(given) };
    return call('POST', deliveryPath, given, signCall(secret, signed, { id: newId('req'), at: new Date() }));
  };
  return { call, deliver };
}
