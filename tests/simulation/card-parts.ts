// What one card's run is made of. The queue's troubles, odd texts and clocks that jump are drawn apart: they change nothing of the
// traffic's own choices.

import { Clock } from './clock.ts';
import { Draw, seedFor } from './draw.ts';
import { networkJumps, ourJumps } from './jumps.ts';
import { Network } from './network.ts';
import { NetworkClock } from './network-clock.ts';
import { ShopWriter } from './odd-shops.ts';
import { ProfileMaker } from './profiles.ts';
import type { HasEvent } from './set-back.ts';
import type { MakeCard, MakeOutbox } from './simulated-card.ts';
import { SimulatedObject } from './simulated-object.ts';
import type { Tally } from './tally.ts';
import type { World } from './world.ts';

export interface SimulatedCardOptions {
  readonly seed: number;
  readonly cardIndex: number;
  readonly world: World;
  readonly makeCard: MakeCard;
  readonly makeOutbox: MakeOutbox;
  readonly hasEvent: HasEvent;
  readonly burstShare: number;
  readonly tally: Tally;
}

export function partsOf(at: SimulatedCardOptions) {
  const { seed, world, tally } = at;
  const draw = new Draw(seed);
  const apart = (part: number) => new Draw(seedFor(seed, part));
  const network = new Network(draw, world, {
    clock: new NetworkClock(draw, networkJumps(apart(2), tally)),
    shops: new ShopWriter(apart(3), tally),
  });
  const profiles = new ProfileMaker(draw, world);
  const clock = new Clock(draw, world, tally, ourJumps(apart(4), tally));
  const object = new SimulatedObject({ ...at, draw: apart(1), nowMs: clock.nowMs });
  return {
    draw,
    network,
    profiles,
    clock,
    object,
    releases: apart(5),
    setBacks: { draw: apart(6), hasEvent: at.hasEvent },
  };
}
