// The page itself: the list, the strip on top, and what the buttons do.

const LOOK_AGAIN_MS = 60_000;

const BEGUN = ["checked_in", "in_progress", "completed"];

const NOBODY = { me: null, trips: [], offers: [], looked: false, lookedBack: false, shown: "" };
const state = { ...NOBODY, signedOut: false };

// Trips -------------------------------------------------------------------------------------------------------------

const driverId = () => state.me.party_id;

async function lookForNews() {
  if (!state.me || state.signedOut) return;
  try {
    const driver = driverId();
    const [trips, asked] = await Promise.all([
      ownTrips(),
      askJson("GET", "dispatch/recoveries"), // those that wait for this driver's answer
    ]);
    if (!(await isStill(driver))) return;
    outbox.connected = true;
    state.offers = asked.items;
    await keepTrips(driver, trips.filter(isOfNow));
    state.lookedBack = true;
  } catch (trouble) {
    if (trouble instanceof SignedOut) return sessionEnded();
    if (!(trouble instanceof Offline)) throw trouble;
    outbox.connected = false;
  }
  draw();
}

// Lists go by the day on which a duty begins: one of many days is looked for once, and then followed by itself.
async function ownTrips() {
  const { timezone } = state.me.organization;
  const day = (ago) => dayOf(now() - ago * DAY_MS, timezone);
  const list = async (query) => (await askJson("GET", `dispatch/assignments?limit=100&${query}`)).items;
  const older = (status) => list(`date_from=${day(31)}&date_to=${day(2)}&status=${status}`);
  const recent = await list(`date_from=${day(1)}`);
  if (!state.lookedBack) {
    const begun = (await Promise.all(BEGUN.map(older))).flat().filter((trip) => isOnDuty(trip) && !isForgotten(trip));
    return [...begun, ...recent];
  }
  const listed = new Set(recent.map((trip) => trip.id));
  const begun = state.trips.filter((trip) => isOnDuty(trip) && !listed.has(trip.id));
  return [...(await Promise.all(begun.map((trip) => askJson("GET", `dispatch/assignments/${trip.id}`)))), ...recent];
}

// Over for more than a day: when that duty ended is for the office to find out.
const isForgotten = (trip) => trip.status === "completed" && Date.parse(trip.ends_at) < now() - DAY_MS;

// Not those that were over before today.
function isOfNow(trip) {
  return isOnDuty(trip) || dayOf(trip.ends_at, trip.timezone) >= dayOf(now(), trip.timezone);
}

async function keepTrips(driver, trips) {
  state.trips = trips;
  state.looked = true;
  await keepFact("trips", { of: driver, trips });
}

function draw() {
  const trips = state.trips.map((trip) => asDone(trip, outbox.waiting));
  const doing = (offer) => outbox.waiting.filter((entry) => entry.of === offer.id).map((entry) => DOING[entry.act]);
  const offers = state.offers.map((offer) => ({ ...offer, doing: doing(offer) }));
  const empty = state.looked ? "No trips for you today or on the next days." : outbox.connected ? "Looking for your trips …" : "Your trips come when there is network.";
  const shown = JSON.stringify([trips, offers, empty, Math.floor(now() / 600_000)]);
  if (shown !== state.shown) {
    // Only when something else is to be seen: a button that is replaced under a finger is not pressed.
    const focused = document.activeElement?.closest?.(".trip")?.id;
    $("trips").replaceChildren(tripList(trips, offers, acts, empty));
    if (focused) $(focused)?.querySelector("button")?.focus({ preventScroll: true });
    state.shown = shown;
  }
  follow(driving(trips));
  drawStrip();
}

