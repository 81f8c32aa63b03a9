// Which URLs a partner may give us to call, by their text alone. Their names are resolved and their addresses judged at every
// call (safe-fetch.ts): a name that is fine today may lead inside tomorrow.

import { isIP } from 'node:net';
import { originLimits } from '../../contracts/limits.ts';
import { isLoopbackAddress, isPublicAddress } from './safe-address.ts';

export interface Surroundings {
  /** Allows this machine itself, plain http to it, and any port: for development, by a setting of its own, never in production. */
  readonly development: boolean;
}

export type UrlVerdict = { readonly url: URL } | { readonly problem: string };

const ports: ReadonlySet<string> = new Set(['', '443', '8443']);
/** Names that mean something only inside of a network. */
const insideName = /(?:^|\.)(?:localhost|local|internal|localdomain|lan|home\.arpa)$/;

/** The URL as it will be called (host in lower case and punycode, no final dot), or what is wrong with it in words. */
export function judgeUrl(text: string, { development }: Surroundings): UrlVerdict {
  if (text.length > originLimits.webhookUrlLengthMax)
    return { problem: `is longer than ${originLimits.webhookUrlLengthMax} characters` };
  // URL parsers drop tabs and line breaks and turn backslashes around: what two of them might read differently is refused.
  if (/[\s\p{Cc}\p{Cf}\\]/u.test(text)) return { problem: 'holds a space, a control character or a backslash' };
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(text)?.[1];
  if (authority === undefined || !URL.canParse(text)) return { problem: 'is not an absolute URL' };
  const url = new URL(text);
  if (url.protocol !== 'https:' && !(development && url.protocol === 'http:'))
    return { problem: 'must begin with https://' };
  if (authority.includes('@')) return { problem: 'must not hold a user name or password' };
  if (authority.includes('%')) return { problem: 'must not hold an encoded host' };
  if (text.includes('#')) return { problem: 'must not hold a fragment' };
  if (!development && !ports.has(url.port)) return { problem: 'must use port 443 or 8443' };
  url.hostname = url.hostname.replace(/\.$/, '');
  const problem = problemOfHost(hostOf(url), authority, development);
  return problem === null ? { url } : { problem };
}

/** Without the brackets of an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

function problemOfHost(host: string, authority: string, development: boolean): string | null {
  if (isIP(host) === 4 && authority.replace(/:\d*$/, '') !== host)
    return 'must write an IPv4 address as four decimal numbers';
  if (isIP(host) !== 0)
    return isPublicAddress(host) || (development && isLoopbackAddress(host))
      ? null
      : 'must not be an address inside of a network';
  if (development && host === 'localhost') return null;
  return insideName.test(host) || !host.includes('.') ? 'must be a name of the public internet' : null;
}
