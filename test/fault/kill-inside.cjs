// Loaded into a Node-RED that is to die at a point inside the process, which cannot be seen from outside: PKB_KILL_AT
// names the point, PKB_KILL_AFTER how often it is passed before. It changes nothing else.
const { DatabaseSync } = require('node:sqlite');
const { ClientRequest } = require('node:http');
const { join } = require('node:path');

const at = process.env.PKB_KILL_AT;
let left = Number(process.env.PKB_KILL_AFTER);
const dist = join(__dirname, '../../dist/src/delivery');

function passed() {
  if (--left <= 0) process.kill(process.pid, 'SIGKILL');
}

/** Has a function say that it is called, or has returned. */
function tell(owner, name, { before = () => false, after = () => false }) {
  const original = owner[name];
  owner[name] = function (...args) {
    if (before(...args)) passed();
    const result = original.apply(this, args);
    if (after(result, ...args)) passed();
    return result;
  };
}

const POINTS = {
  'before a commit': () => tell(DatabaseSync.prototype, 'exec', { before: (sql) => sql === 'COMMIT' }),
  'after a commit, before anybody is told': () =>
    tell(DatabaseSync.prototype, 'exec', { after: (_, sql) => sql === 'COMMIT' }),
  'after a message was claimed': () =>
    tell(require(join(dist, 'outbox/sqlite/key-queues.js')).KeyQueues.prototype, 'next', {
      after: (claimed) => claimed.length > 0,
    }),
  'after a request was written': () => {
    const { end } = ClientRequest.prototype;
    ClientRequest.prototype.end = function (...args) {
      this.once('finish', passed);
      return end.apply(this, args);
    };
  },
  'after an answer, before it is written down': () =>
    tell(require(join(dist, 'classify.js')), 'judgeAnswer', { after: () => true }),
};

if (at) POINTS[at]();
