// Loaded into a writer that is to break the promise: its outbox asks SQLite for PKB_SYNCHRONOUS instead of FULL. It is given
// in NODE_OPTIONS, so that it holds in worker threads as well.
const { DatabaseSync } = require('node:sqlite');

const { exec } = DatabaseSync.prototype;
DatabaseSync.prototype.exec = function (sql) {
  return exec.call(this, sql.replace('synchronous = FULL', `synchronous = ${process.env.PKB_SYNCHRONOUS}`));
};
