// The official ISO 20022 schemas (origin/providers/iso20022/schemas) as judges of a file. For tests: the service neither carries nor
// reads them.
// libxml2-wasm is libxml2 itself in this process, and compiles a schema once; xmllint-wasm does so in a new thread for each file.

import { readdirSync, readFileSync } from 'node:fs';
import { XmlDocument, XmlValidateError, XsdValidator } from 'libxml2-wasm';

const folder = new URL('../../origin/providers/iso20022/schemas/', import.meta.url);

/** Every message that has its schema here, as `camt.053.001.08`. */
export const schemaMessages: readonly string[] = readdirSync(folder)
  .filter((name) => name.endsWith('.xsd'))
  .map((name) => name.slice(0, -'.xsd'.length))
  .sort();

const validators = new Map<string, XsdValidator>();

export function schemaOf(message: string): XmlDocument {
  return XmlDocument.fromBuffer(readFileSync(new URL(`${message}.xsd`, folder)));
}

/** What the schema of its own namespace says against a file; nothing where it is valid. Throws for what is no XML. */
export function schemaProblems(xml: string): readonly string[] {
  const document = XmlDocument.fromString(xml);
  try {
    const message = document.root.namespaceUri.slice('urn:iso:std:iso:20022:tech:xsd:'.length);
    if (!schemaMessages.includes(message)) return [`there is no schema of ${message}`];
    validatorOf(message).validate(document);
    return [];
  } catch (error) {
    if (error instanceof XmlValidateError)
      return error.details.map((detail) => `line ${detail.line}: ${detail.message.trim()}`);
    throw error;
  } finally {
    document.dispose();
  }
}

/** The same file; throws where its schema says anything against it. */
export function judged(xml: string): string {
  const problems = schemaProblems(xml);
  if (problems.length > 0) throw new Error(`not what ISO 20022 allows:\n${problems.join('\n')}\n${xml}`);
  return xml;
}

function validatorOf(message: string): XsdValidator {
  const known = validators.get(message);
  if (known !== undefined) return known;
  const schema = schemaOf(message);
  const validator = XsdValidator.fromDoc(schema);
  schema.dispose();
  validators.set(message, validator);
  return validator;
}
