// The page: the list of trips, the status bar, and the actions of the buttons.

const REFRESH_INTERVAL_MS = 60_000;
const SEND_INTERVAL_MS = 10_000;
const STARTED_STATUSES = ["checked_in", "in_progress", "completed"];

const EMPTY_STATE = { me: null, trips: [], offers: [], isLoaded: false, hasLoadedOlderTrips: false, rendered: "" };
const state = { ...EMPTY_STATE, isSignedOut: false };

// Trips -------------------------------------------------------------------------------------------------------------

const driverId = () => state.me.party_id;

async function refreshTrips() {
  if (!state.me || state.isSignedOut) return;
  try {
    const driver = driverId();
    // Drivers see the recoveries that wait for their answer.
    const [trips, recoveries] = await Promise.all([fetchTrips(), fetchJson("dispatch/recoveries")]);
    if (!(await isCurrentDriver(driver))) return;
    outbox.isConnected = true;
    state.offers = recoveries.items;
    await saveTrips(driver, trips.filter(isCurrentTrip));
    state.hasLoadedOlderTrips = true;
  } catch (error) {
    if (error instanceof SignedOutError) return handleSignedOut();
    if (!(error instanceof OfflineError)) throw error;
    outbox.isConnected = false;
  }
  render();
}

// Lists are by the day on which the duty begins. Older trips on duty are found once, and then fetched by id.
async function fetchTrips() {
  const { timezone } = state.me.organization;
  const dayBefore = (days) => isoDay(now() - days * DAY_MS, timezone);
  const list = async (query) => (await fetchJson(`dispatch/assignments?limit=100&${query}`)).items;
  const listOlder = (status) => list(`date_from=${dayBefore(31)}&date_to=${dayBefore(2)}&status=${status}`);
  const recentTrips = await list(`date_from=${dayBefore(1)}`);
  if (!state.hasLoadedOlderTrips) {
    const startedTrips = (await Promise.all(STARTED_STATUSES.map(listOlder))).flat();
    return [...startedTrips.filter((trip) => isOnDuty(trip) && !isForgotten(trip)), ...recentTrips];
  }
  const recentIds = new Set(recentTrips.map((trip) => trip.id));
  const olderTrips = state.trips.filter((trip) => isOnDuty(trip) && !recentIds.has(trip.id));
  return [...(await Promise.all(olderTrips.map((trip) => fetchJson(`dispatch/assignments/${trip.id}`)))), ...recentTrips];
}

// Completed more than a day ago without a check-out: the office must record when the duty ended.
const isForgotten = (trip) => trip.status === "completed" && Date.parse(trip.ends_at) < now() - DAY_MS;

// Trips that ended before today are not shown.
function isCurrentTrip(trip) {
  return isOnDuty(trip) || isoDay(trip.ends_at, trip.timezone) >= isoDay(now(), trip.timezone);
}

async function saveTrips(driver, trips) {
  state.trips = trips;
  state.isLoaded = true;
  await saveSetting("trips", { of: driver, trips });
}

// Display -----------------------------------------------------------------------------------------------------------

function render() {
  const trips = state.trips.map((trip) => applyPendingActions(trip, outbox.entries));
  const pendingActions = (offer) => outbox.entries.filter((entry) => entry.of === offer.id).map((entry) => ACTION_TEXTS[entry.act]);
  const offers = state.offers.map((offer) => ({ ...offer, pending: pendingActions(offer) }));
  const emptyText = state.isLoaded
    ? "You have no trips today or in the coming days."
    : outbox.isConnected ? "Loading your trips …" : "Your trips will load when you are back online.";
  const content = JSON.stringify([trips, offers, emptyText, Math.floor(now() / 600_000)]);
  if (content !== state.rendered) {
    // Only when something has changed: replacing a button while it is touched would lose the touch.
    const focusedId = document.activeElement?.closest?.(".trip")?.id;
    $("trips").replaceChildren(tripList(trips, offers, actions, emptyText));
    if (focusedId) $(focusedId)?.querySelector("button")?.focus({ preventScroll: true });
    state.rendered = content;
  }
  trackAssignment(activeAssignmentId(trips));
  renderStatusBar();
}

const countText = (count, noun) => (count ? `${count} ${noun}${count === 1 ? "" : "s"}` : "");

