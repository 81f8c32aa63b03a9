// The words `npm start` takes, and where everything of a development system lives.

import { parseArgs } from 'node:util';
import { portBaseDefault, portBaseOption } from './home.ts';

export const help = `npm start -- [options]      the whole system on this machine: Postgres, origin, edge, demo data

  --port-base N   edge on N, origin on N+1, Postgres on N+2, inspector on N+3, and two
                  simulated payment providers with their admin sides on N+4 to N+7 (default 8787);
                  its data in .atlas-N, and every other command finds it by the same --port-base
  --reset         forget all data first
  --json          print what runs as one JSON object instead of a table
  --help          this

  DATABASE_URL    set: that Postgres instead of the embedded one (Neon by its host name)
  ATLAS_HOME      set: data, logs and what runs are kept there instead of in .atlas/
Ctrl-C stops everything.`;

export const portsUsed = 8;

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
    databaseUrl: process.env['DATABASE_URL'] || null,
  };
}
