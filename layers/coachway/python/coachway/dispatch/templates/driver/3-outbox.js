// Actions and positions, stored until the API has accepted them. They are sent in order, each once, also after a reload.

const MAX_POSITIONS = 100;
const POSITION_DELAY_MS = 28_000; // sends two or three positions together
const RETRY_DELAYS_MS = [5_000, 10_000, 20_000, 40_000, 60_000];

const outbox = {
  entries: [], // of the current driver
  isConnected: navigator.onLine,
  isStopped: false, // until the driver logs in again
  positionSentAt: null, // for the assignment whose vehicle the driver is in
  failures: 0,
  retryTimer: 0,
  onChange: () => {}, // the page sets these callbacks
  onSent: () => {},
  onRejected: () => {},
  onSignedOut: () => {},
};

async function loadOutbox(driverId) {
  outbox.entries = (await readOutbox()).filter((entry) => entry.driver === driverId);
  outbox.onChange();
}

// Queues an action on an assignment or recovery (`targetId`), to be sent to `path`.
async function queueAction(driverId, targetId, action, path, body) {
  const key = crypto.randomUUID();
  await addToOutbox({ driver: driverId, kind: "act", of: targetId, act: action, path, body, key, at: now() });
  await loadOutbox(driverId);
  await sendOutbox(driverId);
}

async function queuePosition(driverId, assignmentId, point) {
  await addToOutbox({ driver: driverId, kind: "point", of: assignmentId, point, at: now() });
  await loadOutbox(driverId);
  await sendOutbox(driverId);
}

// The first action, or the first positions of the same assignment once it is time to send them.
function nextBatch() {
  const [first] = outbox.entries;
  if (!first || first.kind === "act") return first ? [first] : [];
  const end = outbox.entries.findIndex((entry) => entry.kind !== "point" || entry.of !== first.of);
  const positions = end < 0 ? outbox.entries : outbox.entries.slice(0, end);
  const isDue = end >= 0 || positions.length >= 3 || now() - first.at >= POSITION_DELAY_MS;
  return isDue ? positions.slice(0, MAX_POSITIONS) : [];
}

function sendBatch(batch) {
  const [first] = batch;
  if (first.kind === "act") return callApi("POST", first.path, first.body, first.key);
  const points = batch.map((entry) => entry.point);
  return callApi("POST", "dispatch/check-ins", { assignment_id: first.of, points });
}

// Sends all entries, one batch after the other. A lock ensures that only one window sends.
async function sendOutbox(driverId) {
  if (outbox.isStopped) return;
  await navigator.locks.request("coachway-outbox", { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    try {
      await loadOutbox(driverId);
      for (let batch = nextBatch(); batch.length; batch = nextBatch()) {
        if (!(await isCurrentDriver(driverId))) return;
        const response = await sendBatch(batch);
        if (response.status >= 500 || response.status === 429 || response.status === 408) {
          throw new OfflineError(`HTTP status ${response.status}`);
        }
        outbox.isConnected = true;
        outbox.failures = 0;
        if (response.ok) {
          await outbox.onSent(batch, response);
        } else {
          await outbox.onRejected(batch, await readErrorText(response));
        }
        await deleteFromOutbox(batch); // last: after an interruption it is sent again, and the API accepts it once
        await loadOutbox(driverId);
      }
    } catch (error) {
      if (error instanceof SignedOutError) return outbox.onSignedOut();
      if (!(error instanceof OfflineError)) throw error;
      outbox.isConnected = false;
      scheduleRetry(driverId);
    }
    outbox.onChange();
  });
}

function scheduleRetry(driverId) {
  clearTimeout(outbox.retryTimer);
  const delay = RETRY_DELAYS_MS[Math.min(outbox.failures++, RETRY_DELAYS_MS.length - 1)];
  outbox.retryTimer = setTimeout(() => sendOutbox(driverId), delay);
}
