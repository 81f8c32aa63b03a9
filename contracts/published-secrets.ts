// Secrets that anybody can read, known by the first seven hexadecimal digits of their SHA-256, so that the values themselves are not
// spread by this file: what documentation, libraries and this repository print. Seven digits keep the edge's bundle small; a random
// secret has the same seven as one of these once in eight million times, and then only has to be drawn again. A new sample in the
// repository is added here; a test holds the demo's values to it.

const hashes = [
  // The demo of this repository, and its load tests.
  '64a4046 3f48fa1 c0983ea 03de5b8 6f1aa8a 2f5bfc0 4b11871 5dd54ad d166a75',
  // Standard Webhooks and Svix: their documentation and libraries.
  '96ad2cc 0c47dd3 2dd745f ce5db25',
  // Stripe: the test keys of its documentation.
  '2cafc09 f2d6ca1 2d1f772 b1471f5',
  // AWS: the keys of its documentation; MinIO: its defaults.
  '78314b1 1a5d44a 7a898e5 ad98581',
  // Documentation of JSON Web Tokens, of Rails and of Django.
  'f7d8387 465d9ad 048af24 2bb80d5 5e88489 c4bbcb1 cbe6beb',
  // RFC 4231 and RFC 6238: the keys of their test vectors.
  '6ed645e e1b85b2 005725b',
  // Hashes of nothing (MD5, SHA-256, SHA-1), and the UUID of every documentation.
  'f215faf cd372fb 07e23ed a3a9e1e',
].join(' ');

/** Whether a secret of this SHA-256, in hexadecimal, is printed somewhere. */
export function isPublishedHash(sha256Hex: string): boolean {
  return hashes.includes(sha256Hex.slice(0, 7));
}
