// What the address of a database may say in production: nothing that takes TLS or its check away, in any of the words that the driver
// or libpq have for it, and nothing that has the driver connect elsewhere or as somebody else than the address shows.

import { isPublished } from '../contracts/secret-strength.ts';
import { isThisMachine } from './outside.ts';
import { bitsToSpell } from './secrets/guessable.ts';
import { sha256Hex } from './secrets/secret-settings.ts';

/**
 * Those that change nothing of who is reached and how it is shown to be them. All others are refused, since the driver takes every parameter for an
 * option of its own and prefers it to ours: `ssl=0`, `uselibpqcompat=true`, `user`, `password`, `port`, `options=-c role=…`.
 */
const harmless = new Set([
  ...['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'sslnegotiation', 'channel_binding'],
  ...['host', 'application_name', 'connect_timeout', 'target_session_attrs', 'keepalives', 'keepalives_idle'],
]);
/** Our driver checks certificate and name in all three. */
const verified = /^(?:require|verify-ca|verify-full)$/;

/** Those that databases' providers draw have 12 random characters or more, so at least 8 different ones. */
const passwordLengthMin = 12;
/** Of 12 random characters, 72 bits, by the way that bitsToSpell counts. */
const passwordBitsMin = 25;

export function databaseProblems(name: string, url: URL): string[] {
  const problems: string[] = [];
  const parameters = [...url.searchParams.keys()];
  const unknown = parameters.filter((parameter) => !harmless.has(parameter) && !isOff(parameter, url));
  const twice = parameters.filter((parameter, index) => parameters.indexOf(parameter) !== index);
  // The driver takes this one instead of the host in its place, and the last of several.
  const host = url.searchParams.getAll('host').at(-1) ?? url.hostname;
  const isOutside = host !== '' && !host.startsWith('/') && !isThisMachine(host);
  // Neon's driver is a WebSocket over TLS, whatever the address says. It is chosen by the host in its place.
  const isAlwaysTls = url.hostname.endsWith('.neon.tech') && !url.searchParams.has('host');
  const modes = url.searchParams.getAll('sslmode');
  const isPlain = modes.some((mode) => !verified.test(mode)) || twice.length > 0 || unknown.length > 0;
  if (isPlain || (isOutside && !isAlwaysTls && modes.length === 0))
    problems.push(`${name}: is not held to TLS with a verified certificate; ${whatToDo(unknown, twice)}`);
  const password = decodeURIComponent(url.password);
  if (password !== '' && !isStrongPassword(password))
    problems.push(`${name}: its password is a published or weak one; make a random one`);
  return problems;
}

/**
 * Migrations made in one database, and the service reading another: neither would say so. A pooler's address is its database's, whichever port it
 * listens at; Neon writes it with `-pooler` in the host's name.
 */
export function ownerProblems(service: URL, owner: URL, isProduction: boolean): string[] {
  const problems: string[] = [];
  if (databaseOf(service) !== databaseOf(owner))
    problems.push('DATABASE_OWNER_URL: must name the same database as DATABASE_URL, by the login that owns it');
  // On one's own machine two names are one host as often as not.
  if (isProduction && hostOf(service) !== hostOf(owner))
    problems.push('DATABASE_OWNER_URL: must name the same host as DATABASE_URL, by the login that owns the database');
  return problems;
}

/** What is not named is the login's name, as the driver has it. */
function databaseOf({ pathname, username }: URL): string {
  return decodeURIComponent(pathname.slice(1) || username);
}

function hostOf(url: URL): string {
  const host = url.searchParams.getAll('host').at(-1) ?? url.hostname;
  return host
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^([\w-]+)-pooler(?=\.)/, '$1');
}

/** Said in so many words that it does not hold. */
function isOff(parameter: string, url: URL): boolean {
  return parameter === 'uselibpqcompat' && url.searchParams.getAll(parameter).every((value) => value === 'false');
}

/** Names alone are repeated: values may be secrets. A name that nobody knows may be one too. */
function whatToDo(unknown: readonly string[], twice: readonly string[]): string {
  const known = unknown.filter((parameter) => /^[a-z_]{2,32}$/.test(parameter));
  if (unknown.length > 0)
    return `leave ${known.join(', ') || 'what is no parameter of it'} out, and keep sslmode=verify-full`;
  return twice.length > 0 ? `keep one of its ${twice.join(', ')}, and sslmode=verify-full` : 'add sslmode=verify-full';
}

function isStrongPassword(password: string): boolean {
  if (password.length < passwordLengthMin || new Set(password).size < 8) return false;
  return bitsToSpell(password) >= passwordBitsMin && !isPublished(password, sha256Hex);
}

interface Logins {
  readonly DATABASE_URL: string;
  readonly DATABASE_URL_FORMER?: string | undefined;
}

/** Two logins of one database: another database would take what belongs to the first one. */
export function formerLoginProblems({ DATABASE_URL: newest, DATABASE_URL_FORMER: former }: Logins): string[] {
  if (former === undefined) return [];
  const [one, other] = [new URL(newest), new URL(former)];
  if (one.username === other.username)
    return ['DATABASE_URL_FORMER: has the login of DATABASE_URL; a login has one password, so make a second login'];
  const isSame = one.host === other.host && one.pathname === other.pathname;
  return isSame
    ? []
    : ['DATABASE_URL_FORMER: is another place than DATABASE_URL; the two must be one database, by two logins'];
}
