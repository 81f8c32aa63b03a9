import { describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { callOf, type Operation, operationsOf, send, someId } from '../testing/sample-operations.ts';
import { SampleWorld } from '../testing/sample-world.ts';
import { scopes } from './identity/caller.ts';

// At the top: the tests are made of the document that the API serves.
const world = await SampleWorld.start(await createTestDatabase());
const operations = await operationsOf(world);
const each = operations.map((operation) => [`${operation.method} ${operation.path}`, operation] as const);
const forMerchants = each.filter(([, operation]) => operation.forMerchants);

const revoked = await world.newKey({ revoked: true });
const expired = await world.newKey({ expired: true });

function refused(status: number, error_code: string) {
  return { status, body: { error_code, status, request_id: expect.any(String) } };
}

describe.each(each)('%s', (_, operation) => {
  const others = scopes.filter((scope) => scope !== operation.scope);

  test('needs a key that is good', async () => {
    const call = await callOf(world, operation);
    for (const authorization of [
      ...['', 'Bearer', 'Bearer ', 'Bearer wrong', `Basic ${world.api.apiKey}`, world.api.apiKey],
      ...[`Bearer ${revoked}`, `Bearer ${expired}`, `Bearer ${world.api.apiKey}x`],
    ]) {
      const answer = await send(world, operation, call, { headers: { authorization } });
      expect(answer).toMatchObject(refused(401, 'credentials_wrong'));
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="atlas"');
      expect(answer.headers.get('vary')).toBe('Accept, Accept-Encoding');
    }
  });

  test('does not serve a key with every scope but its own', async () => {
    const key = await world.newKey({ scopes: others });
    const answer = await send(world, operation, await callOf(world, operation), { key });
    expect(answer).toMatchObject(refused(403, 'scope_missing'));
    expect(answer.text).toContain(operation.scope);
  });

  test('does not know another version, and says which it does', async () => {
    for (const accept of ['application/vnd.atlas.v99+json', 'text/html', 'application/json;q=0']) {
      const answer = await send(world, operation, await callOf(world, operation), { headers: { accept } });
      expect(answer).toMatchObject(refused(406, 'version_unknown'));
      expect(answer.body['message']).toContain('application/vnd.atlas.v1+json');
      expect(answer.headers.get('vary')).toBe('Accept, Accept-Encoding');
    }
  });

  test('says what is left of the quota, refusing or not', async () => {
    const call = await callOf(world, operation);
    for (const sending of [{}, { key: await world.newKey({ scopes: others }) }]) {
      const { headers } = await send(world, operation, call, sending);
      expect(headers.get('ratelimit-policy')).toBe('"burst";q=1000000;w=1, "minute";q=1000000;w=60');
      expect(headers.get('ratelimit')).toMatch(/^"(burst|minute)";r=\d+;t=\d+$/);
    }
  });

  test.runIf(!operation.forMerchants)("is no merchant's, whatever its key says", async () => {
    const { merchant_id } = world.own;
    const key = await world.newKey({ merchant_id, scopes });
    expect(await send(world, operation, await callOf(world, operation), { key })).toMatchObject(
      refused(403, 'scope_missing'),
    );
  });
});

/** Whether what a call names belongs to somebody: by its path, or by its body. */
function namesOwner({ parameters, body }: Operation): boolean {
  return parameters.some((parameter) => parameter.in === 'path') || body?.properties?.['merchant_id'] !== undefined;
}

describe.each(forMerchants.filter(([, operation]) => namesOwner(operation)))('%s', (_, operation) => {
  test("of another merchant's is not found, and nothing of it is told", async () => {
    const call = await callOf(world, operation, world.own);
    const answer = await send(world, operation, call, { key: world.other.key });
    expect(answer).toMatchObject({ status: 404, body: { error_code: expect.stringMatching(/_not_found$/) } });
    // Word for word as for what does not exist.
    const nobody = await send(world, operation, namingNobody(call), { key: world.other.key });
    expect({ ...answer.body, request_id: '' }).toEqual({ ...nobody.body, request_id: '' });
    expect((await send(world, operation, call, { key: world.own.key })).status).toBe(operation.status);
  });
});

function namingNobody({ params = {}, body, ...call }: Awaited<ReturnType<typeof callOf>>) {
  const nobody = (id: unknown) => (typeof id === 'string' ? someId(id.split('_')[0] ?? '') : Number(id));
  return {
    ...call,
    params: Object.fromEntries(Object.entries(params).map(([name, id]) => [name, nobody(id)])),
    ...(body === undefined ? {} : { body: 'merchant_id' in body ? { ...body, merchant_id: someId('mrch') } : body }),
  };
}

describe.each(
  forMerchants.filter(([, { method, parameters }]) => method === 'GET' && parameters.every((p) => p.in !== 'path')),
)('%s', (_, operation) => {
  test("lists nothing of another merchant's, asked for or not", async () => {
    await callOf(world, { ...operation, operationId: 'sendTestWebhook' }, world.own);
    await callOf(world, { ...operation, operationId: 'readSettlement' }, world.own);
    const asked = await callOf(world, operation, world.own);
    for (const call of [{}, asked]) {
      const { status, text } = await send(world, operation, call, { key: world.other.key });
      expect(status).toBe(200);
      expect(text).not.toContain(world.own.merchant_id);
    }
    expect((await send(world, operation, asked, { key: world.own.key })).text).toContain(world.own.merchant_id);
  });
});

test('the battery has gone through every operation, and merchants have some', () => {
  expect(operations.length).toBeGreaterThan(45);
  expect(forMerchants.length).toBeGreaterThan(15);
});
