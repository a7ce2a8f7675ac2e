// Requests to the API. The session is in HTTP-only cookies; scripts can read only the CSRF token.

const API_URL = new URL("../api/v1/", location.href);
const REQUEST_TIMEOUT_MS = 20_000;

class OfflineError extends Error {}
class SignedOutError extends Error {}

// The clocks of phones may be wrong by hours. The Date header of responses corrects them; small differences are delays.
const CLOCK_TOLERANCE_MS = 30_000;
let clockOffset = 0;
const now = () => Date.now() + clockOffset;

async function updateClockOffset(response) {
  const offset = Date.parse(response.headers.get("Date")) - Date.now();
  if (!(Math.abs(offset - clockOffset) > CLOCK_TOLERANCE_MS)) return; // also if the header is missing (NaN)
  clockOffset = offset;
  await saveSetting("behind", clockOffset);
}

function csrfToken() {
  const cookie = document.cookie.split("; ").find((item) => item.startsWith("coachway_csrf="));
  return cookie ? cookie.slice("coachway_csrf=".length) : "";
}

// Sends one request. Throws OfflineError when there is no response.
async function sendRequest(method, path, body, idempotencyKey) {
  const headers = { "X-CSRF-Token": csrfToken() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (idempotencyKey) headers["Idempotency-Key"] = idempotencyKey;
  let response;
  try {
    response = await fetch(new URL(path, API_URL), {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
  } catch (error) {
    throw new OfflineError(error.message);
  }
  await updateClockOffset(response);
  return response;
}

// Whether this window's driver is still logged in: another window may have logged in somebody else.
async function isCurrentDriver(driverId) {
  if ((await readSetting("me"))?.party_id === driverId) return true;
  if (state.me?.party_id === driverId) location.reload();
  return false;
}

// Renews the session, which lasts 15 minutes. A lock ensures that one window does so: a refresh token works only once.
async function renewSession(usedToken) {
  return navigator.locks.request("coachway-session", async () => {
    if (csrfToken() && csrfToken() !== usedToken) return true; // another window has renewed it
    const response = await sendRequest("POST", "auth/refresh", {});
    if (response.ok) return true;
    if (response.status === 401 || response.status === 403) return false;
    throw new OfflineError(`refresh: ${response.status}`);
  });
}

// Sends a request, and renews the session if necessary. Throws OfflineError or SignedOutError.
async function callApi(method, path, body, idempotencyKey) {
  const usedToken = csrfToken();
  let response = await sendRequest(method, path, body, idempotencyKey);
  if (response.status === 401 || (response.status === 403 && csrfToken() !== usedToken)) {
    if (!(await renewSession(usedToken))) throw new SignedOutError();
    response = await sendRequest(method, path, body, idempotencyKey);
    if (response.status === 401) throw new SignedOutError();
  }
  return response;
}

async function fetchJson(path) {
  const response = await callApi("GET", path);
  if (!response.ok) throw new OfflineError(`${path}: ${response.status}`);
  return response.json();
}

// The error message of a response, from the problem details of the API.
async function readErrorText(response) {
  const problem = await response.json().catch(() => ({}));
  const text = problem.detail || problem.title || `HTTP status ${response.status}`;
  const messages = (problem.errors ?? []).map((error) => error.message).filter((message) => !text.includes(message));
  return [text, ...messages].join(". ");
}
