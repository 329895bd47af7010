// npm start: Node-RED on loopback, in a throw-away user directory, with the nodes and the first example, which sends.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare, root } from './setup.mjs';

await prepare(import.meta.url);

const port = Number(process.env.PORT || 1880);
const example = '01 - Send an A28.json';

execFileSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: 'inherit' });

const userDir = mkdtempSync(join(tmpdir(), 'node-red-pkb-'));
mkdirSync(join(userDir, 'node_modules/@pkb-partner'), { recursive: true });
symlinkSync(root, join(userDir, 'node_modules/@pkb-partner/node-red-pkb'), 'junction');
const manifest = {
  name: 'try-node-red-pkb',
  private: true,
  dependencies: { '@pkb-partner/node-red-pkb': '*' },
};
writeFileSync(join(userDir, 'package.json'), JSON.stringify(manifest));
cpSync(join(root, 'examples', example), join(userDir, 'flows.json'));

const require = createRequire(import.meta.url);
const express = require('express');
const RED = require('node-red');

const app = express();
const server = createServer(app);

function leave(code) {
  rmSync(userDir, { recursive: true, force: true });
  process.exit(code);
}

server.once('error', (error) => {
  const text =
    error.code === 'EADDRINUSE'
      ? `Port ${port} is in use; choose another: PORT=1881 npm start`
      : error.message;
  console.error(text);
  leave(1);
});
await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));

RED.init(server, {
  userDir,
  flowFile: 'flows.json',
  credentialSecret: 'throw-away',
  httpAdminRoot: '/',
  httpNodeRoot: '/',
  uiHost: '127.0.0.1',
  uiPort: server.address().port,
  telemetry: { enabled: false },
  editorTheme: { tours: false, palette: { allowInstall: false } },
  logging: { console: { level: 'error', metrics: false, audit: false } },
});
app.use('/', RED.httpAdmin);
app.use('/', RED.httpNode);

// Says what pkb-send sent and what was answered: control ID and type, no patient data.
RED.hooks.add('onSend.start', (events) => {
  for (const { source, msg } of events) {
    if (source.node?.type !== 'pkb-send') continue;
    const { code, outcome, text } = msg.payload;
    const what = [msg.pkb?.messageType, msg.payload.controlId].filter(Boolean).join(' ');
    console.log(`\nSent      ${what}${msg.pkb?.customer ? ` for ${msg.pkb.customer}` : ''}`);
    console.log(`Answered  ${code} (${outcome}${text ? `: ${text}` : ''})\n`);
  }
});

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    RED.stop().then(
      () => leave(0),
      () => leave(1),
    );
  });
}

await RED.start();
console.log(`Node-RED with the PKB nodes: http://127.0.0.1:${server.address().port}/   (Ctrl-C ends it)`);
console.log(`Loaded: examples/${example}; further ones: menu > Import > Examples.`);
