// A number of 32 bits for a text (FNV-1a): always the same one, and evenly spread. No secret and no proof of anything.

export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
