// Every network that this edge can serve: its folder, and a line here. Which of them a deployment does serve is its setting NETWORKS.

import { marqeta } from './marqeta/network.ts';
import { native } from './native/network.ts';
import type { CardNetwork } from './network.ts';

export const networks: readonly CardNetwork[] = [marqeta, native];
