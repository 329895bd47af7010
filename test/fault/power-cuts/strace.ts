/**
 * Reads what strace wrote of a process (`-f -y -xx`): the changes of the files in one folder, the syncs, and the lines on
 * standard output. All strings and paths are in hexadecimal there, so that commas and brackets divide arguments.
 */
import { dirname, basename } from 'node:path';
import type { Fact, RecordedEvent } from './events.js';

/** The calls to be traced. Those that are not known here end the reading where they touch the folder. */
export const CALLS: readonly string[] = [
  'open openat openat2 creat close dup dup2 dup3 mmap',
  'write writev pwrite64 pwritev pwritev2 copy_file_range sendfile ftruncate truncate fallocate',
  'fsync fdatasync sync_file_range unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat',
].flatMap((names) => names.split(' '));

interface Call {
  readonly name: string;
  readonly args: readonly string[];
  readonly result: string;
}

/** SQLite's index of its log: it is shared memory, and made anew from the log after the last process is gone. */
export const MEMORY = '-shm';

/** Calls that change what a file holds, and no name. */
const CONTENT = /^(?:pwrite64|write|fdatasync)\(/;
const UNFINISHED = ' <unfinished ...>';
const STANDARD_OUTPUT = 'write(1<';

/** Calls of two threads overlap, so that the recording leaves open which took effect first. It says nothing of the outbox. */
export class Overlapping extends Error {}

/** Reads the traces of one process after the other in the same folder, which was empty before the first. */
export class StraceReader {
  readonly events: RecordedEvent[] = [];
  readonly #folder: string;
  readonly #mark: string;
  readonly #names = new Map<string, number>();
  /** Files by descriptor, of the process that is being read. */
  #open = new Map<string, number>();
  #files = 0;

  /** @param folder absolute, without symbolic links */
  constructor(folder: string) {
    this.#folder = folder;
    this.#mark = hex(folder);
  }

  /**
   * Reads the trace of one whole process.
   *
   * @throws Error for what the model of a disk does not know: another call, or two at a time, in the folder
   */
  read(trace: string): void {
    this.#open = new Map();
    const unfinished = new Map<string, string>();
    // The main thread; children of the process have a standard output of their own.
    const main = pidOf(trace);
    for (const line of trace.split('\n')) {
      const pid = pidOf(line);
      const text = line.slice(pid.length).trimStart();
      const resumed = /^<\.\.\. \w+ resumed>/.exec(text)?.[0];
      const begun = unfinished.get(pid);
      if (resumed !== undefined) {
        if (begun !== undefined) this.#finished(begun + text.slice(resumed.length));
        unfinished.delete(pid);
      } else if (pid === main && text.startsWith(STANDARD_OUTPUT)) {
        // It counts from its beginning, whenever it ends.
        this.#said(text);
      } else if (text.includes(this.#mark)) {
        // Removing a name and writing what stands under it can be told in either order.
        const others = [...unfinished.values()];
        const commutes =
          (text.startsWith('unlink(') && others.every((call) => CONTENT.test(call))) ||
          (CONTENT.test(text) && others.every((call) => call.startsWith('unlink(')));
        if (unfinished.size > 0 && !commutes)
          throw new Overlapping(`Two threads are in the folder at the same time: ${short(text)}`);
        if (text.endsWith(UNFINISHED)) unfinished.set(pid, text.slice(0, -UNFINISHED.length));
        else this.#finished(text);
      }
    }
    for (const text of unfinished.values())
      throw new Error(`The process ended within a call: ${short(text)}`);
  }

  #said(text: string): void {
    const written = /"((?:\\x[0-9a-f]{2})*)"/.exec(text)?.[1] ?? '';
    for (const line of unhex(written).toString().split('\n'))
      if (line !== '') this.events.push({ kind: 'fact', fact: JSON.parse(line) as Fact });
  }

  #finished(text: string): void {
    const [, name = '', args = '', result = ''] = /^(\w+)\((.*)\) += (.*)$/s.exec(text) ?? [];
    if (name === '') throw new Error(`This is no whole call: ${short(text)}`);
    if (result.startsWith('-1 ')) return;
    this.#called({ name, args: args.split(', '), result });
  }

  #called(call: Call): void {
    const { name, args, result } = call;
    if (args.some((argument) => isMemory(argument)) || isMemory(result)) return;
    const [first = '', second = '', third = '', fourth = ''] = args;
    switch (name) {
      case 'open':
        return this.#opened(first, second, result);
      case 'openat':
        return this.#opened(second, third, result);
      case 'close':
        this.#open.delete(descriptor(first));
        return;
      case 'pwrite64':
        return this.#wrote(first, second, Number(fourth), Number(result));
      case 'ftruncate':
        this.events.push({ kind: 'truncate', file: this.#fileOf(first), size: Number(second) });
        return;
      case 'fsync':
      case 'fdatasync':
        if (pathOf(first) === this.#folder) this.events.push({ kind: 'syncFolder' });
        else this.events.push({ kind: 'sync', file: this.#fileOf(first) });
        return;
      case 'unlink':
        return this.#unlinked(first);
      case 'rename':
        return this.#renamed(first, second);
      case 'mmap':
        // A file that is only read that way does not change.
        if (!third.includes('PROT_WRITE') || fourth.includes('MAP_PRIVATE')) return;
    }
    throw new Error(`The model of a disk does not know ${name}: ${short(args.join(', '))}`);
  }

  #opened(path: string, flags: string, result: string): void {
    const name = this.#nameOf(path);
    if (name === undefined) return;
    let file = this.#names.get(name);
    if (file === undefined) {
      file = this.#files++;
      this.#names.set(name, file);
      this.events.push({ kind: 'create', name, file });
    } else if (flags.includes('O_TRUNC')) this.events.push({ kind: 'truncate', file, size: 0 });
    this.#open.set(descriptor(result), file);
  }

  #wrote(to: string, what: string, offset: number, length: number): void {
    if (what.endsWith('...')) throw new Error('strace cut a write short.');
    const data = unhex(what.slice(1, -1)).subarray(0, length);
    this.events.push({ kind: 'write', file: this.#fileOf(to), offset, data });
  }

  #unlinked(path: string): void {
    const name = this.#nameOf(path);
    if (name === undefined || !this.#names.delete(name)) return;
    this.events.push({ kind: 'unlink', name });
  }

  #renamed(fromPath: string, toPath: string): void {
    const from = this.#nameOf(fromPath);
    const to = this.#nameOf(toPath);
    const file = from === undefined ? undefined : this.#names.get(from);
    if (from === undefined || to === undefined || file === undefined)
      throw new Error('A file was moved into the folder, or out of it.');
    this.#names.delete(from);
    this.#names.set(to, file);
    this.events.push({ kind: 'rename', from, to });
  }

  #fileOf(argument: string): number {
    const file = this.#open.get(descriptor(argument));
    if (file === undefined) throw new Error(`A file that nobody opened: ${pathOf(argument)}`);
    return file;
  }

  /** The name in the folder that a quoted path stands for; undefined for the folder itself. */
  #nameOf(quoted: string): string | undefined {
    const path = unhex(quoted.slice(1, -1)).toString();
    return dirname(path) === this.#folder ? basename(path) : undefined;
  }
}

function pidOf(line: string): string {
  return /^\d+/.exec(line)?.[0] ?? '';
}

const MEMORY_ENDS = ['"', '>', '>(deleted)'].map((end) => hex(MEMORY) + end);

function isMemory(argument: string): boolean {
  return MEMORY_ENDS.some((end) => argument.endsWith(end));
}

function descriptor(argument: string): string {
  return /^\d+/.exec(argument)?.[0] ?? '';
}

/** The path that `-y` puts behind a descriptor. */
function pathOf(argument: string): string {
  return unhex(/<([^>]*)>/.exec(argument)?.[1] ?? '').toString();
}

function hex(text: string): string {
  return Buffer.from(text)
    .toString('hex')
    .replaceAll(/../g, String.raw`\x$&`);
}

function unhex(escaped: string): Buffer {
  return Buffer.from(escaped.replaceAll(String.raw`\x`, ''), 'hex');
}

function short(text: string): string {
  return text.slice(0, 120);
}