// Title, detail and CSS class of the status bar.
function statusBarContent() {
  const positionCount = outbox.entries.filter((entry) => entry.kind === "point").length;
  const actionCount = outbox.entries.length - positionCount;
  const waiting = [countText(actionCount, "action"), countText(positionCount, "position")].filter(Boolean).join(" and ");
  if (!outbox.isConnected) {
    const detail = waiting ? `${waiting} stored on this phone until you are online.` : "Your actions are stored on this phone until you are online.";
    return ["No network", detail, "status-bar problem"];
  }
  if (tracking.problem) return ["No position", tracking.problem, "status-bar problem"];
  const waitingText = waiting && `${waiting} waiting`;
  if (!tracking.assignmentId) {
    return ["Connected", waitingText || "Your position is sent only while you are on duty.", "status-bar idle"];
  }
  const { positionSentAt } = outbox;
  const sentText = positionSentAt
    ? `Last sent ${formatTime(positionSentAt, state.me?.organization.timezone, { second: "2-digit" })}`
    : "No position is sent yet";
  return ["Sending your position", [sentText, waitingText].filter(Boolean).join(" · "), "status-bar"];
}

function renderStatusBar() {
  const [title, detail, className] = statusBarContent();
  $("status-bar").hidden = !state.me;
  $("status-bar").className = className;
  if ($("status-title").textContent !== title) $("status-title").textContent = title; // screen readers read every change
  $("status-detail").textContent = detail;
}

function showNotice(text) {
  if ([...$("notices").children].some((notice) => notice.firstChild.textContent === text)) return;
  const notice = createElement("div", { className: "notice" }, text);
  notice.append(createButton("Dismiss", () => notice.remove(), "light"));
  $("notices").append(notice);
}

async function confirmAction(title, text, confirmLabel) {
  $("confirm-title").textContent = title;
  $("confirm-text").textContent = text;
  $("confirm-yes").textContent = confirmLabel;
  return (await showDialog($("confirm-dialog"))) === "yes";
}

// Shows a dialog until it is closed; returns the value of the button.
function showDialog(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }));
}

$("decline-dialog").addEventListener("submit", (event) => {
  const isMissing = event.submitter?.value === "yes" && !$("reason").value.trim();
  $("reason-missing").hidden = !isMissing;
  if (isMissing) event.preventDefault();
});

// Asks why the driver declines; null if the driver keeps the trip.
async function askForReason(tripText) {
  $("decline-trip").textContent = tripText;
  $("reason").value = "";
  $("reason-missing").hidden = true;
  return (await showDialog($("decline-dialog"))) === "yes" ? { reason: $("reason").value.trim() } : null;
}

// Actions -----------------------------------------------------------------------------------------------------------

const queueTripAction = (trip, action, body) =>
  queueAction(driverId(), trip.id, action, `dispatch/assignments/${trip.id}/${action}`, body);
const queueOfferAnswer = (offer, action, endpoint, body) =>
  queueAction(driverId(), offer.id, action, `dispatch/recoveries/${offer.id}/${endpoint}`, body);
const currentTime = () => new Date(now()).toISOString();

