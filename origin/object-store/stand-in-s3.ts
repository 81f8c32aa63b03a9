// S3's side of a few calls for tests, from its API reference alone: conditional puts, and all that goes wrong between us and it,
// which a real server does not do on demand. It judges no signature: that is for the real one. Not used by the service.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Of the next request. `before`: nothing was done; `after`: it was, and the caller does not learn it. */
export type S3Fault =
  | 'cut_before'
  | 'cut_after'
  | 'hang_before'
  | 'hang_after'
  | 'half_a_body'
  | 'slow_down'
  | 'internal'
  | 'conflict'
  | 'forbidden'
  | 'bad_gateway';

export interface Kept {
  readonly body: Buffer;
  /** `x-amz-meta-…`, as they came. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface StandInS3 {
  readonly url: string;
  /** By their path: bucket, and key. */
  readonly objects: Map<string, Kept>;
  /** Of the next requests, in order; `meanwhile` is run when one is over. */
  readonly faults: { readonly fault: S3Fault; readonly meanwhile?: () => void }[];
  /** Answers to the next lists, in order. */
  readonly pages: string[];
  /** As `PUT /bucket/key`. */
  readonly calls: string[];
  /** Requests that wait for an answer, as far as their callers still want one. */
  waiting(): number;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

const errorAnswers: Partial<Record<S3Fault, Answer>> = {
  slow_down: failure(503, 'SlowDown'),
  internal: failure(500, 'InternalError'),
  conflict: failure(409, 'ConditionalRequestConflict'),
  forbidden: failure(403, 'AccessDenied'),
  bad_gateway: { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>Bad Gateway' },
};

function failure(status: number, code: string): Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>As asked.</Message></Error>`;
  return { status, headers: { 'content-type': 'application/xml' }, body };
}

export async function startStandInS3(): Promise<StandInS3> {
  const open = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => take(request, Buffer.concat(chunks), response));
  });

  function take(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    standIn.calls.push(`${request.method} ${decodeURIComponent(request.url?.split('?')[0] ?? '')}`);
    const { fault, meanwhile } = standIn.faults.shift() ?? {};
    const isUndone = fault === 'cut_before' || fault === 'hang_before';
    const given = fault === undefined ? undefined : errorAnswers[fault];
    const answer = isUndone ? null : (given ?? answerTo(standIn, request, body));
    meanwhile?.();
    if (fault === 'cut_before' || fault === 'cut_after') response.destroy();
    else if (fault === 'hang_before' || fault === 'hang_after') {
      open.add(response);
      response.on('close', () => open.delete(response));
    } else if (answer !== null) send(response, answer, fault === 'half_a_body');
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const standIn: StandInS3 = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects: new Map(),
    faults: [],
    pages: [],
    calls: [],
    waiting: () => open.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return standIn;
}

function answerTo({ objects, pages }: StandInS3, { method, url = '', headers }: IncomingMessage, body: Buffer): Answer {
  const path = decodeURIComponent(url.split('?')[0] ?? '');
  const kept = objects.get(path);
  switch (method) {
    case 'PUT': {
      if (headers['if-none-match'] === '*' && kept !== undefined) return failure(412, 'PreconditionFailed');
      const metadata = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'));
      objects.set(path, { body, metadata: Object.fromEntries(metadata.map(([name, value]) => [name, String(value)])) });
      return { status: 200 };
    }
    case 'GET':
    case 'HEAD':
      if (url.includes('list-type=2')) return { status: 200, body: pages.shift() ?? '' };
      return kept === undefined
        ? failure(404, 'NoSuchKey')
        : { status: 200, headers: kept.metadata, body: method === 'HEAD' ? '' : kept.body };
    case 'DELETE':
      objects.delete(path);
      return { status: 204 };
    default:
      return failure(405, 'MethodNotAllowed');
  }
}

function send(response: ServerResponse, { status, headers = {}, body = '' }: Answer, isHalf: boolean): void {
  const content = Buffer.from(body);
  if (!isHalf) {
    response.writeHead(status, { ...headers, 'content-length': content.length }).end(content);
    return;
  }
  response.writeHead(status, { ...headers, 'content-length': content.length });
  response.write(content.subarray(0, content.length / 2), () => response.destroy());
}
