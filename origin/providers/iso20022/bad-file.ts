/** A bank's file that is set aside whole; the message is for the operator, and reads on from the file's name. */
export class BadFile extends Error {
  override readonly name = 'BadFile';
}
