// What the configuration says of the world outside this machine: who can reach us, and that whoever we reach is reached by TLS.

import { isPublished } from '../contracts/secret-strength.ts';
import { type Environment, sha256Hex } from './secrets/secret-settings.ts';

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i;
/** Whether a host's name can lead nowhere else. */
export function isThisMachine(host: string): boolean {
  return loopback.test(host);
}

const passwordLengthMin = 12;

/** Settings that name what is called over HTTP. */
const calledByHttp = [
  'EDGE_URL',
  'QUEUE_API_URL',
  'STRIPE_URL',
  'SIMULATED_PROVIDER_URL',
  'SIMULATED_SECONDARY_URL',
  'S3_ENDPOINT',
  'UPSTASH_REDIS_REST_URL',
] as const;

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
  for (const name of [...calledByHttp, 'OTEL_EXPORTER_OTLP_ENDPOINT', 'DATABASE_URL', 'DATABASE_OWNER_URL']) {
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
    .filter((name) => environment[name]?.trim().toLowerCase().startsWith('http:') === true)
    .map((name) => `${name}: must be https in production`);
  for (const name of ['DATABASE_URL', 'DATABASE_OWNER_URL'] as const) {
    const text = environment[name];
    if (text !== undefined && URL.canParse(text)) problems.push(...databaseProblems(name, new URL(text)));
  }
  if (environment['NODE_TLS_REJECT_UNAUTHORIZED'] === '0')
    problems.push('NODE_TLS_REJECT_UNAUTHORIZED: turns off the check of certificates; leave it out in production');
  return problems;
}

/**
 * Without `sslmode` the driver speaks plain text, as with `disable`; `prefer`, `allow` and `no-verify` take whoever answers. The driver
 * takes the last of several, and `host` instead of the host in its place.
 */
function databaseProblems(name: string, url: URL): string[] {
  const problems: string[] = [];
  const modes = url.searchParams.getAll('sslmode');
  const host = url.searchParams.get('host') ?? url.hostname;
  const isOutside = host !== '' && !host.startsWith('/') && !loopback.test(host);
  // Neon's driver is a WebSocket over TLS, whatever the address says.
  const isAlwaysTls = host.endsWith('.neon.tech');
  const isVerified = modes.length === 1 && /^(?:require|verify-ca|verify-full)$/.test(modes[0] ?? '');
  const isLoose = url.searchParams.get('uselibpqcompat') === 'true' && modes[0] === 'require';
  const isPlain =
    modes.some((mode) => !/^(?:require|verify-ca|verify-full)$/.test(mode)) || modes.length > 1 || isLoose;
  if (isPlain || (isOutside && !isAlwaysTls && !isVerified))
    problems.push(`${name}: is not held to TLS with a verified certificate; add sslmode=verify-full`);
  const password = decodeURIComponent(url.password);
  if (password !== '' && !isStrongPassword(password))
    problems.push(`${name}: its password is a published or weak one; make a random one`);
  return problems;
}

/** Those that databases' providers draw have 12 random characters or more, so at least 8 different ones. */
function isStrongPassword(password: string): boolean {
  return password.length >= passwordLengthMin && new Set(password).size >= 8 && !isPublished(password, sha256Hex);
}
