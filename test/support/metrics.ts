/** Reading what Prometheus scrapes. */

/** One line of it. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What was scraped. */
export class Scraped {
  /** The metrics, whether they have values or not, with their types. */
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly Sample[];

  /** @throws Error where a line is none of the text format of Prometheus */
  constructor(text: string) {
    const types = [...text.matchAll(/^# TYPE (\S+) (\w+)$/gm)];
    this.types = new Map(types.map(([, name = '', type = '']) => [name, type]));
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    this.samples = lines.map(sampleOf);
  }

  /** The values of a name that have these labels. */
  values(name: string, labels: Readonly<Record<string, string>> = {}): number[] {
    return this.samples
      .filter((one) => one.name === name && Object.entries(labels).every(([key, v]) => one.labels[key] === v))
      .map(({ value }) => value);
  }

  /** The one value that there is; undefined where there is none. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const [first, second] = this.values(name, labels);
    if (second !== undefined)
      throw new Error(`There are several values of ${name}${JSON.stringify(labels)}.`);
    return first;
  }
}

const UNESCAPED: Readonly<Record<string, string>> = { '\\n': '\n', '\\"': '"', '\\\\': '\\' };

function sampleOf(line: string): Sample {
  const [, name, labels = '', value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"(?:,|$)/g)];
  const isWhole = pairs.map(([pair]) => pair).join('') === labels;
  const number = Number(value === '+Inf' ? Infinity : value);
  if (name === undefined || !isWhole || Number.isNaN(number)) throw new Error(`No sample: ${line}`);
  const read = pairs.map(([, key, escaped = '']) => [
    key,
    escaped.replaceAll(/\\[n"\\]/g, (one) => UNESCAPED[one] ?? one),
  ]);
  return { name, labels: Object.fromEntries(read) as Record<string, string>, value: number };
}
