// What `env` and `exports` of cloudflare:workers hold: the bindings and variables of wrangler.toml, and this worker's entry.

declare namespace Cloudflare {
  interface Env extends Readonly<import('./env.ts').Env> {}
  interface GlobalProps {
    mainModule: typeof import('./index.ts');
  }
}

/** The functions of Node's that the worker uses; the platform has them (`nodejs_compat`, on by default since 2026-08-04). */
declare module 'node:crypto' {
  export function createHash(hash: 'sha256'): { update(data: string): { digest(encoding: 'hex'): string } };
  export function timingSafeEqual(one: Uint8Array, other: Uint8Array): boolean;
}
