// Which version of the API an answer is in: asked for by the Accept header, never by the path. One table says what there is,
// and what goes when (RFC 9745 Deprecation, RFC 8594 Sunset).

import { refusal } from '../../errors.ts';

export interface ApiVersion {
  readonly number: number;
  /** Since when, until when, and where to read what to do; null for one that stays. */
  readonly deprecated: { readonly since: Date; readonly sunset: Date; readonly link: string } | null;
  /** From the newest version's body to this one's, and the same of its JSON Schema. */
  readonly downgrade: (routeName: string, body: unknown) => unknown;
  readonly downgradeSchema: (routeName: string, schema: unknown) => unknown;
}

const same = (_: string, value: unknown) => value;

export const versions: readonly ApiVersion[] = [
  {
    number: 0,
    deprecated: {
      since: new Date('2026-11-01T00:00:00Z'),
      sunset: new Date('2027-11-01T00:00:00Z'),
      link: '/docs#versions',
    },
    // What is `state` of a settlement was `status`, in capitals.
    downgrade: (routeName, body) => (ofSettlements(routeName) ? withStatus(body) : body),
    downgradeSchema: (routeName, schema) => (ofSettlements(routeName) ? withStatusSchema(schema) : schema),
  },
  { number: 1, deprecated: null, downgrade: same, downgradeSchema: same },
];

function ofSettlements(routeName: string): boolean {
  return routeName.includes('Settlement');
}

function withStatus(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withStatus);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) =>
      name === 'state' && typeof member === 'string' ? ['status', member.toUpperCase()] : [name, withStatus(member)],
    ),
  );
}

interface ObjectSchema {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
}

function withStatusSchema(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withStatusSchema);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withStatusSchema(member)]));
  const { properties, required = [] } = members as Partial<ObjectSchema>;
  if (properties === undefined || !('state' in properties)) return members;
  const { state, ...others } = properties;
  const { enum: states = [], ...rest } = state as { enum?: string[] };
  const status = { ...rest, enum: states.map((one) => one.toUpperCase()) };
  return {
    ...members,
    properties: { ...others, status },
    required: required.map((name) => (name === 'state' ? 'status' : name)),
  };
}

/** What those get who name none. */
export const newest = versions.at(-1) as ApiVersion;
const ours = /^application\/vnd\.atlas\.v(\d+)\+json$/;

/** The best of what the header takes. Anything that says JSON, or nothing, gets the newest. Throws 406 for a version unknown. */
export function versionOf(accept: string | undefined): ApiVersion {
  if (accept === undefined || accept.trim() === '') return newest;
  const wanted = accept
    .split(',')
    .map(readRange)
    .filter(({ quality }) => quality > 0)
    .sort((one, other) => other.quality - one.quality);
  for (const { type } of wanted) {
    if (type === '*/*' || type === 'application/*' || type === 'application/json') return newest;
    const number = ours.exec(type)?.[1];
    const found = versions.find((version) => version.number === Number(number ?? Number.NaN));
    if (found !== undefined) return found;
  }
  throw refusal('version_unknown', [
    { field: 'accept', problem: `must take application/json or one of ${versions.map(mediaType).join(', ')}` },
  ]);
}

function readRange(text: string): { type: string; quality: number } {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='));
  return { type, quality: quality === undefined ? 1 : Number(quality.slice(2)) || 0 };
}

export function mediaType({ number }: ApiVersion): string {
  return `application/vnd.atlas.v${number}+json`;
}

export function headersOf(version: ApiVersion): Record<string, string> {
  const headers: Record<string, string> = {};
  const { deprecated } = version;
  if (deprecated === null) return headers;
  headers['deprecation'] = `@${Math.floor(deprecated.since.getTime() / 1_000)}`;
  headers['sunset'] = deprecated.sunset.toUTCString();
  headers['link'] = ['deprecation', 'sunset']
    .map((relation) => `<${deprecated.link}>; rel="${relation}"; type="text/html"`)
    .join(', ');
  return headers;
}
