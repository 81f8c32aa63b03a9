// edge: card objects of a live edge that throw, start again, are slow or stay away, queues that refuse, and more rows unsent than memory
// keeps: the cases E1 to E5. Each line says what is right and what came out. The edge is the deployed code on raw workerd; what fails is
// put in from outside (../faulty-worker.ts). It says nothing of how often the platform itself fails, and takes nobody's power away.

import { type Case, callCases, type Scale } from './edge/cases.ts';
import { startLiveEdge } from './edge/live-edge.ts';
import { unsentRows } from './edge/unsent-rows.ts';

export interface EdgeFaultOptions {
  readonly progress: (line: string) => void;
  readonly scale?: Scale;
}

const wholeScale: Scale = { awayMs: 9_000, rows: 1_500 };

export interface EdgeFaultLine {
  readonly id: Case['id'];
  readonly what: string;
  readonly right: string;
  readonly got: string;
  readonly took_ms: number;
}

export async function edgeFaults(parts: AsyncDisposableStack, { progress, scale = wholeScale }: EdgeFaultOptions) {
  progress('edge: building the edge and starting workerd');
  const startedMs = Date.now();
  const edge = await startLiveEdge(parts);
  const runOne = async ({ id, what, run }: Case): Promise<EdgeFaultLine> => {
    const fromMs = Date.now();
    const { right, got } = await run(edge, scale).catch((error: unknown) => ({
      right: 'an outcome',
      got: `the case itself failed: ${error instanceof Error ? error.message : error}`,
    }));
    const line = { id, what, right, got, took_ms: Date.now() - fromMs };
    progress(inWords(line));
    return line;
  };
  // Each on cards of its own. What is heavy comes after what is timed.
  const lines: EdgeFaultLine[] = [];
  for (const round of [...callCases, [unsentRows]]) lines.push(...(await Promise.all(round.map(runOne))));
  const seconds = (Date.now() - startedMs) / 1_000;
  const findings = lines
    .filter(({ right, got }) => right !== got)
    .map(({ id, what, right, got }) => `${id}, ${what}: ${got}; right is ${right}`);
  return { fault: 'edge', cases: lines, seconds, slowest_healthy_ms: edge.slowestHealthyMs(0), findings };
}

function inWords({ id, what, right, got }: EdgeFaultLine): string {
  return `${id}  ${what}\n    right  ${right}\n    got    ${got}${right === got ? '' : '     ← not what is right'}`;
}
