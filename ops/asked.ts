// Every expression that Prometheus or a dashboard is given, and where it stands.

import { alerts } from './catalogue/catalogue.ts';
import { dashboards } from './catalogue/dashboards/dashboards.ts';
import { recordingRules } from './write/rules.ts';

export interface AskedExpression {
  /** The alert, the record, or the dashboard and its panel. */
  readonly where: string;
  readonly expr: string;
  /** Whose metrics these are, where they are not ours. */
  readonly needs: string | undefined;
}

export function recorded(): readonly { readonly record: string; readonly expr: string }[] {
  return recordingRules().groups.flatMap(({ rules }) => rules);
}

export function askedExpressions(): readonly AskedExpression[] {
  const panels = dashboards.flatMap(({ id, rows }) =>
    rows.flatMap((row) => row.panels.flatMap((panel) => (panel.shape === 'log' ? [] : [{ id, panel }]))),
  );
  return [
    ...alerts.map(({ name, expr, needs }) => ({ where: name, expr, needs })),
    ...recorded().map(({ record, expr }) => ({ where: record, expr, needs: undefined })),
    ...panels.flatMap(({ id, panel }) =>
      panel.queries.map(({ expr }) => ({ where: `${id}: ${panel.title}`, expr, needs: panel.needs })),
    ),
  ];
}

/** Those of Prometheus itself, and of every process in Node. */
export const ofOthers = /^(?:up|ALERTS|process_\w+|nodejs_\w+)$/;
