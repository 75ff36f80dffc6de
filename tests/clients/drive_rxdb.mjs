// What the tests ask of the RxDB example.
import { openDatabase, replicate } from './rxdb.mjs';

let db, running;

export async function open() {
  for (const level of ['log', 'info', 'debug', 'warn']) console[level] = console.error;
  db = await openDatabase('tablet');
}

export async function online(given) {
  running = replicate(db, { ...given, token: async () => given.token });
  for (const one of running.replications) one.error$.subscribe((error) => console.error(JSON.stringify(error.parameters ?? error)));
}

export const offline = () => running.stop();
export const rows = async ({ table }) => (await db[table].find().exec()).map((document) => document.toJSON());
export const state = async ({ id }) => (await db.service_order.findOne(id).exec())?.state ?? null;
export const edit = async ({ table, id, values }) => {
  await (await db[table].findOne(id).exec()).incrementalPatch(values);
};
