// The words `npm start` takes, and where everything of a development system lives.

import { parseArgs } from 'node:util';
import { portBaseDefault, portBaseOption } from './home.ts';
import type { ObserveOptions } from './observe.ts';

export const help = `npm start -- [options]      the whole system on this machine: Postgres, origin, edge, demo data

  --port-base N   edge on N, origin on N+1, Postgres on N+2, inspector on N+3, and two
                  simulated payment providers with their admin sides on N+4 to N+7 (default 8787);
                  its data in .atlas-N, and every other command finds it by the same --port-base
  --observe       Prometheus on N+8 and Alertmanager on N+9 beside it, where they are installed, with the rules and
                  routing of ops/; each alert is a line in this terminal (heard on N+10)
  --hurry F       with --observe: every window and wait of the alerts divided by F, up to 60, where minutes are seconds
  --alerts-to URL with --observe: alerts go to this webhook receiver instead, below a path for each receiver
  --reset         forget all data first
  --json          print what runs as one JSON object instead of a table
  --help          this

  DATABASE_URL    set: that Postgres instead of the embedded one (Neon by its host name)
  ATLAS_HOME      set: data, logs and what runs are kept there instead of in .atlas/
Ctrl-C stops everything.`;

export const portsUsed = 11;

export interface Options {
  readonly json: boolean;
  readonly reset: boolean;
  readonly ports: {
    readonly edge: number;
    readonly origin: number;
    readonly postgres: number;
    readonly inspector: number;
    readonly provider: number;
    readonly provider_admin: number;
    readonly secondary: number;
    readonly secondary_admin: number;
  };
  /** Null: nobody observes it. */
  readonly observe: Pick<ObserveOptions, 'hurry' | 'alertsTo' | 'ports'> | null;
  /** From the environment; null: the embedded one. */
  readonly databaseUrl: string | null;
}

/** Null: help was asked for. Throws what is wrong with the words. */
export function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      reset: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      observe: { type: 'boolean', default: false },
      hurry: { type: 'string' },
      'alerts-to': { type: 'string' },
      ...portBaseOption,
    },
  });
  if (values.help) return null;
  const base = Number(values['port-base'] ?? portBaseDefault);
  if (!Number.isInteger(base) || base < 1024 || base > 65_535 - portsUsed)
    throw new Error(`--port-base ${values['port-base']} is not a port number from 1024 to ${65_535 - portsUsed}`);
  return {
    json: values.json,
    reset: values.reset,
    ports: {
      ...{ edge: base, origin: base + 1, postgres: base + 2, inspector: base + 3 },
      ...{ provider: base + 4, provider_admin: base + 5, secondary: base + 6, secondary_admin: base + 7 },
    },
    observe: readObserve(values, base),
    databaseUrl: process.env['DATABASE_URL'] || null,
  };
}

interface ObserveWords {
  readonly observe: boolean;
  readonly hurry?: string;
  readonly 'alerts-to'?: string;
}

function readObserve({ observe, hurry, 'alerts-to': alertsTo }: ObserveWords, base: number): Options['observe'] {
  for (const [name, value] of Object.entries({ hurry, 'alerts-to': alertsTo }))
    if (value !== undefined && !observe) throw new Error(`--${name} needs --observe beside it`);
  if (!observe) return null;
  if (hurry !== undefined && !/^(?:[1-9]|[1-5]\d|60)$/.test(hurry))
    throw new Error(`--hurry ${hurry} is not a whole number from 1 to 60`);
  if (alertsTo !== undefined && !/^https?:$/.test(URL.parse(alertsTo)?.protocol ?? ''))
    throw new Error(`--alerts-to ${alertsTo} is not a URL`);
  return {
    hurry: Number(hurry ?? 1),
    alertsTo: alertsTo?.replace(/\/+$/, '') ?? null,
    ports: { prometheus: base + 8, alertmanager: base + 9, alerts: base + 10 },
  };
}
