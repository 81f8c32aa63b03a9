// A file as libxml2 reads it, in the form of our own reader: what that one is held to in tests.

import { XmlElement as LibElement, XmlCData, XmlDocument, XmlText } from 'libxml2-wasm';
import type { XmlElement } from '../../origin/providers/iso20022/read-xml.ts';

export function libxmlReading(text: string): XmlElement {
  const document = XmlDocument.fromString(text);
  try {
    return readingOf(document.root);
  } finally {
    document.dispose();
  }
}

/** Elements with their own text; nothing below an envelope of the bank's own. */
function readingOf(element: LibElement): XmlElement {
  const children: XmlElement[] = [];
  let text = '';
  for (let child = element.firstChild; child !== null; child = child.next) {
    if (child instanceof LibElement) {
      if (element.name !== 'Envlp') children.push(readingOf(child));
    } else if (child instanceof XmlText || child instanceof XmlCData) text += child.content;
  }
  const { name, namespaceUri: namespace } = element;
  return { name, namespace, children, text, currency: element.attr('Ccy')?.value ?? null };
}
