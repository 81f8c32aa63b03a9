// The API's contract in a few lines, for the SDK's tests in Node and in workerd: real answers, kept requests, and trouble on
// demand. Not part of the package.

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: unknown;
}

/** Instead of the next answers, one each: an answer, or no answer at all. */
export type Trouble = Response | 'no answer';

export function createStandInApi() {
  const settlements = new Map<string, Record<string, unknown> & { looks: number }>();
  const byKey = new Map<string, string>();
  const seen: Seen[] = [];
  const trouble: Trouble[] = [];
  let looksUntilFinal = 2;

  function settlementOf(id: string): Response {
    const settlement = settlements.get(id);
    if (settlement === undefined) return problem(404, 'settlement_not_found');
    settlement.looks += 1;
    if (settlement.looks > looksUntilFinal && settlement['final_at'] === null)
      Object.assign(settlement, { state: 'completed', final_at: '2026-11-21T12:00:01.000Z' });
    const { looks: _, ...shown } = settlement;
    return Response.json(shown);
  }

  function create(body: Record<string, unknown>, key: string | null): Response {
    if (key === null) return problem(400, 'idempotency_key_missing');
    if (Number(body['amount_minor']) > 1_000_000)
      return problem(422, 'amount_not_owed', [{ field: 'amount_minor', problem: 'is more than is owed' }]);
    const id = byKey.get(key) ?? `stl_${String(settlements.size).padStart(26, '0')}`;
    byKey.set(key, id);
    if (!settlements.has(id)) settlements.set(id, { ...queued, ...body, settlement_id: id, looks: 0 });
    const { looks: _, ...shown } = settlements.get(id) ?? { looks: 0 };
    return Response.json(shown, { status: 201 });
  }

  function list(query: URLSearchParams): Response {
    const limit = Number(query.get('limit') ?? 50);
    const from = Number(query.get('cursor') ?? 0);
    const all = [...settlements.values()].map(({ looks: _, ...shown }) => shown);
    const next_cursor = from + limit < all.length ? String(from + limit) : null;
    return Response.json({ settlements: all.slice(from, from + limit), next_cursor });
  }

  async function answer(request: Request): Promise<Response> {
    const { pathname, searchParams, search } = new URL(request.url);
    const text = await request.text();
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    seen.push({ method: request.method, path: pathname + search, headers: request.headers, body });
    if (request.headers.get('authorization') !== 'Bearer key_of_a_test') return problem(401, 'credentials_wrong');
    if (request.headers.get('accept') !== 'application/vnd.atlas.v1+json') return problem(406, 'version_unknown');
    const [, collection, id = ''] = pathname.split('/').map(decodeURIComponent);
    if (collection !== 'settlements') return problem(404, 'route_not_found');
    if (request.method === 'POST' && id === '')
      return create(body as Record<string, unknown>, request.headers.get('idempotency-key'));
    return id === '' ? list(searchParams) : settlementOf(id);
  }

  return {
    seen,
    trouble,
    settlements,
    neverFinal() {
      looksUntilFinal = Number.POSITIVE_INFINITY;
    },
    /** As `fetch`: the effect of a request is made also where its answer is lost. */
    async fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
      init?.signal?.throwIfAborted();
      const said = await answer(new Request(input, init));
      const instead = trouble.shift();
      if (instead === 'no answer') throw new TypeError('the connection was lost');
      return instead ?? said;
    },
  };
}

export function problem(status: number, error_code: string, details: readonly object[] = [], headers = {}): Response {
  const body = { type: `urn:atlas:error:${error_code}`, title: error_code, status, error_code };
  const rest = { message: `Not so: ${error_code}.`, request_id: 'req_1', ...(details.length > 0 ? { details } : {}) };
  const type = { 'content-type': 'application/problem+json' };
  return new Response(JSON.stringify({ ...body, ...rest }), { status, headers: { ...type, ...headers } });
}

const queued = {
  ...{ reference: '', state: 'queued', dead_lettered: false, failure_code: null, final_at: null },
  ...{ created_at: '2026-11-21T12:00:00.000Z', updated_at: '2026-11-21T12:00:00.000Z' },
};
