// What `standardwebhooks` takes of the package @stablelib/base64, from the platform. wrangler.toml puts it in that package's place.

export function encode(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

export function decode(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
