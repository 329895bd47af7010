/** Hostile texts: the shapes at which a reader that looks at something twice, for everything it finds, stands still. */
import { ACK_SHAPES } from './acks.js';
import { MESSAGE_SHAPES } from './messages.js';
import type { Kind, Shape } from './shape.js';
import { RUNS, VALUE_SHAPES } from './values.js';
import { XML_SHAPES } from './xml.js';

/** All shapes by kind and name. */
export const SHAPES: Readonly<Record<Kind, ReadonlyMap<string, Shape>>> = {
  run: RUNS,
  value: VALUE_SHAPES,
  message: MESSAGE_SHAPES,
  answer: new Map([...ACK_SHAPES, ...Object.entries(XML_SHAPES)]),
};
