// Variables and flags that are no settings of ours and change what the process does all the same: libpq's, by which the driver connects as somebody
// else or runs its session otherwise, and Node's, by which a debugger is let in, other code is loaded or certificates are not looked at.

import type { Environment } from './secrets/secret-settings.ts';

/**
 * What the driver and libpq read of a connection. Refused in production, where all of it stands in the two addresses; `PGOPTIONS` everywhere: with
 * `-c synchronous_commit=off` what was acknowledged may be lost, and nothing shows it.
 */
const ofPostgres =
  /^(?:PG(?:HOST|HOSTADDR|PORT|DATABASE|USER|PASSWORD|PASSFILE|SERVICE|SERVICEFILE|SYSCONFDIR|APPNAME|CLIENTENCODING|DATESTYLE|TZ|GEQO|OPTIONS|REQUIRESSL|REQUIREAUTH|REQUIREPEER|REPLICATION|CONNECT_TIMEOUT|CHANNELBINDING|GSSENCMODE|GSSDELEGATION|KRBSRVNAME|TARGETSESSIONATTRS|LOADBALANCEHOSTS|MINPROTOCOLVERSION|MAXPROTOCOLVERSION|SSL\w*)|NODE_PG_FORCE_NATIVE)$/;

/** Node's flags that take a bound away: an inspector, code before ours, TLS without its checks or with its keys written down, lenient HTTP. */
const flags =
  /(?:^|[\s"'])-(?:-(?:inspect|debug|require|import|loader|experimental-loader|eval|print|tls-(?:min|max)|tls-keylog|tls-cipher|insecure|trace-tls|openssl-legacy|openssl-config|security-revert|use-env-proxy|env-file|allow-natives-syntax|expose-internals|heapsnapshot|diagnostic-dir|report-on|cpu-prof|heap-prof|trace-event|node-snapshot|snapshot-blob|build-snapshot)|[rep](?=[\s=]|$))/;

/** Each says what it does; a value of spaces is none. */
const ofNode: Readonly<Record<string, string>> = {
  NODE_DEBUG: 'writes what is sent and received, keys among it, to the log',
  NODE_DEBUG_NATIVE: 'writes what is sent and received to the log',
  NODE_V8_COVERAGE: 'writes files wherever it says',
  NODE_USE_ENV_PROXY: 'sends what is called by way of whatever proxy the environment names',
  NODE_INSPECT_RESUME_ON_START: 'lets a debugger in',
  NODE_REPL_EXTERNAL_MODULE: 'loads other code',
  OPENSSL_CONF: 'changes which certificates and ciphers are taken',
};

/** `flagsOfProcess`: with which Node itself was started. */
export function surroundingProblems(
  environment: Environment,
  flagsOfProcess: readonly string[],
  isProduction: boolean,
): string[] {
  const isSet = (name: string) => (environment[name] ?? '').trim() !== '';
  const problems = Object.keys(environment)
    .filter((name) => (isProduction || name === 'PGOPTIONS') && ofPostgres.test(name) && isSet(name))
    .map(
      (name) =>
        `${name}: changes the connections to the database beside DATABASE_URL; leave it out, and set what it is for there`,
    );
  const zone = environment['TZ']?.trim() ?? '';
  if (zone !== '' && !isTimeZone(zone))
    problems.push('TZ: is no time zone, and would be read as UTC; leave it out, or set one such as Europe/Berlin');
  if (!isProduction) return problems;
  for (const [name, what] of Object.entries(ofNode))
    if (isSet(name)) problems.push(`${name}: ${what}; leave it out in production`);
  if (flags.test(environment['NODE_OPTIONS'] ?? ''))
    problems.push(
      'NODE_OPTIONS: lets a debugger or other code in, or loosens TLS or HTTP; leave that out in production',
    );
  if (flagsOfProcess.some((flag) => flags.test(flag)))
    problems.push(
      'node: was started with a flag that lets a debugger or other code in, or loosens TLS or HTTP; start it without',
    );
  return problems;
}

/** By IANA's name; the forms of POSIX (`CET-1CEST`, a file's path) are the system's, and are left to it. */
function isTimeZone(text: string): boolean {
  if (/^:|^[A-Za-z]{3,}[+-]?\d|^</.test(text)) return true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}
