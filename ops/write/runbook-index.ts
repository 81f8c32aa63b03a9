// The index of the runbooks: each with the alerts that lead to it.

import { readdirSync, readFileSync } from 'node:fs';
import { alerts } from '../catalogue/catalogue.ts';

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

Written by \`npm run ops\`. Each says what an alert means, how bad it is, what to run first, how to stop the harm, and how to know that it is over. Commands are for
\`npm start\`; elsewhere the same with \`ATLAS_URL\` and \`ATLAS_API_KEY\` of the deployment.

| runbook | what is the matter | alerts |
|---|---|---|
${rows.join('\n')}
`;
}
