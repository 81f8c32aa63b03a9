// Which IP addresses a webhook may go to: those of the public internet, and no form that leads back inside.
// What the network itself routes back in (a public address of one's own) is not known here; an egress proxy would know.

import { isIP } from 'node:net';
// ipaddr.js, because Node parses addresses but knows no ranges, and IANA's tables of special ones are long and change.
import ipaddr from 'ipaddr.js';

/** 2000::/3 is all that IANA has given out for the public; outside it there is nothing to reach that we should. */
const publicV6 = ipaddr.IPv6.parseCIDR('2000::/3');
/** Public by its range, and yet the host's own services: Azure's WireServer. Those of other clouds are in special ranges. */
const insideOfClouds: ReadonlySet<string> = new Set(['168.63.129.16']);

/** `unicast` is what remains when every special range is taken away, IPv4 inside of IPv6 (mapped, 6to4, NAT64, Teredo) too. */
export function isPublicAddress(text: string): boolean {
  if (isIP(text) === 0) return false;
  const address = ipaddr.parse(text);
  if (address.range() !== 'unicast') return false;
  if (address instanceof ipaddr.IPv4) return !insideOfClouds.has(address.toString());
  return address.zoneId === undefined && address.match(publicV6) && !isIsatap(address.parts);
}

/** RFC 5214: the last 64 bits are 0000:5efe or 0200:5efe and an IPv4 address, under any prefix. */
function isIsatap(parts: readonly number[]): boolean {
  return (parts[4] === 0 || parts[4] === 0x0200) && parts[5] === 0x5efe;
}

export function isLoopbackAddress(text: string): boolean {
  return isIP(text) !== 0 && ipaddr.parse(text).range() === 'loopback';
}
