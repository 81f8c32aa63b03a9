// What repair counts.

import { Counter, type Registry } from 'prom-client';

export type RepairMetrics = ReturnType<typeof createRepairMetrics>;

export function createRepairMetrics(registry: Registry) {
  const registers = [registry];
  return {
    repaired: new Counter({
      name: 'intake_repaired_events_total',
      help: "Card events taken from the cards' own logs instead of the queue",
      registers,
    }),
    swept: new Counter({
      name: 'sweep_cards_total',
      help: 'Cards whose log the sweep has compared with what is booked; all of them, once an hour',
      registers,
    }),
    rebuilt: new Counter({
      name: 'intake_rebuilt_cards_total',
      help: 'Cards that were set back at the edge, and rebuilt from what is booked of them',
      registers,
    }),
    edgeBehind: new Counter({
      name: 'intake_edge_behind_total',
      help: 'Cards of which the edge had fewer events than the origin: its storage was set back',
      registers,
    }),
  };
}
