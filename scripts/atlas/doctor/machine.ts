// This machine: Node, and where nothing was started yet the ports that npm start takes.

import { connect } from 'node:net';
import { portsUsed } from '../../dev/options.ts';
import { type Check, ok, wrong } from './check.ts';

const nodeMin = 24;

export function nodeCheck(version = process.versions.node): Check {
  const is = `Node ${version}`;
  return Number(version.split('.')[0]) >= nodeMin
    ? ok('node', is)
    : wrong('node', is, `install Node ${nodeMin} or newer: https://nodejs.org`);
}

/** That nobody listens where `npm start -- --port-base N` will. */
export async function portChecks(base: number): Promise<Check[]> {
  const ports = Array.from({ length: portsUsed }, (_, at) => base + at);
  const taken: number[] = [];
  for (const port of ports) if (await answersAt('127.0.0.1', port)) taken.push(port);
  const range = `${base} to ${base + portsUsed - 1}`;
  if (taken.length === 0) return [ok('ports', `${range} are free for npm start`)];
  const fix = `npm start -- --port-base ${base + 1_000}, or end what listens there: ss -ltnp 'sport = :${taken[0]}'`;
  return [wrong('ports', `somebody listens at ${taken.join(', ')} of ${range}`, fix)];
}

/** Whether somebody takes a connection there, within five seconds. */
export function answersAt(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 5_000 });
    const end = (answers: boolean) => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
