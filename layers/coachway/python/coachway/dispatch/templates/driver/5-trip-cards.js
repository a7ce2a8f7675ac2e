// The cards of trips and takeover offers, built from API data and from actions that are not sent yet.

const ENDED_STATUSES = new Set(["completed", "declined", "released"]);
const ON_DUTY_STATUSES = new Set(["checked_in", "in_progress"]);
const DAY_MS = 86_400_000;
const CHECK_IN_LEAD_MS = 4 * 3_600_000; // how long before the duty begins a driver may check in
const STATUS_TEXTS = {
  offered: "New: please answer",
  accepted: "You drive this trip",
  checked_in: "On duty",
  in_progress: "Under way",
  completed: "Done",
  declined: "Declined",
  released: "Released by the office",
};
const UNDO_LIMIT_MS = 15 * 60_000; // how long after it a driver may undo a check-in
const STATUS_AFTER = { accept: "accepted", decline: "declined", "check-in": "checked_in", "undo-check-in": "accepted", "check-out": "completed" };
// By the names under which actions are stored in the outbox.
const ACTION_TEXTS = {
  accept: "Accepting",
  decline: "Declining",
  "check-in": "Going on duty",
  "undo-check-in": "Undoing the check-in",
  depart: "Leaving the stop",
  "check-out": "Going off duty",
  "take-over": "Taking over",
  pass: "Declining to take over",
};
const STOP_TYPE_TEXTS = { pickup: "Pickup", dropoff: "Drop-off", waypoint: "Stop" };

function createElement(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

function createButton(text, onclick, className = "") {
  return createElement("button", { type: "button", className, onclick }, text);
}

// The trip as it will be after the outbox is sent.
function applyPendingActions(trip, entries) {
  const stops = trip.stops.map((stop) => ({ ...stop }));
  let { status, checked_in_at, checked_out_at } = trip;
  const actions = entries.filter((entry) => entry.kind === "act" && entry.of === trip.id);
  for (const { act, at, body } of actions) {
    const time = new Date(at).toISOString();
    if (act === "depart") {
      stops[body.stop].departed_at = time;
      status = "in_progress";
    } else status = STATUS_AFTER[act];
    if (act === "check-in") checked_in_at = time;
    if (act === "undo-check-in") checked_in_at = null;
    if (act === "check-out") checked_out_at = time;
  }
  return { ...trip, status, stops, checked_in_at, checked_out_at, pending: actions.map((entry) => ACTION_TEXTS[entry.act]) };
}

// From check-in until check-out. The last drop-off completes the trip, but the driver stays on duty until the garage.
const isOnDuty = (trip) => ON_DUTY_STATUSES.has(trip.status) || (trip.status === "completed" && !!trip.checked_in_at && !trip.checked_out_at);
// The id of the assignment whose vehicle the driver is in, or "".
const activeAssignmentId = (trips) => trips.find((trip) => ON_DUTY_STATUSES.has(trip.status))?.id ?? "";

// The stop where the vehicle is, or the next one. Stops that it passed without stopping are skipped.
function findNextStop({ stops }) {
  const lastDeparted = stops.findLastIndex((stop) => stop.departed_at);
  const lastArrived = stops.findLastIndex((stop) => stop.arrived_at);
  return stops[Math.max(lastDeparted + 1, lastArrived)];
}

const WITH_ZONE = { timeZoneName: "short" };

function formatTime(time, zone, options) {
  const format = { hour: "numeric", minute: "2-digit", timeZone: zone, ...options };
  return new Intl.DateTimeFormat("en-US", format).format(new Date(time));
}

function formatDay(time, zone) {
  const format = { weekday: "long", month: "long", day: "numeric", timeZone: zone };
  return new Intl.DateTimeFormat("en-US", format).format(new Date(time));
}

const isoDay = (time, zone) => new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(new Date(time));

// Times include the day if the trip does not end on the day on which it starts.
function dayFormat(trip) {
  const isOneDay = isoDay(trip.starts_at, trip.timezone) === isoDay(trip.ends_at, trip.timezone);
  return isOneDay ? {} : { weekday: "short", month: "short", day: "numeric" };
}

function dayHeading(trip, time) {
  const day = isoDay(trip.starts_at, trip.timezone);
  if (isOnDuty(trip) || day <= isoDay(time, trip.timezone)) return "Today";
  if (day === isoDay(time + DAY_MS, trip.timezone)) return "Tomorrow";
  return formatDay(trip.starts_at, trip.timezone);
}

// Formats `+12125550123` as `+1 212-555-0123`; numbers of other countries stay as they are.
const formatPhone = (phone) => phone.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "+1 $1-$2-$3");

