// What the configuration says of the world outside this machine: who can reach us, and that whoever we reach is reached by TLS.

import ipaddr from 'ipaddr.js';
import { databaseProblems, ownerProblems } from './database-address.ts';
import type { Environment } from './secrets/secret-settings.ts';

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i;
/** Whether a host's name can lead nowhere else. */
export function isThisMachine(host: string): boolean {
  return loopback.test(host);
}

/** Settings that name what is called over HTTP. */
const calledByHttp = [
  'EDGE_URL',
  'QUEUE_API_URL',
  'STRIPE_URL',
  'SIMULATED_PROVIDER_URL',
  'SIMULATED_SECONDARY_URL',
  'S3_ENDPOINT',
  'UPSTASH_REDIS_REST_URL',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
] as const;
/** What runs on the internet and nowhere else. A store, a Redis, a collector may stand in a network of one's own. */
const onTheInternet = ['EDGE_URL', 'QUEUE_API_URL', 'STRIPE_URL'] as const;
/** Of which the path is replaced by the path of what is called. */
const withoutPath = ['EDGE_URL', 'UPSTASH_REDIS_REST_URL'] as const;

/** Demo values and plain HTTP are fine for this machine alone: whoever is to be reached from elsewhere says that it is production. */
export function hostProblems(
  hosts: Readonly<Record<'HOST' | 'INNER_HOST', string | undefined>>,
  isProduction: boolean,
): string[] {
  if (isProduction) return [];
  return (['HOST', 'INNER_HOST'] as const)
    .filter((name) => !loopback.test(hosts[name] ?? '127.0.0.1'))
    .map((name) => `${name}: is not this machine alone; set ENVIRONMENT to production, or ${name} to 127.0.0.1`);
}

interface Doors {
  readonly PORT: number;
  readonly INNER_PORT?: number | undefined;
}

/** Two doors at one port are one door, and an address of ours is nobody else's. A port of 0 is any free one. */
export function ownDoorProblems({ PORT, INNER_PORT }: Doors, environment: Environment): string[] {
  const problems: string[] = [];
  if (PORT !== 0 && PORT === INNER_PORT)
    problems.push('INNER_PORT: is the same port as PORT; set another one, which only your own network reaches');
  const ours = [PORT, INNER_PORT].filter((port) => port !== undefined && port !== 0).map(String);
  for (const name of [...calledByHttp, 'DATABASE_URL', 'DATABASE_URL_FORMER', 'DATABASE_OWNER_URL']) {
    const text = environment[name];
    if (text === undefined || !URL.canParse(text)) continue;
    const { hostname, port } = new URL(text);
    if (isThisMachine(hostname) && ours.includes(port))
      problems.push(`${name}: is a port of this origin itself; set the address of what it names`);
  }
  return problems;
}

/** What production refuses: HTTP and Postgres without TLS to anything outside. */
export function plaintextProblems(environment: Environment): string[] {
  const problems = calledByHttp
    // A collector on this machine is reached without TLS: tracing-config.ts says of it what is to be said.
    .filter((name) => name !== 'OTEL_EXPORTER_OTLP_ENDPOINT')
    .filter((name) => environment[name]?.trim().toLowerCase().startsWith('http:') === true)
    .map((name) => `${name}: must be https in production`);
  for (const name of ['DATABASE_URL', 'DATABASE_URL_FORMER', 'DATABASE_OWNER_URL'] as const) {
    const text = environment[name];
    if (text !== undefined && URL.canParse(text)) problems.push(...databaseProblems(name, new URL(text)));
  }
  if (environment['NODE_TLS_REJECT_UNAUTHORIZED'] === '0')
    problems.push('NODE_TLS_REJECT_UNAUTHORIZED: turns off the check of certificates; leave it out in production');
  return problems;
}

/** Of the two logins' addresses, what has to agree. */
export function databasesProblems(environment: Environment, isProduction: boolean): string[] {
  const [service, owner] = ['DATABASE_URL', 'DATABASE_OWNER_URL'].map((name) => URL.parse(environment[name] ?? ''));
  return service && owner ? ownerProblems(service, owner, isProduction) : [];
}

/** What an address has that would be sent nowhere, or to whoever reads a log, wherever it runs. */
export function addressProblems(environment: Environment, isProduction: boolean): string[] {
  return calledByHttp.flatMap((name) => {
    const url = URL.parse(environment[name] ?? '');
    if (url === null) return [];
    const problems: string[] = [];
    if (url.username !== '' || url.password !== '' || /[?#]/.test(url.href))
      problems.push(`${name}: must be an address alone, without a login, a query or a fragment`);
    if (withoutPath.some((one) => one === name) && url.pathname !== '/')
      problems.push(`${name}: must be an address without a path, which would not be called`);
    if (isProduction && onTheInternet.some((one) => one === name) && !isOnTheInternet(url.hostname))
      problems.push(`${name}: must be a host on the internet in production`);
    return problems;
  });
}

/** Names that no public name service has (RFC 6761, 6762, 8375, 9476, and ICANN's `internal`). */
const ownNames = /\.(?:localhost|local|localdomain|internal|intranet|lan|home|corp|home\.arpa|test|invalid|alt|onion)$/;

/** By its writing alone: a name of somebody's may lead to an address of this machine, and nobody asks here. */
function isOnTheInternet(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$|\.$/g, '').toLowerCase();
  if (ipaddr.isValid(host)) return ipaddr.process(host).range() === 'unicast';
  return host.includes('.') && !ownNames.test(host);
}
