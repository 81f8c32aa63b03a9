// When a breaker opens: the share of failures within the last ten seconds, by seconds. Cockatiel's own SamplingBreaker moves its
// window by one step a call, so that failures of an hour ago still count where calls are rare.

import { CircuitState, type IBreaker } from 'cockatiel';

const stepMs = 1_000;

interface Step {
  readonly at: number;
  failures: number;
  total: number;
}

export interface SamplingPolicy {
  /** Share of failures at which it opens. */
  readonly threshold: number;
  readonly samplingMs: number;
  /** Exchanges within the window below which nothing is concluded. */
  readonly exchangesMin: number;
}

export class SamplingWindow implements IBreaker {
  /** Oldest first. */
  #steps: Step[] = [];
  readonly #policy: SamplingPolicy;

  constructor(policy: SamplingPolicy) {
    this.#policy = policy;
  }

  /** Kept nowhere: a new process starts with an empty window. */
  get state(): unknown {
    return null;
  }
  set state(_: unknown) {
    this.#steps = [];
  }

  success(state: CircuitState): void {
    if (state === CircuitState.HalfOpen) this.#steps = [];
    this.#count(0);
  }

  failure(state: CircuitState): boolean {
    this.#count(1);
    // The one exchange that was let through to try it.
    if (state !== CircuitState.Closed) return true;
    const total = this.#steps.reduce((sum, step) => sum + step.total, 0);
    const failures = this.#steps.reduce((sum, step) => sum + step.failures, 0);
    return total >= this.#policy.exchangesMin && failures >= this.#policy.threshold * total;
  }

  #count(failures: 0 | 1): void {
    const at = Math.floor(Date.now() / stepMs);
    this.#steps = this.#steps.filter((step) => step.at > at - this.#policy.samplingMs / stepMs);
    const last = this.#steps.at(-1);
    if (last?.at === at) {
      last.failures += failures;
      last.total += 1;
    } else {
      this.#steps.push({ at, failures, total: 1 });
    }
  }
}
