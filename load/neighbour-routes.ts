// The routes of the API as its document lists them, each with the requests that may be its worst: the largest bodies in the shapes that cost the
// most to look through, the longest page, and one that is taken where anything is written.

import type { FloodCall } from './neighbour-program.ts';

export interface Target {
  readonly name: string;
  readonly method: string;
  /** False: an operator's key is needed. */
  readonly forMerchants: boolean;
  readonly calls: readonly (readonly [what: string, call: FloodCall])[];
}

interface Documented {
  readonly operationId: string;
  readonly 'x-for-merchants': boolean;
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: { $ref: string } }>> };
}

/** Just below the bound of 64 KiB. */
const bodyBytes = 64_000;

export async function routesOf(url: string, merchant_id: string): Promise<Target[]> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, Documented>>;
    components: { schemas: Record<string, { properties?: object }> };
  };
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, requestBody, ...rest }]) => {
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, parameter: string) => parameterOf(parameter, merchant_id));
      const isList = method === 'get' && !path.endsWith('}') && /^(?:list|count)/.test(operationId);
      const name = requestBody?.content['application/json']?.schema.$ref.split('/').at(-1) ?? '';
      const schema = document.components.schemas[name];
      const bodies =
        schema === undefined ? [] : bodiesOf(operationId, merchant_id, Object.keys(schema.properties ?? {}));
      const call = (body: string | null) => ({ method: method.toUpperCase(), path: filled, body });
      return {
        ...{ name: operationId, method: method.toUpperCase(), forMerchants: rest['x-for-merchants'] },
        calls:
          bodies.length > 0
            ? bodies.map(([what, body]) => [what, call(body)] as const)
            : isList
              ? [
                  ['a page of 100', { ...call(null), path: `${filled}?limit=100` }] as const,
                  ['as it is', call(null)] as const,
                ]
              : [['as it is', call(null)] as const],
      };
    }),
  );
}

function parameterOf(parameter: string, merchant_id: string): string {
  const prefixes: Readonly<Record<string, string>> = {
    ...{ settlement_id: 'stl', webhook_endpoint_id: 'whk', webhook_message_id: 'whm', card_id: 'card' },
    ...{ account_id: 'acct', api_key_id: 'akey', control_set_id: 'cset', authorization_id: 'auth' },
    ...{ open_item_id: 'oit', ledger_account_id: 'lac' },
  };
  if (parameter === 'merchant_id') return merchant_id;
  if (parameter === 'version') return '1';
  if (parameter === 'action') return 'dismiss';
  return `${prefixes[parameter] ?? 'x'}_${'0'.repeat(26)}`;
}

function bodiesOf(operationId: string, merchant_id: string, fields: readonly string[]): [string, string][] {
  const each = Math.floor(bodyBytes / Math.max(1, fields.length)) - 40;
  const filledWith = (value: (bytes: number) => unknown) =>
    JSON.stringify(Object.fromEntries(fields.map((name) => [name, value(each)])));
  const list = (bytes: number, item: (n: number) => unknown, itemBytes: number) =>
    Array.from({ length: Math.floor(bytes / itemBytes) }, (_, n) => item(n));
  const names = list(bodyBytes, (n) => [`f${n.toString(36)}`, 1], 9) as [string, number][];
  const bodies: [string, string][] = [
    ['lists of objects', filledWith((bytes) => list(bytes, () => ({}), 3))],
    ['lists of numbers', filledWith((bytes) => list(bytes, () => 1, 2))],
    ['lists of words', filledWith((bytes) => list(bytes, (n) => `lodgin${n.toString(36)}`, 13))],
    ['digits with signs', filledWith((bytes) => '5,'.repeat(bytes / 2))],
    ['escaped digits', filledWith((bytes) => '%D9%A4'.repeat(bytes / 6))],
    ['unknown fields', JSON.stringify(Object.fromEntries(names))],
  ];
  if (operationId === 'createSettlement') {
    const taken = { merchant_id, amount_minor: 1, currency: 'USD', reference: 'N-#' };
    bodies.push(['one that is taken', JSON.stringify(taken)]);
  }
  if (operationId === 'createWebhookEndpoint')
    bodies.push([
      'a name that is not there',
      JSON.stringify({ merchant_id, url: 'https://hooks-#.invalid/x', event_types: [] }),
    ]);
  return bodies;
}
