// What the tests ask of the WatermelonDB example.
import { note as noteOp, openDatabase, synchronize } from './watermelondb.mjs';

let db;

export async function open() {
  for (const level of ['log', 'info', 'debug', 'warn']) console[level] = console.error;
  db = openDatabase('tablet');
}

export const sync = (given) => synchronize(db, { ...given, token: async () => given.token });
export const note = async (given) => { await noteOp(db, given); };
export const rows = async ({ table }) => (await db.get(table).query().fetch()).map((record) => record._raw);
export const edit = async ({ table, id, values }) => {
  await db.write(async () => (await db.get(table).find(id)).update((record) => {
    for (const [name, value] of Object.entries(values)) record._setRaw(name, value);
  }));
};
