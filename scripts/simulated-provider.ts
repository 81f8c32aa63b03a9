// A simulated payment provider as a process of its own: `node scripts/simulated-provider.ts --help`.

import { parseArgs } from 'node:util';
import { faultsSchema } from './simulated-provider/faults.ts';
import { type SimulatedProviderOptions, startSimulatedProvider } from './simulated-provider/server.ts';

/** Shown to the world, and refused in production: the development system's own. */
const demo = {
  apiKey: 'demo-simulated-provider-key-1',
  secret: `whsec_${Buffer.from('demo simulated provider secret 1').toString('base64')}`,
};

const help = `node scripts/simulated-provider.ts [options]      a payment provider with faults on demand

  --port N            its API (default 8792); 0: any free one
  --admin-port N      its admin side (default: port + 1, or any free one)
  --callback URL      where confirmations go; without: nobody is told, and it has to be asked
  --api-key KEY       default ${demo.apiKey}
  --secret whsec_…    signs the confirmations (Standard Webhooks); default: a demo secret
  --journal FILE      keeps its books there, so that it survives being killed
  --seed N            of the faults that are drawn (default 1)
  --faults JSON       as PUT /faults takes it
  --json              prints {url, admin_url} as one line
  --help              this

Its API:    POST /v1/payments (Idempotency-Key), POST /v1/inquiries
Admin side: GET and PUT /faults, GET /payments?settlement_id=, GET /totals (paid twice? what sum?), GET /livez
            POST /returns: what is paid comes back, and the caller is told; all of it, or as much as amount_minor says:
            {"settlement_id": "stl_…", "amount_minor": "400", "code": "account_closed", "as": "returned" or "rejected"}
Faults:     ${Object.keys(faultsSchema.shape).join(', ')}`;

function readOptions(args: readonly string[]): (SimulatedProviderOptions & { json: boolean }) | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: '8792' },
      'admin-port': { type: 'string' },
      callback: { type: 'string' },
      'api-key': { type: 'string', default: demo.apiKey },
      secret: { type: 'string', default: demo.secret },
      journal: { type: 'string' },
      seed: { type: 'string', default: '1' },
      faults: { type: 'string', default: '{}' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const port = whole('--port', values.port, 65_534);
  const adminText = values['admin-port'];
  const faults = faultsSchema.safeParse(JSON.parse(values.faults));
  if (!faults.success) throw new Error(`--faults: ${faults.error.message}`);
  if (values.callback !== undefined && !URL.canParse(values.callback))
    throw new Error(`--callback ${values.callback} is not a URL`);
  return {
    port,
    adminPort: adminText === undefined ? (port === 0 ? 0 : port + 1) : whole('--admin-port', adminText, 65_535),
    callbackUrl: values.callback ?? null,
    apiKey: values['api-key'],
    secret: values.secret,
    journalFile: values.journal ?? null,
    seed: whole('--seed', values.seed, 2 ** 32 - 1),
    faults: faults.data,
    json: values.json,
  };
}

function whole(option: string, text: string, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > max) throw new Error(`${option} ${text} is not a whole number up to ${max}`);
  return value;
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(`${help}\n`);
    return;
  }
  const provider = await startSimulatedProvider(options);
  const { url, adminUrl } = provider;
  process.stdout.write(
    options.json ? `${JSON.stringify({ url, admin_url: adminUrl })}\n` : `provider ${url}, admin side ${adminUrl}\n`,
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void provider.close().then(() => process.exit(0)));
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
