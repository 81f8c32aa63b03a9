// The index of the runbooks: each with the alerts that lead to it, and the incidents with what Atlas does of each today.

import { readdirSync, readFileSync } from 'node:fs';
import { alerts } from '../catalogue/catalogue.ts';
import { type Incident, incidents } from '../catalogue/incidents.ts';

const folder = new URL('../runbooks/', import.meta.url);

export function runbooks(): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.md') && file !== 'README.md')
    .map((file) => file.slice(0, -'.md'.length))
    .sort();
}

export function textOfRunbook(name: string): string {
  return readFileSync(new URL(`${name}.md`, folder), 'utf8');
}

export function runbookIndex(): string {
  const rows = runbooks().map((name) => {
    const leading = alerts.filter(({ runbook }) => runbook === name).map((alert) => `\`${alert.name}\``);
    const [title = ''] = textOfRunbook(name).split('\n');
    return `| [${name}](${name}.md) | ${title.replace(/^# /, '')} | ${leading.join(' ')} |`;
  });
  return `# Runbooks

Written by \`npm run ops\`. Each says what it means, how bad it is, what to run first, how to stop the harm, and how to know that it is over. Commands are run in a clone of this
repository after \`npm ci\`, with

\`\`\`sh
export ATLAS_URL=https://api.example.com ATLAS_INNER_URL=http://10.0.0.11:8789 ATLAS_EDGE_URL=https://edge.example.com ATLAS_API_KEY=…
\`\`\`

Metrics and \`/health\` are answered at \`INNER_PORT\` alone. \`npm run audit\`, \`npm run stand-in\` and \`npx atlas doctor\` read the origin's environment too (\`DATABASE_URL\`, \`INTERNAL_SECRET\`); beside
\`npm start\` they need nothing, and \`ATLAS_INNER_URL\` is the origin's address that it prints. Words in capitals are yours to fill in: \`CARD_ID\` is \`card_…\`. What ends in \`# elsewhere: …\` needs what \`npm start\` does not have;
all others are run by \`tests/runbooks.test.ts\`, page by page.

## By alert

| runbook | what is the matter | alerts |
|---|---|---|
${rows.join('\n')}

## By what has happened

Each with what Atlas does today, also where that is not yet enough. All that can fail, with the test that shows it: [failure modes](../../docs/failure-modes.md).

| incident | what happens today | where it shows | run | runbook |
|---|---|---|---|---|
${incidents.map(rowOfIncident).join('\n')}
`;
}

function rowOfIncident({ name, today, metric, alerts: woken, command, runbook }: Incident): string {
  const shows = [metric, ...woken].map((word) => `\`${word}\``).join(' ');
  return `| ${name} | ${today} | ${shows} | \`${command}\` | [${runbook}](${runbook}.md) |`;
}
