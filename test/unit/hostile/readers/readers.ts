/** Everything that reads text from outside: what is exported, and what the nodes and the simulator call. */
import type { Kind } from '../shapes/shape.js';
import { ANSWER_READERS } from './answers.js';
import { COMPOSE_READERS } from './compose.js';
import { MESSAGE_READERS } from './messages.js';
import { OPERATOR_READERS } from './operators.js';
import type { Readers } from './reader.js';
import { VALUE_READERS } from './values.js';

/** Readers, with the kinds of shapes that each is tried on. */
export const READERS: readonly { readonly kinds: readonly Kind[]; readonly readers: Readers }[] = [
  { kinds: ['run', 'message'], readers: MESSAGE_READERS },
  { kinds: ['run', 'message', 'answer'], readers: OPERATOR_READERS },
  { kinds: ['run', 'answer'], readers: ANSWER_READERS },
  { kinds: ['run', 'value'], readers: VALUE_READERS },
  { kinds: ['value'], readers: COMPOSE_READERS },
];

/** Every reader by name. */
export const BY_NAME: Readers = Object.assign({}, ...READERS.map(({ readers }) => readers)) as Readers;
