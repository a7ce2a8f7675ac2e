// What the phone keeps: the trips as last seen, and the outbox. In IndexedDB, which outlives reloads and dead batteries.

const opening = new Promise((resolve, reject) => {
  const request = indexedDB.open("coachway-driver", 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("facts");
    request.result.createObjectStore("outbox", { keyPath: "id", autoIncrement: true });
  };
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

async function stored(store, mode, act) {
  const database = await opening;
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(store, mode, { durability: "strict" });
    const request = act(transaction.objectStore(store));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

const fact = (name) => stored("facts", "readonly", (facts) => facts.get(name));
const keepFact = (name, value) => stored("facts", "readwrite", (facts) => facts.put(value, name));
const forgetFacts = () => stored("facts", "readwrite", (facts) => facts.clear());

const keptOutbox = () => stored("outbox", "readonly", (outbox) => outbox.getAll());
const keepInOutbox = (entry) => stored("outbox", "readwrite", (outbox) => outbox.add(entry));
const forgetFromOutbox = (entries) =>
  stored("outbox", "readwrite", (outbox) => {
    for (const entry of entries.slice(0, -1)) outbox.delete(entry.id);
    return outbox.delete(entries.at(-1).id);
  });