const actions = {
  accept: (trip) => queueTripAction(trip, "accept"),
  async decline(trip) {
    const time = `${dayHeading(trip, now())}, ${formatTime(trip.pickup_at, trip.timezone, WITH_ZONE)}`;
    const reason = await askForReason(`${trip.charter_number}, ${time}`);
    if (reason) await queueTripAction(trip, "decline", reason);
  },
  acceptOffer: (offer) => queueOfferAnswer(offer, "take-over", "accept"),
  async declineOffer(offer) {
    const reason = await askForReason(`${offer.charter_number}, ${formatTime(offer.pickup_at, offer.timezone, WITH_ZONE)}`);
    if (reason) await queueOfferAnswer(offer, "pass", "decline", reason);
  },
  checkIn: (trip) => queueTripAction(trip, "check-in", { at: currentTime() }),
  async undoCheckIn(trip) {
    const text = "Your check-in is removed, and so are the positions since then. You can check in again later.";
    if (await confirmAction("Did you check in by mistake?", text, "Yes, I am not on duty")) {
      await queueTripAction(trip, "undo-check-in", { at: currentTime() });
    }
  },
  depart: (trip, stop) => queueTripAction(trip, "depart", { stop: trip.stops.indexOf(stop), at: currentTime() }),
  async checkOut(trip) {
    const stopsAhead = trip.stops.filter((stop) => !stop.departed_at && !stop.arrived_at).length;
    const text = stopsAhead > 1 ? `This trip still has ${stopsAhead} stops ahead.` : "After that, your position is no longer sent.";
    if (await confirmAction("Do you want to end your duty now?", text, "Yes, check out")) {
      await queueTripAction(trip, "check-out", { at: currentTime() });
    }
  },
  // Fetched by script, because a plain link could not renew an expired session.
  async downloadTripSheet(trip) {
    try {
      const response = await callApi("GET", `dispatch/assignments/${trip.id}/trip-sheet.pdf`);
      if (!response.ok) return showNotice(await readErrorText(response));
      const url = URL.createObjectURL(await response.blob());
      createElement("a", { href: url, download: `trip-sheet-${trip.charter_number}.pdf` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch (error) {
      if (error instanceof SignedOutError) return handleSignedOut();
      if (!(error instanceof OfflineError)) throw error;
      showNotice("You are offline. Download the trip sheet when you are online again.");
    }
  },
};

async function logOut() {
  const hasEntries = outbox.entries.length > 0;
  if (hasEntries && !(await confirmAction("Some actions are not sent yet", "They are sent when you log in again on this phone.", "Log out anyway"))) return;
  trackAssignment("");
  try {
    await callApi("POST", "auth/logout");
  } catch (error) {
    if (error instanceof OfflineError) return showNotice("You are offline. You are still logged in.");
    if (!(error instanceof SignedOutError)) throw error;
  }
  Object.assign(state, EMPTY_STATE);
  outbox.entries = [];
  await clearSettings();
  $("driver-name").textContent = "";
  $("status-bar").hidden = true;
  await showLogin();
}

// Results of the outbox ---------------------------------------------------------------------------------------------

outbox.onChange = () => render();
outbox.onSignedOut = () => handleSignedOut();
outbox.onSent = async (batch, response) => {
  const [first] = batch;
  if (first.kind === "point") {
    if (first.of === tracking.assignmentId) outbox.positionSentAt = now();
    return;
  }
  const updated = await response.json().catch(() => null);
  if (first.path.startsWith("dispatch/recoveries")) setTimeout(refreshTrips, 0); // the trip is now the driver's own
  else if (updated?.id) await saveTrips(first.driver, state.trips.map((trip) => (trip.id === updated.id ? updated : trip)));
};
outbox.onRejected = async (batch, errorText) => {
  const [first] = batch;
  const trip = [...state.trips, ...state.offers].find((item) => item.id === first.of);
  const name = first.kind === "act" ? ACTION_TEXTS[first.act] : "Sending a position";
  showNotice(`${name} (${trip?.charter_number ?? "unknown trip"}) failed: ${errorText}`);
  setTimeout(refreshTrips, 0);
};
tracking.onPosition = (assignmentId, report) => queuePosition(driverId(), assignmentId, report);
tracking.onChange = renderStatusBar;
tracking.onSwitch = () => (outbox.positionSentAt = null);

function handleSignedOut() {
  if (state.isSignedOut) return; // the login is shown already
  state.isSignedOut = outbox.isStopped = true;
  const hint = outbox.entries.length ? " Actions stored on this phone are sent after you log in." : "";
  return showLogin(`Your session has ended. Please log in again.${hint}`);
}

// Start -------------------------------------------------------------------------------------------------------------

async function showTrips() {
  const { me } = state;
  const { name, phone } = me.organization;
  $("driver-name").textContent = `${me.first_name} ${me.last_name}`;
  $("trips-title").textContent = `Your trips for ${name}`;
  $("office-phone").hidden = !phone;
  if (phone) Object.assign($("office-phone"), { href: `tel:${phone}`, textContent: `Call ${formatPhone(phone)}` });
  showView("trips-view");
  await loadOutbox(me.party_id);
  await sendOutbox(me.party_id);
  await refreshTrips();
}

async function openPage() {
  $("no-script").hidden = true;
  if (navigator.storage?.persist) navigator.storage.persist(); // asks the browser not to clear the outbox
  const [me, saved] = [await readSetting("me"), await readSetting("trips")];
  clockOffset = (await readSetting("behind")) ?? 0;
  if (!me) {
    // The driver may have logged in on another page of this origin.
    return csrfToken() ? startSession(() => true).catch(() => showLogin()) : showLogin();
  }
  state.me = me;
  if (saved?.of === me.party_id) Object.assign(state, { trips: saved.trips.filter(isCurrentTrip), isLoaded: true });
  await showTrips();
}

$("refresh").addEventListener("click", async () => {
  await sendOutbox(driverId());
  await refreshTrips();
});
$("log-out").addEventListener("click", logOut);

function handleWake() {
  if (document.visibilityState !== "visible" || !state.me || state.isSignedOut) return;
  updateWakeLock();
  sendOutbox(driverId()).then(refreshTrips);
}
document.addEventListener("visibilitychange", handleWake);
addEventListener("online", handleWake);
addEventListener("offline", () => {
  outbox.isConnected = false;
  renderStatusBar();
});
setInterval(() => state.me && !state.isSignedOut && outbox.entries.length && sendOutbox(driverId()), SEND_INTERVAL_MS);
setInterval(() => document.visibilityState === "visible" && refreshTrips(), REFRESH_INTERVAL_MS);
setInterval(updateTimesLeft, SEND_INTERVAL_MS);

navigator.serviceWorker?.register("driver-worker.js", { scope: "./driver" });
openPage();
