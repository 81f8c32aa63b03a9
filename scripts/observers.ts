// Prometheus and Alertmanager as this repository runs them on a development machine: their configuration from the catalogue, written
// into a folder, and the commands that start them. Starts nothing itself.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hurried } from '../ops/write/hurried.ts';
import { alertmanagerTelling, prometheus } from '../ops/write/routing.ts';
import { alertingRules, recordingRules } from '../ops/write/rules.ts';
import { findProgram } from './find-program.ts';

export interface ObserverOptions {
  /** Where configuration and data are kept. */
  readonly folder: string;
  /** Every window, wait and interval is divided by it; 1: as in production. */
  readonly hurry: number;
  /** A webhook receiver; each receiver of the routing is a path below it. */
  readonly alertsTo: string;
  readonly ports: { readonly prometheus: number; readonly alertmanager: number };
  /** Where the origin answers /metrics. */
  readonly originPort: number;
}

export interface Observer {
  readonly name: 'alertmanager' | 'prometheus';
  readonly command: readonly [string, ...string[]];
  readonly url: string;
  readonly readyUrl: string;
}

export const howToGetObservers = `Prometheus or Alertmanager is not here. To get them:
  apt-get install prometheus prometheus-alertmanager     on Debian and Ubuntu
  brew install prometheus alertmanager                   on macOS
  https://prometheus.io/download                         anywhere else; put both on PATH`;

/** Null: one of them is not installed. Debian names Alertmanager after Prometheus. */
export function findObservers(): { readonly prometheus: string; readonly alertmanager: string } | null {
  const found = [findProgram('prometheus'), findProgram('prometheus-alertmanager', 'alertmanager')] as const;
  return found[0] === null || found[1] === null ? null : { prometheus: found[0], alertmanager: found[1] };
}

/** In the order to start them. Null: they are not installed. */
export function observers(options: ObserverOptions): readonly [alertmanager: Observer, prometheus: Observer] | null {
  const programs = findObservers();
  if (programs === null) return null;
  writeConfig(options);
  const { folder, ports, hurry } = options;
  const addresses = { alertmanager: `127.0.0.1:${ports.alertmanager}`, prometheus: `127.0.0.1:${ports.prometheus}` };
  const observer = (name: Observer['name'], words: readonly string[]): Observer => ({
    name,
    command: [
      programs[name],
      `--config.file=${join(folder, `${name}.yml`)}`,
      `--web.listen-address=${addresses[name]}`,
      ...words,
    ],
    url: `http://${addresses[name]}`,
    readyUrl: `http://${addresses[name]}/-/ready`,
  });
  return [
    // One of them: it looks for no others.
    observer('alertmanager', [`--storage.path=${join(folder, 'alertmanager')}`, '--cluster.listen-address=']),
    observer('prometheus', [
      `--storage.tsdb.path=${join(folder, 'prometheus')}`,
      // The trace of a request in each bucket of the latencies.
      '--enable-feature=exemplar-storage',
      // What fires is told again so often: an Alertmanager that was found late, or was away, hears it then.
      `--rules.alert.resend-delay=${Math.round(60_000 / hurry)}ms`,
    ]),
  ];
}

function writeConfig({ folder, hurry, alertsTo, ports, originPort }: ObserverOptions): void {
  mkdirSync(folder, { recursive: true });
  const targets = { origin: `127.0.0.1:${originPort}`, alertmanager: `127.0.0.1:${ports.alertmanager}` };
  const files = {
    'recording.yml': recordingRules(),
    'alerts.yml': alertingRules(),
    'prometheus.yml': prometheus(targets),
    'alertmanager.yml': alertmanagerTelling(alertsTo),
  };
  // JSON is YAML.
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), JSON.stringify(hurried(content, hurry), null, 2));
}
