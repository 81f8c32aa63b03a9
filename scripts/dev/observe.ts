// npm start -- --observe: Prometheus and Alertmanager beside the system, with the rules and the routing of ops/. Alerts arrive in
// this terminal, or where --alerts-to says. Not a deployment: no pager is called, and what they keep goes with --reset.

import { join } from 'node:path';
import { howToGetObservers, observers } from '../observers.ts';
import { sayAlerts } from './alert-receiver.ts';
import { type Child, startChild } from './children.ts';
import { home } from './home.ts';

export interface ObserveOptions {
  readonly hurry: number;
  /** A webhook receiver; null: this terminal. */
  readonly alertsTo: string | null;
  readonly ports: { readonly prometheus: number; readonly alertmanager: number; readonly alerts: number };
  readonly originPort: number;
  readonly say: (line: string) => void;
  readonly isStopping: () => boolean;
}

export interface Observing {
  readonly children: readonly { readonly child: Child; readonly readyUrl: string }[];
  readonly urls: { readonly prometheus_url: string; readonly alertmanager_url: string };
}

/** Null: they are not installed, which has been said. */
export function observe({ hurry, alertsTo, ports, originPort, say, isStopping }: ObserveOptions): Observing | null {
  const folder = join(home, 'observe');
  const to = alertsTo ?? `http://127.0.0.1:${ports.alerts}`;
  const both = observers({ folder, hurry, alertsTo: to, ports, originPort });
  if (both === null) {
    say(`${howToGetObservers}\nThe system starts without them.`);
    return null;
  }
  if (alertsTo === null) sayAlerts({ port: ports.alerts, say });
  const [alertmanager, prometheus] = both;
  return {
    urls: { prometheus_url: prometheus.url, alertmanager_url: alertmanager.url },
    children: both.map(({ name, command, readyUrl }) => {
      const child = startChild({ name, command });
      void child.exited.then((how) => {
        if (!isStopping()) say(`${name} has ended (${how}): what it said is in ${name}.log`);
      });
      return { child, readyUrl };
    }),
  };
}
