// Secrets that anybody can read, known by the first eight hexadecimal digits of their SHA-256, so that the values themselves are not
// spread by this file: what documentation, libraries and this repository print. Eight digits keep the edge's bundle small; a random
// secret has the same eight as one of these once in a hundred million times, and then only has to be drawn again. A new sample in the
// repository is added here; a test holds the demo's values to it.

const hashes = [
  // The demo of this repository, and its load tests.
  '64a40464 3f48fa1b c0983ea4 03de5b81 6f1aa8a5 2f5bfc08 4b118714 5dd54ad5 d166a75e',
  // Standard Webhooks and Svix: their documentation and libraries.
  '96ad2ccd 0c47dd30 2dd745ff ce5db258',
  // Stripe: the test keys of its documentation.
  '2cafc097 f2d6ca16 2d1f7723 b1471f54',
  // AWS: the keys of its documentation; MinIO: its defaults.
  '78314b11 1a5d44a2 7a898e50 ad985811',
  // Documentation of JSON Web Tokens, of Rails and of Django.
  'f7d83870 465d9ad5 048af243 2bb80d53 5e884898 c4bbcb1f cbe6beb2',
  // RFC 4231 and RFC 6238: the keys of their test vectors.
  '6ed645ef e1b85b27 005725b4',
].join(' ');

/** Whether a secret of this SHA-256, in hexadecimal, is printed somewhere. */
export function isPublishedHash(sha256Hex: string): boolean {
  return hashes.includes(sha256Hex.slice(0, 8));
}
