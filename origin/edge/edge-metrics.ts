// Whether the edge serves, as this process sees it: asked when somebody looks at the metrics, so that it is of now.

import { Gauge, type Registry } from 'prom-client';
import type { EdgeClient } from './edge-client.ts';

export function measureEdge(registry: Registry, edge: Pick<EdgeClient, 'ping'>): void {
  new Gauge({
    name: 'edge_serves',
    help: '1: the edge says to this process that it serves. 0: it cannot be reached within 2 s, or its settings keep it from serving',
    registers: [registry],
    async collect() {
      this.set(
        await edge.ping().then(
          () => 1,
          () => 0,
        ),
      );
    },
  });
}
