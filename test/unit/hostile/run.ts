/** The process that reads: told a reader, a shape and a size, it tells how long the reading took. */
import { timed } from '../../support/clock.js';
import { isExpected } from './readers/reader.js';
import { BY_NAME } from './readers/readers.js';
import type { Kind } from './shapes/shape.js';
import { SHAPES } from './shapes/shapes.js';

/** What is to be measured. */
export interface Job {
  readonly reader: string;
  readonly kind: Kind;
  readonly shape: string;
  /** Characters of the text, about. */
  readonly size: number;
  /** The least time of so many runs counts. */
  readonly runs: number;
}

/** What was measured. */
export interface Measured {
  readonly ms: number;
  /** An error that is none of ours, such as a stack that overflowed. */
  readonly threw?: string;
}

/** The texts of the shape that was asked for last. */
const texts = { shape: '', bySize: new Map<number, string>() };

function textOf({ kind, shape, size }: Job): string {
  if (texts.shape !== shape) texts.bySize.clear();
  texts.shape = shape;
  const text = texts.bySize.get(size) ?? flat(SHAPES[kind].get(shape)?.(size) ?? '');
  texts.bySize.set(size, text);
  return text;
}

/** In one piece, as it comes from a network, and not as the engine's tree of what was put together. */
function flat(text: string): string {
  const encoding = /[^\0-\xff]/.test(text) ? 'utf16le' : 'latin1';
  return Buffer.from(text, encoding).toString(encoding);
}

function measure(job: Job): Measured {
  const text = textOf(job);
  const reader = BY_NAME[job.reader];
  let ms = Infinity;
  let threw: string | undefined;
  for (let i = 0; i < job.runs; i++) {
    const one = timed(() => {
      try {
        reader?.(text);
      } catch (error) {
        if (!isExpected(error)) threw = String(error).slice(0, 80);
      }
    });
    ms = Math.min(ms, one);
  }
  return threw === undefined ? { ms } : { ms, threw };
}

process.on('message', (job: Job) => process.send?.(measure(job)));
process.on('disconnect', () => process.exit());
process.send?.('ready');
