/** A language that is added: what its texts from tables look like in a whole Node-RED. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call } from '../support/admin.js';
import { type NodeRed, remove, startNodeRed } from '../support/node-red.js';
import { until } from '../support/wait.js';

const root = join(__dirname, '../..');

/** Texts of Welsh, as far as they are tried here. */
const TEXTS = {
  'pkb-operator': {
    error: { PKB_ALIAS: 'CYMRAEG alias.', PKB_HL7_NO_MSH: 'CYMRAEG dim MSH.' },
    'letter-reason': { unread: 'CYMRAEG heb ei ddarllen.' },
  },
};

for (const runtime of ['node-red', 'node-red-4']) {
  describe(`a language that is added to ${runtime}`, function () {
    this.timeout(60_000);
    let red: NodeRed;
    before(async () => {
      const userDir = mkdtempSync(join(tmpdir(), 'pkb-language-'));
      const home = join(userDir, 'node_modules/@pkb-partner/node-red-pkb');
      mkdirSync(home, { recursive: true });
      for (const part of ['dist', 'package.json'])
        cpSync(join(root, part), join(home, part), { recursive: true });
      symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'), 'junction');
      const locale = join(home, 'dist/nodes/pkb-operator/locales/cy');
      mkdirSync(locale);
      writeFileSync(join(locale, 'plugin.json'), JSON.stringify(TEXTS));
      const manifest = { name: 'x', private: true, dependencies: { '@pkb-partner/node-red-pkb': '*' } };
      writeFileSync(join(userDir, 'package.json'), JSON.stringify(manifest));
      const place = { z: 'tab', x: 1, y: 1 };
      const flow = [
        { id: 'tab', type: 'tab', label: 'x' },
        { id: 'wrong', type: 'pkb-customer', name: 'x', alias: 'no alias' },
        { id: 'customer', type: 'pkb-customer', name: 'y', alias: 'trustalias' },
        {
          id: 'go',
          type: 'inject',
          once: true,
          props: [{ p: 'payload', v: 'no HL7', vt: 'str' }],
          wires: [['build']],
          ...place,
        },
        {
          id: 'go-empty',
          type: 'inject',
          once: true,
          props: [{ p: 'payload', v: '', vt: 'str' }],
          wires: [['build']],
          ...place,
        },
        { id: 'build', type: 'pkb-build', customer: 'customer', wires: [[]], ...place },
        { id: 'catch', type: 'catch', scope: null, wires: [['print']], ...place },
        { id: 'print', type: 'debug', active: true, console: true, complete: 'error', wires: [], ...place },
      ];
      writeFileSync(join(userDir, 'flows.json'), JSON.stringify(flow));
      red = await startNodeRed(runtime, userDir, "lang: 'cy'");
    });
    after(async () => {
      await red?.stop();
      if (red) remove(red.userDir);
    });

    it('has its sentence before ours in the log and for Catch nodes, with the code as it is', async () => {
      await until('both errors are said', () => red.output().includes('PKB_HL7_NO_MSH'));
      const output = red.output();
      assert.match(output, /PkbConfigError: CYMRAEG alias\. \(.+\)/);
      assert.match(output, /PkbMessageError: CYMRAEG dim MSH\. \(.+\)/);
    });

    it('leaves errors that it has no sentence for as they are', async () => {
      await until('the error is said', () => red.output().includes('PKB_HL7_EMPTY'));
      assert.match(red.output(), /'?PkbMessageError: [^C(]/);
      assert.ok(!red.output().includes('pkb-operator.error'));
    });

    it('is given to the operators’ page, for whom asks for it', async () => {
      const { body } = await call(`${red.url}/pkb/texts`, 'GET', { 'accept-language': 'cy' });
      assert.deepEqual(body, TEXTS['pkb-operator']);
    });
  });
}
