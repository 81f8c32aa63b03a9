// observability-alerts.md at the root, by the name that I15 gives it: every rule, in words and as it is loaded.

import { stringify } from 'yaml';
import type { Alert } from '../catalogue/alert.ts';
import { groups } from '../catalogue/catalogue.ts';
import { objectives } from '../catalogue/objectives.ts';
import { alertmanager } from './routing.ts';
import { alertingRules, recordingRules, runbookUrl } from './rules.ts';

const origins: Readonly<Record<Alert['origin'], string>> = {
  asked: 'as asked',
  mended: 'as asked, mended',
  ours: 'ours',
};

export function alertsPage(): string {
  return `# Observability alerts (Prometheus and Alertmanager)

Written by \`npm run ops\` from \`ops/catalogue/\`; loaded from [ops/prometheus/](ops/prometheus/) and [ops/alertmanager.yml](ops/alertmanager.yml). *As asked, mended*: the rule by this name would not have
fired, or always, and says the same now. *Ours*: of this house. Each has a firing and a silent case, which promtool runs.

## Objectives

| objective | of | in a month | runbook |
|---|---|---|---|
${objectives.map(({ id, says, objective, runbook }) => `| \`${id}\` | ${says} | ${Number((100 * objective).toPrecision(6))} % | [${runbook}](${runbookUrl(runbook)}) |`).join('\n')}

A factor *f* of a budget burns it *f* times too fast: 14.4 over 1 h and 5 m, and 6 over 6 h and 30 m go to the pager; 3 over 1 d and 2 h, and 1 over 3 d and 6 h to chat. What a
Prometheus that is younger than a window has not seen counts as good, at the rate of what it has seen: a bad minute is a sixtieth of an hour, and ten bad events or fewer in the long window tell nobody.

## Alerts

SEV-1 goes to the pager, SEV-2 by mail, SEV-3 to chat; grouped by service, 30 s wait, 5 m interval, 2 h repeat. \`Watchdog\` fires always: whoever no longer hears it raises the alarm.

${groups.map(({ name, alerts }) => `### ${name}\n\n| alert | severity | for | what | rule | runbook |\n|---|---|---|---|---|---|\n${alerts.map(rowOf).join('\n')}`).join('\n\n')}

## Recording rules

\`\`\`yaml
${stringify(recordingRules(), { lineWidth: 0 })}\`\`\`

## Alerting rules

\`\`\`yaml
${stringify(alertingRules(), { lineWidth: 0 })}\`\`\`

## Routing

\`\`\`yaml
${stringify(alertmanager(), { lineWidth: 0 })}\`\`\`
`;
}

function rowOf(alert: Alert): string {
  const needs = alert.needs === undefined ? '' : `; needs ${alert.needs}`;
  const summary = alert.summary.replaceAll('|', '\\|');
  return `| \`${alert.name}\` | ${alert.severity} | ${alert.for ?? '–'} | ${summary} | ${origins[alert.origin]}${needs} | [${alert.runbook}](${runbookUrl(alert.runbook)}) |`;
}
