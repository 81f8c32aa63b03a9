// npm start -- --observe: Prometheus and Alertmanager beside the system, with the rules and the routing of ops/. Alerts arrive in
// this terminal, or where --alerts-to says. Not a deployment: no pager is called, and what they keep goes with --reset.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hurried } from '../../ops/write/hurried.ts';
import { alertmanagerTelling, prometheus } from '../../ops/write/routing.ts';
import { alertingRules, recordingRules } from '../../ops/write/rules.ts';
import { sayAlerts } from './alert-receiver.ts';
import { type Child, startChild } from './children.ts';
import { home } from './home.ts';
import { findProgram } from './programs.ts';

export interface ObserveOptions {
  /** Every window, wait and interval is divided by it; 1: as in production. */
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

const howToGetThem = `Prometheus or Alertmanager is not here, so nothing observes this system. To get them:
  apt-get install prometheus prometheus-alertmanager     on Debian and Ubuntu
  brew install prometheus alertmanager                   on macOS
  https://prometheus.io/download                         anywhere else; put both on PATH`;

/** Null: they are not installed, which has been said. */
export function observe(options: ObserveOptions): Observing | null {
  const { ports, say } = options;
  const programs = {
    prometheus: findProgram('prometheus'),
    alertmanager: findProgram('prometheus-alertmanager', 'alertmanager'),
  };
  if (programs.prometheus === null || programs.alertmanager === null) {
    say(howToGetThem);
    return null;
  }
  const folder = writeConfig(options);
  if (options.alertsTo === null) sayAlerts({ port: ports.alerts, say });
  const urls = {
    prometheus_url: `http://127.0.0.1:${ports.prometheus}`,
    alertmanager_url: `http://127.0.0.1:${ports.alertmanager}`,
  };
  const alertmanager = startChild({
    name: 'alertmanager',
    command: [
      programs.alertmanager,
      `--config.file=${join(folder, 'alertmanager.yml')}`,
      `--storage.path=${join(folder, 'alertmanager')}`,
      `--web.listen-address=127.0.0.1:${ports.alertmanager}`,
      // One of them: it looks for no others.
      '--cluster.listen-address=',
    ],
  });
  const server = startChild({
    name: 'prometheus',
    command: [
      programs.prometheus,
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'prometheus')}`,
      `--web.listen-address=127.0.0.1:${ports.prometheus}`,
      // What fires is told again so often: an Alertmanager that was found late, or was away, hears it then.
      `--rules.alert.resend-delay=${60_000 / options.hurry}ms`,
    ],
  });
  for (const child of [alertmanager, server])
    void child.exited.then((how) => {
      if (!options.isStopping()) say(`${child.name} has ended (${how}): what it said is in ${child.name}.log`);
    });
  return {
    urls,
    children: [
      { child: alertmanager, readyUrl: `${urls.alertmanager_url}/-/ready` },
      { child: server, readyUrl: `${urls.prometheus_url}/-/ready` },
    ],
  };
}

/** JSON is YAML. */
function writeConfig({ hurry, alertsTo, ports, originPort }: ObserveOptions): string {
  const folder = join(home, 'observe');
  mkdirSync(folder, { recursive: true });
  const targets = { origin: `127.0.0.1:${originPort}`, alertmanager: `127.0.0.1:${ports.alertmanager}` };
  const files = {
    'recording.yml': recordingRules(),
    'alerts.yml': alertingRules(),
    'prometheus.yml': prometheus(targets),
    'alertmanager.yml': alertmanagerTelling(alertsTo ?? `http://127.0.0.1:${ports.alerts}`),
  };
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), JSON.stringify(hurried(content, hurry), null, 2));
  return folder;
}
