/** HL7 libraries other than ours, asked for raw text at a path. */
import { createRequire } from 'node:module';
import { Hl7Message } from '@medplum/core';
import { Message } from 'node-hl7-client';

/* oxlint-disable typescript/no-explicit-any -- a library without types */
const HL7Standard = createRequire(__filename)('hl7-standard') as any;

/** A way of reading raw text at segment occurrence, field, repetition (from 1) and component. */
export type Reader = (
  segment: string,
  occurrence: number,
  field: number,
  repetition: number,
  component: number,
) => string | undefined;

/** What @medplum/core reads. */
export function medplum(text: string): Reader {
  const message = Hl7Message.parse(text);
  return (segment, occurrence, field, repetition, component) => {
    const found = message.getAllSegments(segment)[occurrence - 1];
    return found?.getField(field)?.getComponent(component, undefined, repetition - 1);
  };
}

/** What node-hl7-client reads; it resolves escape sequences. */
export function nodeHl7Client(text: string): Reader {
  const message = new Message({ text });
  return (segment, occurrence, field, repetition, component) => {
    const list = message.get(segment) as any;
    // Its lists count from 0, with the name of the segment at 0 of its fields, and MSH without MSH-1.
    const at = list.get(occurrence - 1).get(segment === 'MSH' ? field - 1 : field);
    return at
      .get(repetition - 1)
      .get(component - 1)
      .toString();
  };
}

/** What hl7-standard reads. */
export function hl7Standard(text: string): Reader {
  const message = new HL7Standard(text, { lineEndings: '\r' });
  message.transform();
  return (segment, occurrence, field, repetition, component) => {
    const data = message.transformed[segment]?.[occurrence - 1]?.data?.[`${segment}.${field}`];
    const repeated = Array.isArray(data) ? data[repetition - 1] : repetition === 1 ? data : undefined;
    const value =
      repeated !== null && typeof repeated === 'object'
        ? repeated[`${segment}.${field}.${component}`]
        : component === 1
          ? repeated
          : undefined;
    return Array.isArray(value) ? value.join('&') : (value as string | undefined);
  };
}