function drawStrip() {
  const points = outbox.waiting.filter((entry) => entry.kind === "point").length;
  const acts = outbox.waiting.length - points;
  const parts = [acts && `${acts} ${acts === 1 ? "action" : "actions"}`, points && `${points} ${points === 1 ? "position" : "positions"}`];
  const waiting = parts.filter(Boolean).join(" and ");
  const on = position.assignment !== "";
  const strip = $("strip");
  const zone = state.me?.organization.timezone;
  const [title, more] = !outbox.connected
    ? ["No network", waiting ? `${waiting} kept on this phone, and sent when there is network.` : "What you do is kept on this phone, and sent when there is network."]
    : position.trouble
      ? ["No position", position.trouble]
      : on
        ? ["Sending your position", [outbox.sentAt && `Last sent ${timeOf(outbox.sentAt, zone, { second: "2-digit" })}`, waiting && `${waiting} waiting`].filter(Boolean).join(" · ")]
        : ["Connected", waiting ? `${waiting} waiting` : "Your position is sent only while you are on duty."];
  const mood = !outbox.connected || position.trouble ? "strip off" : on ? "strip" : "strip still";
  strip.hidden = !state.me;
  strip.className = mood;
  if ($("strip-title").textContent !== title) $("strip-title").textContent = title; // told again, it is read aloud again
  $("strip-more").textContent = more;
}

function tell(words) {
  if ([...$("news").children].some((each) => each.firstChild.textContent === words)) return;
  const item = made("div", { className: "news" }, words);
  item.append(button("Understood", () => item.remove(), "light"));
  $("news").append(item);
}

async function sure(title, what, yes) {
  $("sure-title").textContent = title;
  $("sure-what").textContent = what;
  $("sure-yes").textContent = yes;
  return (await answered($("sure"))) === "yes";
}

function answered(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }));
}

$("decline").addEventListener("submit", (event) => {
  const missing = event.submitter?.value === "yes" && !$("reason").value.trim();
  $("reason-wrong").hidden = !missing;
  if (missing) event.preventDefault();
});

const act = (trip, name, body) => putAct(driverId(), trip.id, name, `dispatch/assignments/${trip.id}/${name}`, body);
const answerTo = (offer, name, end, body) => putAct(driverId(), offer.id, name, `dispatch/recoveries/${offer.id}/${end}`, body);

// Why not; null if it is kept after all.
async function reasonAgainst(what) {
  $("decline-what").textContent = what;
  $("reason").value = "";
  $("reason-wrong").hidden = true;
  return (await answered($("decline"))) === "yes" ? { reason: $("reason").value.trim() } : null;
}

const acts = {
  accept: (trip) => act(trip, "accept"),
  async decline(trip) {
    const when = `${headingOf(trip, now())}, ${timeOf(trip.pickup_at, trip.timezone, withZone)}`;
    const reason = await reasonAgainst(`${trip.charter_number}, ${when}`);
    if (reason) await act(trip, "decline", reason);
  },
  takeOver: (offer) => answerTo(offer, "take-over", "accept"),
  async pass(offer) {
    const reason = await reasonAgainst(`${offer.charter_number}, ${timeOf(offer.pickup_at, offer.timezone, withZone)}`);
    if (reason) await answerTo(offer, "pass", "decline", reason);
  },
  checkIn: (trip) => act(trip, "check-in", { at: new Date(now()).toISOString() }),
  depart: (trip, stop) => act(trip, "depart", { stop: trip.stops.indexOf(stop), at: new Date(now()).toISOString() }),
  async checkOut(trip) {
    const open = trip.stops.filter((stop) => !stop.departed_at && !stop.arrived_at).length;
    const what = open > 1 ? `${open} stops of this trip are still ahead.` : "Your position is then no longer sent.";
    if (await sure("Does your duty end now?", what, "Yes, check out")) {
      await act(trip, "check-out", { at: new Date(now()).toISOString() });
    }
  },
  // Fetched, as a plain link would not renew a session that has lapsed.
  async sheet(trip) {
    try {
      const answer = await ask("GET", `dispatch/assignments/${trip.id}/trip-sheet.pdf`);
      if (!answer.ok) return tell(await refusalOf(answer));
      const file = URL.createObjectURL(await answer.blob());
      made("a", { href: file, download: `trip-sheet-${trip.charter_number}.pdf` }).click();
      setTimeout(() => URL.revokeObjectURL(file), 60_000);
    } catch (trouble) {
      if (trouble instanceof SignedOut) return sessionEnded();
      if (!(trouble instanceof Offline)) throw trouble;
      tell("There is no network just now: the trip sheet has to wait.");
    }
  },
};

