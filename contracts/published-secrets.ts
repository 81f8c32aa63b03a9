// Secrets that anybody can read, as SHA-256 in hexadecimal, so that the values themselves are not spread by this file: what documentation,
// libraries and this repository print. A new sample in the repository is added here; a test holds the demo's values to it.

export const publishedSecretHashes: ReadonlySet<string> = new Set([
  // The demo of this repository, and its load tests.
  '64a40464d23b14329cbec891b108cfe1eda55a7c7dafe0a759580f68494ddfdf',
  '3f48fa1b94f2b587d8e0134c0b2ef2e11ae3efe947d5514f30829f0306bcb902',
  'c0983ea42b252978e449b4d9b441a20e64f54a7a89351196c5234c5b46abc0cc',
  '03de5b81adf38bbe3a80ed5808d9d491d120065aa8656fb593bcbce94c677b1b',
  '6f1aa8a538c71144b5e77b5142dd3dd025773a375990cdf9ffad2bb6150f6112',
  '2f5bfc08008a5a2b4f12cc02362441ab63ddb68585f67d451f5e5c218a0b8a55',
  '4b118714cd7ab8835090fb5395a4b88797d78380c7eb3c0ea53096fbb3eacf6e',
  '5dd54ad5f0209540fecd59977c744bd51e9ca0346d615b8b70d00e13f80c65cc',
  'd166a75ef8fa340abae25ca1428636084808107b68e0250c94f2137ba30d9467',
  // Standard Webhooks and Svix: their documentation and libraries.
  '96ad2ccd81462a766178ae09a71df55f548a3f66da11606f9cdf40b391e22dd0',
  '0c47dd30c7da14ce8078bc464742122187d516456e901ac0c3006dabcec0f743',
  '2dd745ff991276aed56826de4e41d9d81b006c671a1491c08e9fc74e9362d95a',
  'ce5db258282b9663fd2657d169f02e0f1efea3868e65bc3ea9bd78b4da414f07',
  // Stripe: the test keys of its documentation.
  '2cafc0970149a84f3b9e62eaf169f36f59907a3b3e31f7b82e68c69cd27f7326',
  'f2d6ca16515033e5dce14eba840b979d27b5cbae24bb3e5bf484339667f86397',
  '2d1f7723aabc5c7a51fcdc2463c99b5f3fdbc57cf3134db4ac12913c35976e6f',
  'b1471f544ceeea31333bde7e1ecbaad6eac0d4a749412ad29bd66ef895b81c6b',
  // AWS: the keys of its documentation; MinIO: its defaults.
  '78314b11be2e581549ac1c4f616563fad3fdf0c3b71678f6e2299182080e0598',
  '1a5d44a2dca19669d72edf4c4f1c27c4c1ca4b4408fbb17f6ce4ad452d78ddb3',
  '7a898e50dbd5b8305149c34046d159f7d02b5d1fe021d4de640842d3835fb549',
  'ad9858116e63b0c5a4d7dc7f50f034c7247e56838dae22c1832712ffde48e694',
  // Documentation of JSON Web Tokens, of Rails and of Django.
  'f7d838701b86c5dfb57bf95fbc5ce6df204cfc9f15ad6cdb39fd22f8776e47b6',
  '465d9ad5d5528ebe287b5dce4fb51620833d09b290e49ddcc70ca6c4a0aea01b',
  '048af2438891a89a3536ac09cc96ccbd34a1714e88cf8fdb63e6186dcc3ff89d',
  '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b',
  '5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8',
  'c4bbcb1fbec99d65bf59d85c8cb62ee2db963f0fe106f483d9afa73bd4e39a8a',
  'cbe6beb26479b568e5f15b50217c6c83c0ee051dc4e522b9840d8e291d6aaf46',
  // RFC 4231 and RFC 6238: the keys of their test vectors.
  '6ed645ef0e1abea1bf1e4e935ff04f9e18d39812387f63cda3415b46240f0405',
  'e1b85b27d6bcb05846c18e6a48f118e89f0c0587140de9fb3359f8370d0dba08',
  '005725b48609c45e6b9205b7ff0279d9db830a1e9c1da0582e8a24a26b861700',
]);
