// Structured lines for what a person must learn of. Takes names and figures only: no body, no token, no credential.

type Fields = Readonly<Record<string, string | number | boolean | null>>;

export function logEvent(level: 'info' | 'warn' | 'error', event: string, fields: Fields): void {
  console[level](JSON.stringify({ level, event, ...fields }));
}