// What the outbox tells ----------------------------------------------------------------------------------------------

outbox.changed = () => draw();
outbox.signedOut = () => sessionEnded();
outbox.answered = async (batch, answer) => {
  if (batch[0].kind !== "act") return;
  const trip = await answer.json().catch(() => null);
  if (batch[0].path.startsWith("dispatch/recoveries")) setTimeout(lookForNews, 0); // the trip is now among the own
  else if (trip?.id) await keepTrips(batch[0].driver, state.trips.map((each) => (each.id === trip.id ? trip : each)));
};
outbox.refused = async (batch, words) => {
  const [first] = batch;
  const trip = [...state.trips, ...state.offers].find((each) => each.id === first.of);
  const what = first.kind === "act" ? DOING[first.act] : "A position";
  tell(`${what} (${trip?.charter_number ?? "a trip"}) was not taken: ${words}`);
  setTimeout(lookForNews, 0);
};
position.keep = (assignment, point) => putPoint(driverId(), assignment, point);
position.changed = drawStrip;

function sessionEnded() {
  if (state.signedOut) return; // they may be logging in already
  state.signedOut = outbox.isStopped = true;
  const waiting = outbox.waiting.length ? " What waits on this phone is sent when you have." : "";
  return askForLogIn(`Your session has ended. Log in again, please.${waiting}`);
}

async function logOut() {
  if (outbox.waiting.length && !(await sure("Something is still waiting", "It is sent when you log in again on this phone.", "Log out all the same"))) return;
  follow("");
  try {
    await ask("POST", "auth/logout");
  } catch (trouble) {
    if (trouble instanceof Offline) return tell("There is no network just now: you are still logged in.");
    if (!(trouble instanceof SignedOut)) throw trouble;
  }
  Object.assign(state, NOBODY);
  outbox.waiting = [];
  await forgetFacts();
  $("who").textContent = "";
  $("strip").hidden = true;
  await askForLogIn();
}

// The page ----------------------------------------------------------------------------------------------------------

async function work() {
  const { me } = state;
  $("who").textContent = `${me.first_name} ${me.last_name}`;
  $("work-title").textContent = `Your trips for ${me.organization.name}`;
  const { phone } = me.organization;
  $("office").hidden = !phone;
  if (phone) Object.assign($("office"), { href: `tel:${phone}`, textContent: `Call ${readable(phone)}` });
  show("work");
  await countOutbox(me.party_id);
  await sendOutbox(me.party_id);
  await lookForNews();
}

async function open() {
  $("no-script").hidden = true;
  if (navigator.storage?.persist) navigator.storage.persist(); // the outbox must not be cleared to make room
  const [me, kept] = [await fact("me"), await fact("trips")];
  behind = (await fact("behind")) ?? 0;
  if (!me) {
    // Somebody who logged in elsewhere on this origin may have a session already.
    return csrf() ? begin(() => true).catch(() => askForLogIn()) : askForLogIn();
  }
  state.me = me;
  if (kept?.of === me.party_id) Object.assign(state, { trips: kept.trips.filter(isOfNow), looked: true });
  await work();
}

$("refresh").addEventListener("click", async () => {
  await sendOutbox(driverId());
  await lookForNews();
});
$("log-out").addEventListener("click", logOut);

function wake() {
  if (document.visibilityState !== "visible" || !state.me || state.signedOut) return;
  stayAwake();
  sendOutbox(driverId()).then(lookForNews);
}
document.addEventListener("visibilitychange", wake);
addEventListener("online", wake);
addEventListener("offline", () => {
  outbox.connected = false;
  drawStrip();
});
setInterval(() => state.me && !state.signedOut && outbox.waiting.length && sendOutbox(driverId()), 10_000);
setInterval(() => document.visibilityState === "visible" && lookForNews(), LOOK_AGAIN_MS);
setInterval(tellTimeLeft, 10_000);

navigator.serviceWorker?.register("driver-worker.js", { scope: "./driver" });
open();
