// Data stored on the phone in IndexedDB: settings, the trips last seen, and the outbox. It survives reloads and restarts.
// The names of the database, its stores and their fields must not change: phones hold data under them.

const databasePromise = new Promise((resolve, reject) => {
  const request = indexedDB.open("coachway-driver", 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("facts");
    request.result.createObjectStore("outbox", { keyPath: "id", autoIncrement: true });
  };
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

async function runTransaction(storeName, mode, createRequest) {
  const database = await databasePromise;
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(storeName, mode, { durability: "strict" });
    const request = createRequest(transaction.objectStore(storeName));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

const readSetting = (name) => runTransaction("facts", "readonly", (store) => store.get(name));
const saveSetting = (name, value) => runTransaction("facts", "readwrite", (store) => store.put(value, name));
const clearSettings = () => runTransaction("facts", "readwrite", (store) => store.clear());

const readOutbox = () => runTransaction("outbox", "readonly", (store) => store.getAll());
const addToOutbox = (entry) => runTransaction("outbox", "readwrite", (store) => store.add(entry));
const deleteFromOutbox = (entries) =>
  runTransaction("outbox", "readwrite", (store) => {
    for (const entry of entries.slice(0, -1)) store.delete(entry.id);
    return store.delete(entries.at(-1).id);
  });
