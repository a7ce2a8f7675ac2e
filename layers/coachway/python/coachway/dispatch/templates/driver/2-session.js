// Requests to the API. The session lies in http-only cookies; only the CSRF token can be read here.

const API = new URL("../api/v1/", location.href);
const PATIENCE_MS = 20_000;

class Offline extends Error {}
class SignedOut extends Error {}

// Phones' clocks may be wrong by hours; the answers tell the time, but not by the second: they take a while.
const NOTABLE_MS = 30_000;
let behind = 0;
const now = () => Date.now() + behind;

async function learnTime(answer) {
  const off = Date.parse(answer.headers.get("Date")) - Date.now();
  if (!(Math.abs(off - behind) > NOTABLE_MS)) return; // nor where no time was told
  behind = off;
  await keepFact("behind", behind);
}

function csrf() {
  const found = document.cookie.split("; ").find((each) => each.startsWith("coachway_csrf="));
  return found ? found.slice("coachway_csrf=".length) : "";
}

async function send(method, path, body, key) {
  const headers = { "X-CSRF-Token": csrf() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  let answer;
  try {
    answer = await fetch(new URL(path, API), {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch (trouble) {
    throw new Offline(trouble.message);
  }
  await learnTime(answer);
  return answer;
}

// Whether this window's driver is the one who is logged in: that may have changed in another window.
async function isStill(driver) {
  if ((await fact("me"))?.party_id === driver) return true;
  if (state.me?.party_id === driver) location.reload();
  return false;
}

// An access token lives for 15 minutes. Windows take turns to renew it: a refresh token is good only once.
async function renewed(used) {
  return navigator.locks.request("coachway-session", async () => {
    if (csrf() && csrf() !== used) return true; // another window was first
    const answer = await send("POST", "auth/refresh", {});
    if (answer.ok) return true;
    if (answer.status === 401 || answer.status === 403) return false;
    throw new Offline(`refresh: ${answer.status}`);
  });
}

// The answer to a request, the session renewed if need be. Throws Offline or SignedOut.
async function ask(method, path, body, key) {
  const used = csrf();
  let answer = await send(method, path, body, key);
  if (answer.status === 401 || (answer.status === 403 && csrf() !== used)) {
    if (!(await renewed(used))) throw new SignedOut();
    answer = await send(method, path, body, key);
    if (answer.status === 401) throw new SignedOut();
  }
  return answer;
}

async function askJson(method, path, body) {
  const answer = await ask(method, path, body);
  if (!answer.ok) throw new Offline(`${path}: ${answer.status}`);
  return answer.json();
}

// What went wrong, in the words of the API.
async function refusalOf(answer) {
  const problem = await answer.json().catch(() => ({}));
  const fields = (problem.errors ?? []).map((each) => each.message);
  return [problem.detail || problem.title || `the answer was ${answer.status}`, ...fields].join(". ");
}