const shortAddress = (stop) => stop.address.split(",").slice(0, 2).join(",");

// A link that opens the phone's map app. Apple devices do not support geo: links.
function mapLink(stop) {
  const address = encodeURIComponent(stop.address);
  const isApple = /iPhone|iPad|Macintosh/.test(navigator.userAgent);
  if (stop.latitude === null) return isApple ? `maps://?daddr=${address}` : `geo:0,0?q=${address}`;
  const coordinates = `${stop.latitude},${stop.longitude}`;
  return isApple ? `maps://?daddr=${coordinates}&q=${address}` : `geo:${coordinates}?q=${coordinates}(${address})`;
}

function stopItem(stop, trip) {
  const zone = stop.timezone || trip.timezone;
  const format = { ...WITH_ZONE, ...dayFormat(trip) };
  const [arrival, departure] = [stop.arrival, stop.departure].map((time) => time && formatTime(time, zone, format));
  const hasOneTime = arrival === departure; // a stop without a planned wait
  const plannedTimes = [
    arrival && !(hasOneTime && stop.stop_type === "pickup") && `Arrive ${arrival}`,
    departure && !(hasOneTime && stop.stop_type !== "pickup") && `Leave ${departure}`,
  ].filter(Boolean);
  const actualTime = stop.departed_at ?? stop.arrived_at;
  return createElement("li", {},
    createElement("div", { className: "quiet" }, STOP_TYPE_TEXTS[stop.stop_type] ?? "Stop"),
    createElement("div", { className: "where" }, createElement("a", { href: mapLink(stop) }, stop.address)),
    createElement("div", { className: "when" }, plannedTimes.join(" · ")),
    actualTime ? createElement("div", { className: "done" }, `${stop.departed_at ? "Left" : "Arrived"} ${formatTime(actualTime, zone, dayFormat(trip))}`) : null,
  );
}

// The buttons for the next actions on a trip. `actions` come from the page; `isBusy` means on duty for some trip.
function tripButtons(trip, actions, isBusy) {
  const next = findNextStop(trip);
  const isLast = next === trip.stops.at(-1);
  switch (trip.status) {
    case "offered":
      return [createButton("Accept", () => actions.accept(trip)), createButton("Decline …", () => actions.decline(trip), "plain")];
    case "accepted": {
      const opensAt = Date.parse(trip.starts_at) - CHECK_IN_LEAD_MS;
      const opensText = `${dayHeading({ ...trip, starts_at: new Date(opensAt).toISOString() }, now())}, ${formatTime(opensAt, trip.timezone, WITH_ZONE)}`;
      return [
        isBusy ? null : now() < opensAt ? createElement("p", { className: "quiet" }, `You can check in from: ${opensText}`)
          : createButton("Check in for duty", () => actions.checkIn(trip)),
        createButton("I cannot drive this trip …", () => actions.decline(trip), "plain"),
      ];
    }
    case "checked_in":
      return [
        createButton(`Leaving ${shortAddress(next ?? trip.stops[0])}`, () => actions.depart(trip, next)),
        now() - Date.parse(trip.checked_in_at) < UNDO_LIMIT_MS
          ? createButton("I am not on duty …", () => actions.undoCheckIn(trip), "plain") : null,
      ];
    case "in_progress":
      return [
        next && !isLast ? createButton(`Leaving ${shortAddress(next)}`, () => actions.depart(trip, next)) : null,
        createButton("Check out …", () => actions.checkOut(trip), "light"),
      ];
    case "completed":
      return isOnDuty(trip) ? [createButton("Check out …", () => actions.checkOut(trip))] : [];
    default:
      return [];
  }
}

function addFact(facts, label, ...value) {
  if (value[0]) facts.append(createElement("dt", {}, label), createElement("dd", {}, ...value));
}

function cardTitle(item) {
  const time = createElement("span", {}, formatTime(item.pickup_at, item.timezone, WITH_ZONE));
  return createElement("h3", { id: `${item.id}-title` }, time, " · ", createElement("span", {}, item.charter_number));
}

function pendingText(item) {
  const text = `Waiting to be sent: ${item.pending.join(", ")}`;
  return item.pending.length ? createElement("p", { className: "pending" }, text) : null;
}

