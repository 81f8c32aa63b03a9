// Connections that go to the addresses they were given and to no others, whatever a name says by now; kept for a few seconds,
// so that a partner with much to hear shakes hands once.

import { isIP, type LookupFunction } from 'node:net';
// undici itself, because Node's built-in fetch lets nobody say which address a name connects to.
import { Agent } from 'undici';
import { hostOf } from './safe-url.ts';

const connectTimeoutMs = 5_000;
const headerBytesMax = 16 * 1024;
/** Kept only for reuse: losing one costs a handshake. */
const agentsMax = 256;
const keepAliveMs = 4_000;

export function createPinnedAgents(timeoutMs: number) {
  // By origin and addresses: a connection that is used again goes to an address that this call found to be the name's, too.
  const agents = new Map<string, Agent>();

  return {
    agentFor(url: URL, addresses: readonly string[]): Agent {
      const key = [url.origin, ...addresses.toSorted()].join(' ');
      const agent = agents.get(key) ?? pinnedAgent(hostOf(url), addresses, timeoutMs);
      // The one used longest ago is the first of the map.
      agents.delete(key);
      agents.set(key, agent);
      const [oldest] = agents;
      if (agents.size > agentsMax && oldest !== undefined) {
        agents.delete(oldest[0]);
        oldest[1].close().catch(() => {});
      }
      return agent;
    },
    async close(): Promise<void> {
      await Promise.all(Array.from(agents.values(), (agent) => agent.close()));
      agents.clear();
    },
  };
}

/** An address in the URL itself is connected to as it is. */
function pinnedAgent(host: string, addresses: readonly string[], timeoutMs: number): Agent {
  const pinned = addresses.map((address) => ({ address, family: isIP(address) }));
  const [first] = pinned;
  const lookup: LookupFunction = (name, { all }, found) => {
    if (name !== host || first === undefined) return found(new Error('asked for a name that was not looked at'), '', 0);
    return all ? found(null, pinned) : found(null, first.address, first.family);
  };
  return new Agent({
    connect: { lookup, timeout: connectTimeoutMs, autoSelectFamily: true },
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMs,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxHeaderSize: headerBytesMax,
    pipelining: 1,
  });
}
