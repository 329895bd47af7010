/**
 * What a power cut may leave of a folder. The model is the worst that POSIX allows and is harder than ext4:
 *
 * - What was written to a file before its last sync is there. Of every later write and truncation, any of them may be there,
 *   in any selection, as if done in their order; a write may be there in part, in units of 512 or 4096 bytes.
 * - A file may have grown without what was written to it; then zeros or rubbish stand there.
 * - A name that was made, moved or removed is as it was at the last sync of the folder, or as after any selection of what was
 *   done since. ext4 also keeps the name of a new file that is synced itself, and the order of names; nothing here relies on it.
 *
 * What SQLite takes for granted, and this keeps to: a unit of 512 bytes is written wholly or not at all, and writing does not
 * harm its neighbours (https://www.sqlite.org/atomiccommit.html, "powersafe overwrite").
 */
import type { FileEvent } from './events.js';
import { Image } from './image.js';
import type { Dice } from './random.js';

type Change = Extract<FileEvent, { kind: 'write' | 'truncate' }>;
type Naming = Extract<FileEvent, { kind: 'create' | 'unlink' | 'rename' }>;
type Names = Map<string, number>;

interface File {
  readonly safe: Image;
  unsafe: Change[];
}

/** The content of a folder, by name. */
export type Folder = Map<string, Buffer>;

/** A disk with one folder. */
export class Disk {
  readonly #files = new Map<number, File>();
  readonly #names: Names = new Map();
  #namings: Naming[] = [];

  /** Has something happen. */
  apply(event: FileEvent): void {
    switch (event.kind) {
      case 'create':
        this.#files.set(event.file, { safe: new Image(), unsafe: [] });
        this.#namings.push(event);
        return;
      case 'unlink':
      case 'rename':
        this.#namings.push(event);
        return;
      case 'write':
      case 'truncate':
        this.#file(event.file).unsafe.push(event);
        return;
      case 'sync':
        return this.#sync(this.#file(event.file));
      case 'syncFolder':
        for (const naming of this.#namings) rename(this.#names, naming);
        this.#namings = [];
    }
  }

  /** The folder as the processes see it. */
  seen(): Folder {
    return this.#folder(
      (namings) => namings,
      ({ safe, unsafe }) => safe.copy().applyAll(unsafe),
    );
  }

  /** The folder as it may be found after a power cut now. */
  cut(dice: Dice): Folder {
    return this.#folder(
      (namings) => some(namings, dice),
      ({ safe, unsafe }) => remains(safe.copy(), unsafe, dice),
    );
  }

  #folder(select: (namings: Naming[]) => Naming[], contentOf: (file: File) => Image): Folder {
    const names = new Map(this.#names);
    for (const naming of select(this.#namings)) rename(names, naming);
    return new Map([...names].map(([name, file]) => [name, contentOf(this.#file(file)).bytes]));
  }

  #sync(file: File): void {
    file.safe.applyAll(file.unsafe);
    file.unsafe = [];
  }

  #file(number: number): File {
    const file = this.#files.get(number);
    if (file === undefined) throw new Error(`There is no file ${number}.`);
    return file;
  }
}

function rename(names: Names, naming: Naming): void {
  switch (naming.kind) {
    case 'create':
      names.set(naming.name, naming.file);
      return;
    case 'unlink':
      names.delete(naming.name);
      return;
    case 'rename': {
      const file = names.get(naming.from);
      names.delete(naming.from);
      // The name it had may itself not have got to the disk.
      if (file !== undefined) names.set(naming.to, file);
    }
  }
}

/** What remains of changes that were not synced. */
function remains(image: Image, unsafe: Change[], dice: Dice): Image {
  const grown = Math.max(
    0,
    ...unsafe.map((change) => (change.kind === 'write' ? change.offset + change.data.length : 0)),
  );
  if (dice(3) === 0) image.grow(grown, dice(2) === 0 ? 0 : 1 + dice(255));
  const chosen = some(unsafe, dice);
  const torn = dice(2) === 0 ? 0 : dice(2) === 0 ? 512 : 4096;
  for (const [i, change] of chosen.entries()) {
    const isLast = i === chosen.length - 1;
    if (change.kind === 'write' && torn > 0 && (isLast || dice(4) === 0)) image.writeTorn(change, torn, dice);
    else image.apply(change);
  }
  return image;
}

/** A selection, in the same order: none, all, the first, the last, all but one, or each by chance. */
function some<T>(all: readonly T[], dice: Dice): T[] {
  const at = dice(all.length + 1);
  switch (dice(6)) {
    case 0:
      return [];
    case 1:
      return [...all];
    case 2:
      return all.slice(0, at);
    case 3:
      return all.slice(at);
    case 4:
      return all.filter((_, i) => i !== at);
    default: {
      const outOfTen = 1 + dice(9);
      return all.filter(() => dice(10) < outOfTen);
    }
  }
}
