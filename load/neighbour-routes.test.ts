// The benchmark of neighbours misses no route of the API, and names none that is not there.

import { beforeAll, describe, expect, test } from 'vitest';
import { SampleApi } from '../origin/testing/sample-api.ts';
import { asked, type Documented, documentedIn, notAsked, targetsOf } from './neighbour-routes.ts';

let documented: Documented[];
beforeAll(async () => {
  // Nothing is asked of its database.
  const api = await SampleApi.start('postgresql://nobody@127.0.0.1:9/none');
  documented = documentedIn(await (await api.app.request('/openapi.json')).json());
  return () => api.close();
});

const world = {
  ...{ merchant_id: 'mrch_1', unpaid_merchant_id: 'mrch_2', settlement_id: 'stl_1', dead_settlement_id: 'stl_2' },
  ...{
    webhook_endpoint_id: 'whk_1',
    webhook_message_id: 'whm_1',
    removed_webhook_endpoint_id: 'whk_2',
    api_key_id: 'akey_1',
    account_id: 'acct_1',
  },
  ...{ ledger_account_id: 'lac_1', card_id: 'card_1', authorization_id: 'auth_1', control_set_id: 'cset_1' },
  ...{ open_item_id: 'oit_1', controls: [], company_id: 'comp_1', department_id: 'dept_1' },
  ...{ employee_id: 'empl_1', leaving_employee_id: 'empl_2' },
};

test('each route of the API is asked, or has a reason why not', () => {
  const names = documented.map(({ operationId }) => operationId);
  expect(names.length).toBeGreaterThan(50);
  expect([...Object.keys(asked), ...Object.keys(notAsked)].sort()).toEqual(names.sort());
});

describe('the requests of a route', () => {
  test('have their paths filled in, each with what it is about', () => {
    const targets = targetsOf(documented, world);
    for (const { calls } of targets) for (const [, { path }] of calls) expect(path).toMatch(/^\/[\w/?&=:-]+$/);
    const pathOf = (name: string) => targets.find((target) => target.name === name)?.calls[0]?.[1].path;
    expect(pathOf('readSettlement')).toBe('/settlements/stl_1');
    expect(pathOf('readSettlementDeadLetter')).toBe('/settlement-dead-letters/stl_2');
    expect(pathOf('changeDestinations')).toContain('mrch_2');
    expect(pathOf('listMerchants')).toBe('/merchants?limit=100');
  });

  test('are as long as bodies may be where there is one, and count as four calls then; a usual one as many as its route says', () => {
    const [target] = targetsOf(documented, world).filter(({ name }) => name === 'createControlSet');
    const [usual, ...large] = target?.calls ?? [];
    expect(usual?.[1].weight).toBe(2);
    expect(large).toHaveLength(6);
    for (const [, { body, weight }] of large) {
      expect(body?.length).toBeGreaterThan(45_000);
      expect(body?.length).toBeLessThanOrEqual(65_536);
      expect([3, 4]).toContain(weight);
    }
  });
});
