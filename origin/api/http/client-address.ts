// Where a request comes from: the connection's own address, or, behind our own proxies, the address that the nearest of them saw.
// A caller can write any X-Forwarded-For; so it is read from its right end, and only as far as our own proxies have written it.

import { createHmac } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import ipaddr from 'ipaddr.js';

type Range = ReturnType<typeof ipaddr.parseCIDR>;

export interface ClientAddress {
  /** What is counted together: one IPv4 address, or the /64 that one IPv6 customer has. */
  readonly network: string;
}

/** `10.0.0.0/8, fd00::/8`. Throws where one of them is no range. */
export function readRanges(text: string): readonly Range[] {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  // `010.0.0.0/8` is 8.0.0.0/8 to whoever reads it as octal, and `10/8` is 0.0.0.10/8: neither is what was meant.
  for (const word of words)
    if (!word.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(word.replace(/\/\d+$/, '')))
      throw new Error('an IPv4 address is four numbers in digits, without a zero before them');
  return words.map((word) => ipaddr.parseCIDR(word.includes('/') ? word : `${word}/${word.includes(':') ? 128 : 32}`));
}

/** As parts of all addresses of a family; Cloudflare's are a 1/2,800 of IPv4. */
const widestPart = { ipv4: 2 ** -7, ipv6: 2 ** -16 } as const;
/** Addresses that nobody has who is not in a network of ours: these may be as many as they are. */
const ownKinds = new Set<string>(['private', 'loopback', 'carrierGradeNat', 'linkLocal', 'uniqueLocal']);

/** Whether strangers would be believed to be our own proxies. Several that join count together, and one that is given twice does so twice. */
export function isTooWide(ranges: readonly Range[]): boolean {
  const parts = { ipv4: 0, ipv6: 0 };
  for (const range of ranges) if (!isAllOwn(range)) parts[range[0].kind()] += 2 ** -range[1];
  return parts.ipv4 > widestPart.ipv4 || parts.ipv6 > widestPart.ipv6;
}

function isAllOwn([address, bits]: Range): boolean {
  const family = address.kind() === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6;
  const cidr = `${address}/${bits}`;
  const kinds = [family.networkAddressFromCIDR(cidr), family.broadcastAddressFromCIDR(cidr)].map((end) => end.range());
  return kinds[0] === kinds[1] && ownKinds.has(kinds[0] ?? '');
}

/** `unknown`: there is no connection, as in tests. */
export function clientAddressOf(context: Context, ownProxies: readonly Range[]): ClientAddress {
  const bindings = context.env as Partial<HttpBindings> | undefined;
  const remote = bindings?.incoming?.socket?.remoteAddress;
  const forwarded = context.req.header('x-forwarded-for')?.split(',').slice(-forwardedMax) ?? [];
  if (forwarded.length > 0 || remote === undefined)
    return { network: networkOf(nearestStranger(remote, forwarded, ownProxies)) };
  return { network: networkOfConnection(remote) };
}

/**
 * Whether our own proxy says that its caller came by https. TLS ends before us, so only a proxy can know; whoever is none of ours may
 * write what it likes. Where proxies stand in a row and each adds its own, one is enough.
 */
export function cameByHttps(context: Context, ownProxies: readonly Range[]): boolean {
  const schemes = context.req.header('x-forwarded-proto');
  if (schemes === undefined) return false;
  const { incoming } = (context.env ?? {}) as Partial<HttpBindings>;
  if (!isOneOf(incoming?.socket?.remoteAddress, ownProxies)) return false;
  return schemes.split(',').some((scheme) => scheme.trim().toLowerCase() === 'https');
}

/** Networks of addresses that are connected: callers keep their connections, and each asks thousands of times. */
const networks = new Map<string, string>();
const networksMax = 10_000;

function networkOfConnection(remote: string): string {
  const known = networks.get(remote);
  if (known !== undefined) return known;
  const network = networkOf(remote);
  if (networks.size >= networksMax) networks.clear();
  networks.set(remote, network);
  return network;
}

/** Proxies of ours in a row; what is further to the left nobody of ours has written. */
const forwardedMax = 8;

export function nearestStranger(
  remote: string | undefined,
  forwarded: readonly string[],
  ownProxies: readonly Range[],
): string | undefined {
  let nearest = remote;
  for (let left = [...forwarded]; isOneOf(nearest, ownProxies); ) {
    const next = left.at(-1)?.trim();
    if (next === undefined || !ipaddr.isValid(next)) break;
    nearest = next;
    left = left.slice(0, -1);
  }
  return nearest;
}

export function isOwnProxy(address: string, ownProxies: readonly Range[]): boolean {
  return isOneOf(address, ownProxies);
}

function isOneOf(address: string | undefined, ranges: readonly Range[]): boolean {
  if (address === undefined || !ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return ranges.some((range) => range[0].kind() === parsed.kind() && parsed.match(range));
}

function networkOf(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return parsed.toByteArray().slice(0, 8).join('.');
}

/**
 * For logs: which refusals came from one place, and not from which. The key is of this service and the hash of this day, so that a
 * log says nothing about a person, and whoever has the secret can tell whether a known address was it.
 */
export function hashOfDay({ network }: ClientAddress, secret: string, nowMs: number): string {
  const day = new Date(nowMs).toISOString().slice(0, 10);
  return createHmac('sha256', secret).update(`address ${day} ${network}`).digest('hex').slice(0, 16);
}