function tripCard(trip, actions, isBusy) {
  const facts = createElement("dl", { className: "facts" });
  const zone = trip.timezone;
  const format = dayFormat(trip);
  const ending = ENDED_STATUSES.has(trip.status) ? trip.message_to_driver || trip.reason : "";
  addFact(facts, "Duty", `${formatTime(trip.starts_at, zone, format)} to ${formatTime(trip.ends_at, zone, { ...WITH_ZONE, ...format })}`);
  if (trip.leaves_at) addFact(facts, "Leave the garage", formatTime(trip.leaves_at, zone, { ...WITH_ZONE, ...format }));
  if (trip.spot_at) addFact(facts, "At the first stop", formatTime(trip.spot_at, zone, { ...WITH_ZONE, ...format }));
  addFact(facts, "Vehicle", trip.vehicle_name);
  addFact(facts, "Passengers", String(trip.passengers));
  if (trip.second_driver_name) addFact(facts, "Drivers", `${trip.driver_name} and ${trip.second_driver_name}`);
  if (trip.contact_phone) {
    const link = createElement("a", { href: `tel:${trip.contact_phone}`, className: "call" }, formatPhone(trip.contact_phone));
    addFact(facts, "Contact", `${trip.contact_name || "On board"} `, link);
  }
  addFact(facts, "Notes", trip.notes);
  const onDuty = isOnDuty(trip);
  const card = createElement("article", { className: `card trip${onDuty ? " on" : ""}`, id: trip.id, "aria-labelledby": `${trip.id}-title` },
    cardTitle(trip),
    createElement("p", { className: "route" }, `${shortAddress(trip.stops[0])} → ${shortAddress(trip.stops.at(-1))}`),
    createElement("p", { className: `badge${trip.status === "offered" ? " new" : onDuty ? " on" : ""}` }, STATUS_TEXTS[trip.status]),
    pendingText(trip),
    ending ? createElement("p", { className: "quiet" }, ending) : null,
    ...tripButtons(trip, actions, isBusy),
    facts,
    createElement("ol", { className: "stops" }, ...trip.stops.map((stop) => stopItem(stop, trip))),
  );
  if (!ENDED_STATUSES.has(trip.status)) {
    card.append(createButton("Trip sheet (PDF)", () => actions.downloadTripSheet(trip), "light"));
  }
  return card;
}

function formatTimeLeft(expiresAt) {
  const minutes = Math.ceil((Date.parse(expiresAt) - now()) / 60_000);
  if (minutes <= 0) return "This offer has expired";
  const [count, unit] = minutes < 120 ? [minutes, "minute"] : [Math.floor(minutes / 60), "hour"];
  return `${count} ${unit}${count === 1 ? "" : "s"} left`;
}

// Updates the texts in place, so that the buttons next to them are not replaced.
function updateTimesLeft() {
  for (const element of document.querySelectorAll("time.time-left")) {
    element.textContent = formatTimeLeft(element.dateTime);
  }
}

// An offer to take over another driver's trip. `offer` is a recovery whose last offer waits for this driver's answer.
function offerCard(offer, actions) {
  const { expires_at, vehicle_name } = offer.offers.at(-1);
  const facts = createElement("dl", { className: "facts" });
  addFact(facts, "Vehicle", vehicle_name);
  addFact(facts, "From", offer.pickup);
  addFact(facts, "To", offer.dropoff);
  addFact(facts, "Message", offer.message_to_driver);
  const pending = pendingText(offer);
  const answers = pending ? [pending] : [
    createButton("Take over the trip", () => actions.acceptOffer(offer)),
    createButton("I cannot take over …", () => actions.declineOffer(offer), "plain"),
  ];
  const timeLeft = createElement("time", { className: "time-left", dateTime: expires_at }, formatTimeLeft(expires_at));
  return createElement("article", { className: "card trip", id: offer.id, "aria-labelledby": `${offer.id}-title` },
    cardTitle(offer),
    createElement("p", { className: "route" }, formatDay(offer.pickup_at, offer.timezone)),
    createElement("p", { className: "badge new" }, `Answer by ${formatTime(expires_at, offer.timezone, WITH_ZONE)}`),
    createElement("p", { className: "pending" }, timeLeft),
    ...answers,
    facts,
  );
}

// All cards, under headings by day; `emptyText` if there are none.
function tripList(trips, offers, actions, emptyText) {
  const list = document.createDocumentFragment();
  if (offers.length) {
    list.append(createElement("h2", {}, "Can you take over?"), ...offers.map((offer) => offerCard(offer, actions)));
  }
  const sortedTrips = [...trips].sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at));
  const isBusy = sortedTrips.some(isOnDuty);
  let heading = "";
  for (const trip of sortedTrips) {
    const day = dayHeading(trip, now());
    if (day !== heading) list.append(createElement("h2", {}, day));
    heading = day;
    list.append(tripCard(trip, actions, isBusy));
  }
  if (!sortedTrips.length && !offers.length) list.append(createElement("p", { className: "card" }, emptyText));
  return list;
}
