// Before anything of ours is read: says in one sentence that this Node is too old. An older one only says that it does not know ".ts".
// CommonJS, and nothing that Node 6 does not know. An argument stands for the version of this one, for the test.

const least = 24;
const version = process.argv[2] || process.version;
const major = Number(version.replace(/^v/, '').split('.')[0]);
if (major < least) {
  process.stderr.write(
    `Atlas needs Node ${least} or newer, and this is ${version} (${process.execPath}). Run npm install without --omit=dev or --ignore-scripts: the right Node comes with it. Or install Node ${least}.\n`,
  );
  process.exit(1);
}
