// Whether what was deployed serves: asked from outside, without a secret.

import type { Target } from './target.ts';
import type { Tools } from './tools.ts';

const askEveryMs = 1_000;
/** A deployment reaches every place of the edge within seconds; a process of the origin starts and migrates within a minute. */
const patienceMs = Number(process.env['DEPLOY_PATIENCE_SECONDS'] ?? 90) * 1_000;
const answerWithinMs = 5_000;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface Check {
  readonly what: string;
  readonly url: string;
  readonly method?: 'POST';
  /** Null: as it should be; otherwise what is wrong. */
  readonly problem: (answer: Answer) => string | null;
}

interface Health {
  readonly dependencies?: readonly { readonly name: string; readonly status: string; readonly error?: string }[];
}

/** Of the origin's dependencies, those that a deployment can break. Others may have been ill before. */
const ofDeployments = ['database', 'edge', 'edge bundle', 'queue'];

/** `bundle`: null where nobody knows what it should run. */
export function edgeChecks({ environment, edgeUrl }: Target, bundle: string | null): Check[] {
  return [
    {
      what: `the edge serves ${environment}${bundle === null ? '' : ', and this release'}`,
      url: `${edgeUrl}/livez`,
      problem: ({ status, body }) => {
        const said = body as { environment?: string; bundle?: string; wrong_settings?: string[] } | null;
        if (said?.wrong_settings)
          return `it serves nothing, because of its settings: ${said.wrong_settings.join(', ')}`;
        if (status !== 200) return `it answered ${status}`;
        if (said?.environment !== environment) return `it is the edge of ${said?.environment ?? 'no environment'}`;
        return bundle === null || said.bundle === bundle
          ? null
          : `it runs the bundle ${said.bundle ?? 'that nobody named'}, not ${bundle}`;
      },
    },
    {
      what: 'a call that nobody signed is refused',
      url: `${edgeUrl}/networks/native/authorizations`,
      method: 'POST',
      problem: ({ status }) => (status === 401 ? null : `it answered ${status}, not 401`),
    },
  ];
}

export function originChecks({ originUrl }: Target): Check[] {
  return [
    {
      what: 'the origin can serve',
      url: `${originUrl}/readyz`,
      problem: ({ status }) => (status === 200 ? null : `it answered ${status}`),
    },
    {
      what: `the origin reaches ${ofDeployments.join(', ')}`,
      url: `${originUrl}/health`,
      problem: ({ body, status }) => {
        const dependencies = (body as Health | null)?.dependencies;
        if (dependencies === undefined)
          return `it answered ${status}, without its dependencies: is this its inner address?`;
        const ill = dependencies.filter((one) => ofDeployments.includes(one.name) && one.status !== 'healthy');
        return ill.length === 0 ? null : ill.map(({ name, error }) => `${name}: ${error}`).join('; ');
      },
    },
  ];
}

/** Asks until it is as it should be. Throws the last thing that was wrong when patience ends. */
export async function smoke(tools: Tools, checks: readonly Check[]): Promise<void> {
  for (const check of checks) {
    const { what, url, method = 'GET' } = check;
    tools.say(`   ${method} ${url}      # ${what}`);
    if (tools.isDryRun) continue;
    const untilMs = Date.now() + patienceMs;
    for (;;) {
      const problem = await asked(check);
      if (problem === null) break;
      if (Date.now() > untilMs) throw new Error(`smoke check failed: ${what}: ${problem} (${url})`);
      await new Promise((resolve) => setTimeout(resolve, askEveryMs));
    }
  }
}

async function asked({ url, method, problem }: Check): Promise<string | null> {
  try {
    const headers = { 'content-type': 'application/json' };
    const init = method === undefined ? {} : { method, body: '{}', headers };
    const answer = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(answerWithinMs) });
    return problem({ status: answer.status, body: await answer.json().catch(() => null) });
  } catch (error) {
    return `it cannot be reached (${error instanceof Error ? error.message : error})`;
  }
}
