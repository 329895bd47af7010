import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stamped } from '../../support/messages.js';

const command = join(__dirname, '../../../dist/src/cli/pkb-inspect.js');

describe('pkb-inspect', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pkb-inspect-'));
    const good = stamped('1').replace('^NHS^NH|', '^NHS^NH{status:01}|');
    writeFileSync(join(folder, 'good.hl7'), good.replaceAll('\r', '\n'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const run = (...args: string[]) => {
    const { status, stdout } = spawnSync(process.execPath, [command, ...args], {
      encoding: 'utf8',
      cwd: folder,
    });
    return { status, stdout };
  };

  it('ends with 0 where nothing would be blocked', () => {
    assert.deepEqual(run('good.hl7'), { status: 0, stdout: 'good.hl7 (message 1): nothing found\n' });
  });

  it('ends with 1 where something would, says where and why, and shows no value', () => {
    mkdirSync(join(folder, 'in'));
    writeFileSync(join(folder, 'in/bad.hl7'), stamped('1') + stamped('2', { more: 'DG1|1||SECRET\r' }));
    const { status, stdout } = run('.');
    assert.equal(status, 1);
    assert.match(stdout, /in\/bad\.hl7 \(message 2\): block DG1\[1\] overwriting\.diagnoses: DG1 in an ADT/);
    assert.ok(!stdout.includes('SECRET'));
  });

  it('prints JSON where told', () => {
    const { status, stdout } = run('--json', 'good.hl7');
    assert.equal(status, 0);
    assert.deepEqual(JSON.parse(stdout), [{ file: 'good.hl7', message: 1, blocked: false, findings: [] }]);
  });

  it('ends with 2 where a file cannot be read, or the words are off', () => {
    assert.deepEqual(run('missing.hl7'), { status: 2, stdout: 'missing.hl7: cannot be read (ENOENT)\n' });
    writeFileSync(join(folder, 'empty.hl7'), '');
    assert.equal(run('empty.hl7').status, 2);
    assert.equal(run().status, 2);
    assert.equal(run('--nope', 'good.hl7').status, 2);
    assert.equal(run('--help').status, 0);
  });
});
