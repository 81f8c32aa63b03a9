// A card whose storage is to return to an earlier instant: by a signed call, and only where the platform keeps a history of objects. workerd on a
// machine of one's own keeps none, and says so.

import { expect, test, vi } from 'vitest';
import { noHistory } from '../contracts/internal-api.ts';
import { profile } from '../core/testing/samples.ts';
import { CardObject } from '../durable-objects/card/card-object.ts';
import { call, cardAt, internalSignature, newToken, putCard } from './testing/calls.ts';

async function post(token: string, at_ms: unknown, isSigned = true) {
  const [path, body] = [`/internal/cards/native/${token}/return`, JSON.stringify({ at_ms })];
  const answer = await call(path, {
    method: 'POST',
    body,
    headers: isSigned ? internalSignature('POST', path, body) : {},
  });
  return { status: answer.status, body: await answer.json() };
}

test('here it is refused in a sentence that says why, and the card goes on as it was', async () => {
  const token = newToken();
  await putCard('native', token, profile());
  expect(await post(token, Date.now() - 1_000)).toMatchObject({
    status: 501,
    body: { error_code: 'history_not_kept', message: noHistory },
  });
  expect(await cardAt('native', token).read()).toMatchObject({ last_sequence: 1 });
});

test('where there is a history, the answer is the bookmark that undoes it, and the object starts again', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const token = newToken();
  await putCard('native', token, profile());
  const restarts = vi.spyOn(CardObject.prototype, 'startAgain');
  vi.spyOn(CardObject.prototype, 'returnTo').mockResolvedValue({ undo_bookmark: '0000-now' });
  expect(await post(token, Date.now() - 1_000)).toEqual({ status: 200, body: { undo_bookmark: '0000-now' } });
  expect(restarts).toHaveBeenCalledTimes(1);
  vi.restoreAllMocks();
  expect(await cardAt('native', token).read()).toMatchObject({ last_sequence: 1, requests_since_load: 0 });
});

test('by nobody else, and to no instant that is none of the last 30 days', async () => {
  const token = newToken();
  expect((await post(token, Date.now() - 1_000, false)).status).toBe(401);
  for (const at_ms of [Date.now() + 60_000, Date.now() - 31 * 86_400_000, -1, 'yesterday'])
    expect(await post(token, at_ms)).toMatchObject({ status: 422, body: { details: [{ field: 'at_ms' }] } });
});
