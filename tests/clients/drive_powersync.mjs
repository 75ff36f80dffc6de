// What the tests ask of the PowerSync example.
import { createConsoleLogger, LogLevels } from '@powersync/node';
import { complete, connect, editPlace, openDatabase, travel } from './powersync.mjs';

let db, settings;

export async function open(given) {
  settings = given;
  // Answers go to the standard output; what the SDK logs must not.
  for (const level of ['log', 'info', 'debug', 'warn']) console[level] = console.error;
  db = openDatabase(`${process.cwd()}/tablet.db`, createConsoleLogger({ minLevel: LogLevels.debug }));
  await db.init();
}

export const online = ({ url, token, api }) => connect(db, { endpoint: `${url}/compat/powersync`, api: api ?? url, token });
export const offline = () => db.disconnect();
export const rows = ({ sql, given = [] }) => db.getAll(sql, given);
export const pending = async () => (await db.getOptional("SELECT count(*) AS n FROM ps_crud")).n;
export const synced = () => db.currentStatus.hasSynced ?? false;
export const failed = () => String(db.currentStatus.dataFlowStatus?.downloadError ?? '');
export const buckets = () => db.getAll("SELECT name, last_op FROM ps_buckets WHERE name != '$local' ORDER BY name");
export const state = async ({ id }) => (await db.getOptional('SELECT state FROM service_order WHERE id = ?', [id]))?.state ?? null;
export const onTheWay = ({ id }) => travel(db, id);
export const done = ({ id, captures, outcome = 'DONE' }) => complete(db, id, outcome, captures);
export const note = ({ id, notes }) => editPlace(db, id, { access_notes: notes });

// How long a first sync takes, from an empty file to the first checkpoint.
export async function firstSync({ url, token }) {
  const began = performance.now();
  await online({ url, token });
  await db.waitForFirstSync();
  const [{ n }] = await db.getAll('SELECT count(*) AS n FROM ps_oplog');
  return { seconds: (performance.now() - began) / 1000, rows: n };
}
