// List prices in US dollars, and bounds, as the vendors' own pages had them in November 2026; looked up on 2026-11-27 in stored copies
// of those pages. No discount, no tax, no support plan.

export interface Price {
  readonly unit: string;
  readonly usd: number;
  /** Units of a month that the plan includes. */
  readonly included: number;
  readonly source: string;
}

const workers = 'https://developers.cloudflare.com/workers/platform/pricing/';
const objects = 'https://developers.cloudflare.com/durable-objects/platform/pricing/';
const queues = 'https://developers.cloudflare.com/queues/platform/pricing/';
const neon = 'https://neon.com/docs/introduction/plans';
const upstash = 'https://upstash.com/pricing/redis';

export const prices = {
  workers_plan: { unit: 'a month', usd: 5, included: 0, source: workers },
  worker_requests: { unit: 'million requests', usd: 0.3, included: 10, source: workers },
  worker_cpu: { unit: 'million CPU ms', usd: 0.02, included: 30, source: workers },
  object_requests: { unit: 'million requests', usd: 0.15, included: 1, source: objects },
  object_duration: { unit: 'million GB-s', usd: 12.5, included: 0.4, source: objects },
  rows_written: { unit: 'million rows', usd: 1, included: 50, source: objects },
  rows_read: { unit: 'million rows', usd: 0.001, included: 25_000, source: objects },
  object_storage: { unit: 'GB-month', usd: 0.2, included: 5, source: objects },
  queue_operations: { unit: 'million operations', usd: 0.4, included: 1, source: queues },
  // The Scale plan; Launch is $0.106 a CU-hour, without a service level.
  database_compute: { unit: 'CU-hour', usd: 0.222, included: 0, source: neon },
  database_storage: { unit: 'GB-month', usd: 0.35, included: 0, source: neon },
  database_history: { unit: 'GB-month', usd: 0.2, included: 0, source: neon },
  redis_commands: { unit: 'million commands', usd: 2, included: 0, source: upstash },
} as const satisfies Readonly<Record<string, Price>>;

export type PriceName = keyof typeof prices;

/** Of the platform, with where it says so. */
export const bounds = {
  /** An object is billed for this much memory, whatever it uses. */
  object_gb: 0.128,
  /** Written, read, deleted: one each for a message below 64 KB. */
  operations_a_message: 3,
  /** `limit()` of a sliding window, for each of our two policies: https://upstash.com/docs/redis/sdks/ratelimit-ts/costs */
  redis_commands_a_call: 2 * 4,
  /** https://developers.cloudflare.com/queues/platform/limits/ */
  queue_messages_a_second: 5_000,
  queue_backlog_gb: 25,
  queue_message_overhead_bytes: 100,
  queue_pull_messages: 100,
  /** https://neon.com/docs/introduction/plans: of a branch, and the largest compute. */
  database_gb: 16_000,
  database_cu: 56,
} as const;
