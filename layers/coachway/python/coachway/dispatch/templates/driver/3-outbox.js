// What the driver did and where the phone was, kept until the API has it: in order, each thing once, over reloads.

const MOST_POINTS = 100;
const POINTS_WAIT_MS = 28_000; // two or three points go together
const TRY_AGAIN_MS = [5_000, 10_000, 20_000, 40_000, 60_000];

const outbox = {
  waiting: [], // of whoever is logged in
  others: 0, // left behind by somebody who was logged in before
  connected: navigator.onLine,
  isStopped: false, // until somebody logs in again
  sentAt: null,
  failures: 0,
  timer: 0,
  changed: () => {}, // set by the page
  answered: () => {},
  refused: () => {},
  signedOut: () => {},
};

async function countOutbox(driver) {
  const everything = await keptOutbox();
  outbox.waiting = everything.filter((entry) => entry.driver === driver);
  outbox.others = everything.length - outbox.waiting.length;
  outbox.changed();
}

// `of` is the id of what is acted on, `path` where the API takes it.
async function putAct(driver, of, act, path, body) {
  await keepInOutbox({ driver, kind: "act", of, act, path, body, key: crypto.randomUUID(), at: now() });
  await countOutbox(driver);
  await sendOutbox(driver);
}

async function putPoint(driver, of, point) {
  await keepInOutbox({ driver, kind: "point", of, point, at: now() });
  await countOutbox(driver);
  await sendOutbox(driver);
}

// The first thing that waits; of points, as many as belong together.
function nextBatch() {
  const [first] = outbox.waiting;
  if (!first || first.kind === "act") return first ? [first] : [];
  const end = outbox.waiting.findIndex((entry) => entry.kind !== "point" || entry.of !== first.of);
  const points = end < 0 ? outbox.waiting : outbox.waiting.slice(0, end);
  const more = end >= 0 || points.length >= 3 || now() - first.at >= POINTS_WAIT_MS;
  return more ? points.slice(0, MOST_POINTS) : [];
}

function requestOf(batch) {
  const [first] = batch;
  if (first.kind === "act") return ["POST", first.path, first.body, first.key];
  const points = batch.map((entry) => entry.point);
  return ["POST", "dispatch/check-ins", { assignment_id: first.of, points }, undefined];
}

// Send what waits, one after the other; only one window at a time does.
async function sendOutbox(driver) {
  if (outbox.isStopped) return;
  await navigator.locks.request("coachway-outbox", { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    try {
      await countOutbox(driver);
      for (let batch = nextBatch(); batch.length; batch = nextBatch()) {
        if (!(await isStill(driver))) return;
        const answer = await ask(...requestOf(batch));
        if (answer.status >= 500 || answer.status === 429 || answer.status === 408) {
          throw new Offline(`the answer was ${answer.status}`);
        }
        outbox.connected = true;
        outbox.failures = 0;
        if (answer.ok) {
          outbox.sentAt = now();
          await outbox.answered(batch, answer);
        } else {
          await outbox.refused(batch, await refusalOf(answer));
        }
        await forgetFromOutbox(batch); // last: what is interrupted before is sent again, and the API takes it once
        await countOutbox(driver);
      }
    } catch (trouble) {
      if (trouble instanceof SignedOut) return outbox.signedOut();
      if (!(trouble instanceof Offline)) throw trouble;
      outbox.connected = false;
      tryAgain(driver);
    }
    outbox.changed();
  });
}

function tryAgain(driver) {
  clearTimeout(outbox.timer);
  const wait = TRY_AGAIN_MS[Math.min(outbox.failures++, TRY_AGAIN_MS.length - 1)];
  outbox.timer = setTimeout(() => sendOutbox(driver), wait);
}
