// Grafana's JSON of the dashboards, by Grafana's own SDK: it knows the fields of each kind of panel, which are hundreds.

import type * as cog from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type Panel as BuiltPanel,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as LogsBuilder } from '@grafana/grafana-foundation-sdk/logs';
import { DataqueryBuilder as LogqlBuilder } from '@grafana/grafana-foundation-sdk/loki';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StatesBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as LinesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { Dashboard, LogPanel, Panel } from '../catalogue/dashboard.ts';
import { dashboards } from '../catalogue/dashboards/dashboards.ts';

/** Chosen at the dashboard's head: whoever imports it names no data source of ours. */
const sourceOf = (type: 'prometheus' | 'loki') => ({ type, uid: `\${${type}}` });
const prometheus = sourceOf('prometheus');

/** By path from the root. */
export function dashboardFiles(): ReadonlyMap<string, string> {
  return new Map(
    dashboards.map((dashboard) => [
      `ops/grafana/dashboards/${dashboard.id}.json`,
      `${JSON.stringify(built(dashboard), null, 2)}\n`,
    ]),
  );
}

/** Where Grafana finds them: to be mounted at /etc/grafana/provisioning/dashboards/. */
export function provisioning() {
  const options = { path: '/var/lib/grafana/dashboards', foldersFromFilesStructure: false };
  const provider = { name: 'atlas', folder: 'Atlas', type: 'file', allowUiUpdates: false, options };
  return { apiVersion: 1, providers: [provider] };
}

function built({ id, title, says, rows }: Dashboard) {
  const builder = new DashboardBuilder(title)
    .uid(`atlas-${id}`)
    .description(`${says} Written by npm run ops from ops/catalogue/: change it there.`)
    .tags(['atlas'])
    .readonly()
    .refresh('30s')
    .time({ from: 'now-6h', to: 'now' })
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder('prometheus').type('prometheus').label('Prometheus'));
  if (rows.some(({ panels }) => panels.some(({ shape }) => shape === 'log')))
    builder.withVariable(new DatasourceVariableBuilder('loki').type('loki').label('Loki'));
  for (const row of rows) {
    builder.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) builder.withPanel(builtPanel(panel));
  }
  return builder.build();
}

function builtPanel(panel: Panel | LogPanel): cog.Builder<BuiltPanel> {
  switch (panel.shape) {
    case 'log':
      return new LogsBuilder()
        .title(panel.title)
        .description(panel.says)
        .datasource(sourceOf('loki'))
        .withTarget(new LogqlBuilder().expr(panel.expr))
        .showTime(true)
        .wrapLogMessage(true)
        .enableLogDetails(true);
    case 'lines':
    case 'stacked':
      return linesOf(panel);
    case 'figure':
      return withQueries(new StatBuilder().unit(panel.unit).colorMode(BigValueColorMode.Value), panel).thresholds(
        thresholdsOf(panel.bound ?? 0, { isGoodAbove: true }),
      );
    case 'table':
      return withQueries(new TableBuilder().unit(panel.unit), panel, PromQueryFormat.Table);
    case 'states':
      return withQueries(new StatesBuilder().unit(panel.unit), panel).thresholds(thresholdsOf(panel.bound ?? 1));
  }
}

function linesOf(panel: Panel): cog.Builder<BuiltPanel> {
  const legend = new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom);
  const builder = withQueries(new LinesBuilder().unit(panel.unit).min(0), panel)
    .legend(legend)
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
  if (panel.shape === 'stacked')
    builder.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A')).fillOpacity(30);
  if (panel.bound === undefined) return builder;
  const style = new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Line);
  return builder.thresholds(thresholdsOf(panel.bound)).thresholdsStyle(style);
}

interface QueryPanel<T> extends cog.Builder<BuiltPanel> {
  title(title: string): T;
  description(description: string): T;
  datasource(source: typeof prometheus): T;
  withTarget(target: cog.Builder<cog.Dataquery>): T;
}

function withQueries<T extends QueryPanel<T>>(builder: T, panel: Panel, format?: PromQueryFormat): T {
  const said = [panel.says, panel.needs === undefined ? undefined : `Needs ${panel.needs}.`].filter(
    (one) => one !== undefined,
  );
  builder.title(panel.title).datasource(prometheus);
  if (said.length > 0) builder.description(said.join(' '));
  for (const [index, { expr, legend }] of panel.queries.entries()) {
    const query = new DataqueryBuilder()
      .refId(String.fromCharCode(65 + index))
      .expr(expr)
      .legendFormat(legend);
    if (panel.exemplars === true) query.exemplar(true);
    if (format !== undefined) query.format(format).instant();
    builder.withTarget(query);
  }
  return builder;
}

function thresholdsOf(bound: number, { isGoodAbove = false } = {}) {
  const [below, above] = isGoodAbove ? ['red', 'green'] : ['green', 'red'];
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
    { color: below, value: null },
    { color: above, value: bound },
  ]);
}
