// IndexedDB, generic: which stores there are, what is in them and what it means is Python's.
//
// Law L14 rests on commit(): the check and all writes are one transaction, and a writer that is
// older than what it finds gives way without writing anything.
//
// Everything crosses as JSON. A range is {prefix: [..]} (array keys that begin so), {from, to}
// (both included, either may be missing) or {only}.

import { openDB, deleteDB } from "../vendor/idb.js";

/** Open a database; `storesJson` is {name: key path, …} and stores not there yet are made. */
export async function open(name, version, storesJson) {
  const stores = JSON.parse(storesJson);
  const database = await openDB(name, version, {
    upgrade(database) {
      for (const [store, keyPath] of Object.entries(stores)) {
        if (!database.objectStoreNames.contains(store)) database.createObjectStore(store, { keyPath });
      }
    },
    // Another tab runs a newer version of the page: let it have the database.
    blocking: () => database.close(),
  });
  return new Store(database);
}

export const remove = (name) => deleteDB(name);

class Store {
  constructor(database) {
    this.database = database;
  }

  /**
   * Run writes in one transaction, in their order: {put: store, value} · {delete: store, key} ·
   * {clear: store, range} · {bump: store, key, field, set}: add one to that field of the record,
   * which begins as {}, and set the fields of `set` (its key among them).
   *
   * `guardJson` is null or {store, key, at_most: {field: number, …}}: where a field of that record
   * is greater, someone newer was here, and nothing is written. → {stale: boolean, bumped: [the
   * number that each bump led to, …]}
   */
  async commit(operationsJson, guardJson) {
    const operations = JSON.parse(operationsJson);
    const guard = JSON.parse(guardJson);
    const names = new Set(operations.map((one) => one.put ?? one.delete ?? one.clear ?? one.bump));
    if (guard) names.add(guard.store);
    const bumped = [];
    if (names.size === 0) return JSON.stringify({ stale: false, bumped });
    const transaction = this.database.transaction([...names], "readwrite", { durability: "relaxed" });
    try {
      if (guard && isNewer(await transaction.objectStore(guard.store).get(guard.key), guard.at_most)) {
        await transaction.done;
        return JSON.stringify({ stale: true, bumped });
      }
      for (const one of operations) {
        if (one.bump) bumped.push(await bump(transaction, one));
        else write(transaction, one).catch(() => {}); // `done` tells of it
      }
      await transaction.done;
      return JSON.stringify({ stale: false, bumped });
    } catch (error) {
      // A value that cannot be stored stops the others too: all of a commit, or none of it.
      try {
        transaction.abort();
      } catch {
        // It ended by itself.
      }
      transaction.done.catch(() => {});
      throw error;
    }
  }

  /**
   * Run reads in one transaction: {get: store, key} → value or null; {all: store, range?, limit?,
   * reverse?} → list; {keys: store, range?, limit?} → list of keys. → the list of results
   */
  async read(requestsJson) {
    const requests = JSON.parse(requestsJson);
    const names = new Set(requests.map((one) => one.get ?? one.all ?? one.keys));
    if (names.size === 0) return "[]";
    const transaction = this.database.transaction([...names], "readonly");
    return JSON.stringify(await Promise.all(requests.map((one) => read(transaction, one))));
  }

  close() {
    this.database.close();
  }
}

const isNewer = (record, atMost) =>
  record !== undefined && Object.entries(atMost).some(([field, bound]) => record[field] > bound);

function write(transaction, operation) {
  if (operation.put) return transaction.objectStore(operation.put).put(operation.value);
  if (operation.delete) return transaction.objectStore(operation.delete).delete(operation.key);
  return transaction.objectStore(operation.clear).delete(range(operation.range));
}

async function bump(transaction, { bump: name, key, field, set }) {
  const store = transaction.objectStore(name);
  const before = await store.get(key);
  const next = (before?.[field] ?? 0) + 1;
  await store.put({ ...before, ...set, [field]: next });
  return next;
}

async function read(transaction, request) {
  if (request.get) return (await transaction.objectStore(request.get).get(request.key)) ?? null;
  const store = transaction.objectStore(request.all ?? request.keys);
  const bounds = request.range ? range(request.range) : null;
  if (request.keys) return store.getAllKeys(bounds, request.limit);
  if (!request.reverse) return store.getAll(bounds, request.limit);
  const found = [];
  let cursor = await store.openCursor(bounds, "prev");
  while (cursor && found.length < (request.limit ?? Infinity)) {
    found.push(cursor.value);
    cursor = await cursor.continue();
  }
  return found;
}

function range({ prefix, only, from, to }) {
  // In IndexedDB's order an array sorts after every number and string, so [] closes the prefix.
  if (prefix !== undefined) return IDBKeyRange.bound(prefix, [...prefix, []]);
  if (only !== undefined) return IDBKeyRange.only(only);
  if (from === undefined) return IDBKeyRange.upperBound(to);
  if (to === undefined) return IDBKeyRange.lowerBound(from);
  return IDBKeyRange.bound(from, to);
}
