// PromQL read by Prometheus' own grammar: what an expression asks for, and whether it is one.

import { parser } from '@prometheus-io/lezer-promql';

type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

/** A metric as an expression asks for it, with the labels that its matchers name, and those that it is added up by. */
export interface Selected {
  readonly metric: string;
  readonly labels: readonly string[];
}

/** Throws where it is no expression, and says from where on. */
export function selectedBy(expr: string): readonly Selected[] {
  const selected: Selected[] = [];
  parser.parse(expr).iterate({
    enter({ type, from, to, node }) {
      if (type.isError) throw new Error(`no PromQL from "${expr.slice(from, from + 20)}" on: ${expr}`);
      if (type.name !== 'VectorSelector') return;
      const name = node.getChild('Identifier');
      if (name === null) throw new Error(`no metric is named in ${expr.slice(from, to)}: ${expr}`);
      const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
      const labels = matchers.flatMap((matcher) => matcher.getChild('LabelName') ?? []);
      selected.push({
        metric: expr.slice(name.from, name.to),
        labels: [...labels, ...groupingOf(node)].map((label) => expr.slice(label.from, label.to)),
      });
    },
  });
  return selected;
}

/** Labels of `sum by (…)` around a selector. None where `label_replace` stands between them, which makes labels of its own. */
function groupingOf(selector: SyntaxNode): SyntaxNode[] {
  const labels: SyntaxNode[] = [];
  for (let node: SyntaxNode | null = selector.parent; node !== null; node = node.parent) {
    if (node.name === 'FunctionCall' && node.getChild('FunctionIdentifier')?.getChild('LabelReplace')) return labels;
    const modifier = node.name === 'AggregateExpr' ? node.getChild('AggregateModifier') : null;
    if (modifier?.getChild('By')) labels.push(...(modifier.getChild('GroupingLabels')?.getChildren('LabelName') ?? []));
  }
  return labels;
}

/** The metric that a histogram's series belong to. */
export function familyOf(metric: string): string {
  return metric.replace(/_(?:bucket|count|sum)$/, '');
}
