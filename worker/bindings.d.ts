// What `env` and `exports` of cloudflare:workers hold: the bindings and variables of wrangler.toml, and this worker's entry.

declare namespace Cloudflare {
  interface Env extends Readonly<import('./env.ts').Env> {}
  interface GlobalProps {
    mainModule: typeof import('./index.ts');
  }
}
