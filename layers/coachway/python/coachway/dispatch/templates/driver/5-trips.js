// The driver's trips, drawn from what the API told and from what waits to be sent.

const DONE = new Set(["completed", "declined", "released"]);
const ON_DUTY = new Set(["checked_in", "in_progress"]);
const DAY_MS = 86_400_000;
const EARLIEST_MS = 4 * 3_600_000; // so long before its duty begins a driver may report for it
const STATUS = {
  offered: "New: please answer",
  accepted: "You drive this trip",
  checked_in: "On duty",
  in_progress: "Under way",
  completed: "Done",
  declined: "Declined",
  released: "Taken back by the office",
};
const ACTS = { accept: "accepted", decline: "declined", "check-in": "checked_in", "check-out": "completed" };
const DOING = {
  accept: "Accepting",
  decline: "Declining",
  "check-in": "Going on duty",
  depart: "Leaving the stop",
  "check-out": "Going off duty",
  "take-over": "Taking it over",
  pass: "Not taking it over",
};

function made(tag, properties, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...inside.filter((each) => each !== null && each !== ""));
  return element;
}

// The trip as it will be once everything that waits was sent.
function asDone(trip, waiting) {
  const stops = trip.stops.map((stop) => ({ ...stop }));
  let { status, checked_in_at, checked_out_at } = trip;
  const acts = waiting.filter((entry) => entry.kind === "act" && entry.of === trip.id);
  for (const { act, at, body } of acts) {
    if (act === "depart") {
      stops[body.stop].departed_at = new Date(at).toISOString();
      status = "in_progress";
    } else status = ACTS[act];
    if (act === "check-in") checked_in_at = new Date(at).toISOString();
    if (act === "check-out") checked_out_at = new Date(at).toISOString();
  }
  return { ...trip, status, stops, checked_in_at, checked_out_at, doing: acts.map((entry) => DOING[entry.act]) };
}

// Between check-in and check-out; the last drop-off completes a trip before its driver is home.
const isOnDuty = (trip) => ON_DUTY.has(trip.status) || (trip.status === "completed" && !!trip.checked_in_at && !trip.checked_out_at);
// The assignment whose vehicle the phone is in.
const driving = (trips) => trips.find((trip) => ON_DUTY.has(trip.status))?.id ?? "";

// The stop that the vehicle is at, or comes to next: one that it drove past is behind it.
function nextOf({ stops }) {
  const left = stops.findLastIndex((stop) => stop.departed_at);
  const come = stops.findLastIndex((stop) => stop.arrived_at);
  return stops[Math.max(left + 1, come)];
}

function timeOf(moment, zone, more) {
  const style = { hour: "numeric", minute: "2-digit", timeZone: zone, ...more };
  return new Intl.DateTimeFormat("en-US", style).format(new Date(moment));
}
const withZone = { timeZoneName: "short" };
const dayOf = (moment, zone) => new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(new Date(moment));

// Of a trip that ends on another day than it begins, times name their day.
function styleOf(trip) {
  const isOneDay = dayOf(trip.starts_at, trip.timezone) === dayOf(trip.ends_at, trip.timezone);
  return isOneDay ? {} : { weekday: "short", month: "short", day: "numeric" };
}

function headingOf(trip, at) {
  const day = dayOf(trip.starts_at, trip.timezone);
  if (isOnDuty(trip) || day <= dayOf(at, trip.timezone)) return "Today";
  if (day === dayOf(at + DAY_MS, trip.timezone)) return "Tomorrow";
  return dayNamed(trip.starts_at, trip.timezone);
}

function dayNamed(moment, zone) {
  const style = { weekday: "long", month: "long", day: "numeric", timeZone: zone };
  return new Intl.DateTimeFormat("en-US", style).format(new Date(moment));
}

// `+12125550123` as people read it; other countries' numbers as they are.
const readable = (phone) => phone.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "+1 $1-$2-$3");

// Where the phone's own map programs listen: iPhones and Macs have no geo: links.
function mapLink(stop) {
  const named = encodeURIComponent(stop.address);
  const isApple = /iPhone|iPad|Macintosh/.test(navigator.userAgent);
  if (stop.latitude === null) return isApple ? `maps://?daddr=${named}` : `geo:0,0?q=${named}`;
  const place = `${stop.latitude},${stop.longitude}`;
  return isApple ? `maps://?daddr=${place}&q=${named}` : `geo:${place}?q=${place}(${named})`;
}

const townOf = (stop) => stop.address.split(",").slice(0, 2).join(",");
const KIND = { pickup: "Pickup", dropoff: "Drop-off", waypoint: "Stop" };

function stopItem(stop, trip) {
  const at = stop.timezone || trip.timezone;
  const style = { ...withZone, ...styleOf(trip) };
  const planned = [
    stop.arrival && `Arrive ${timeOf(stop.arrival, at, style)}`,
    stop.departure && `Leave ${timeOf(stop.departure, at, style)}`,
  ].filter(Boolean);
  const came = stop.departed_at ?? stop.arrived_at;
  return made("li", {},
    made("div", { className: "quiet" }, KIND[stop.stop_type] ?? "Stop"),
    made("div", { className: "where" }, made("a", { href: mapLink(stop) }, stop.address)),
    made("div", { className: "when" }, planned.join(" · ")),
    came ? made("div", { className: "done" }, `${stop.departed_at ? "Left" : "Arrived"} ${timeOf(came, at, styleOf(trip))}`) : null,
  );
}

function button(words, act, className = "") {
  return made("button", { type: "button", className, onclick: act }, words);
}

// What may be done next. `acts` are the page's: accept, decline, checkIn, depart, checkOut, sheet, takeOver, pass.
function buttonsFor(trip, acts, busy) {
  const next = nextOf(trip);
  const isLast = next === trip.stops.at(-1);
  switch (trip.status) {
    case "offered":
      return [button("Accept", () => acts.accept(trip)), button("Decline …", () => acts.decline(trip), "plain")];
    case "accepted": {
      const soon = Date.parse(trip.starts_at) - EARLIEST_MS;
      const opens = `${headingOf({ ...trip, starts_at: new Date(soon).toISOString() }, now())}, ${timeOf(soon, trip.timezone, withZone)}`;
      return [
        busy ? null : now() < soon ? made("p", { className: "quiet" }, `You can check in from: ${opens}`)
          : button("Check in: I am on duty", () => acts.checkIn(trip)),
        button("I cannot drive …", () => acts.decline(trip), "plain"),
      ];
    }
    case "checked_in":
      return [button(`Leaving ${townOf(next ?? trip.stops[0])}`, () => acts.depart(trip, next))];
    case "in_progress":
      return [
        next && !isLast ? button(`Leaving ${townOf(next)}`, () => acts.depart(trip, next)) : null,
        button("Check out: my duty ends …", () => acts.checkOut(trip), "light"),
      ];
    case "completed":
      return isOnDuty(trip) ? [button("Check out: my duty ends …", () => acts.checkOut(trip))] : [];
    default:
      return [];
  }
}

function row(facts, label, ...value) {
  if (value[0]) facts.append(made("dt", {}, label), made("dd", {}, ...value));
}

function tripCard(trip, acts, busy) {
  const facts = made("dl", { className: "facts" });
  const zone = trip.timezone;
  const style = styleOf(trip);
  row(facts, "Duty", `${timeOf(trip.starts_at, zone, style)} to ${timeOf(trip.ends_at, zone, { ...withZone, ...style })}`);
  row(facts, "Vehicle", trip.vehicle_name);
  row(facts, "Passengers", String(trip.passengers));
  const both = [trip.driver_name, trip.second_driver_name];
  if (trip.second_driver_name) row(facts, "Drivers", both.join(" and "));
  if (trip.contact_phone) {
    const call = made("a", { href: `tel:${trip.contact_phone}`, className: "call" }, readable(trip.contact_phone));
    row(facts, "Contact", `${trip.contact_name || "On board"} `, call);
  }
  row(facts, "Notes", trip.notes);
  const isOn = isOnDuty(trip);
  const card = made("article", { className: `card trip${isOn ? " on" : ""}`, id: trip.id, "aria-labelledby": `${trip.id}-title` },
    made("h3", { id: `${trip.id}-title` }, made("span", {}, timeOf(trip.pickup_at, zone, withZone)), " · ", made("span", {}, trip.charter_number)),
    made("p", { className: "route" }, `${townOf(trip.stops[0])} → ${townOf(trip.stops.at(-1))}`),
    made("p", { className: `badge${trip.status === "offered" ? " new" : isOn ? " on" : ""}` }, STATUS[trip.status]),
    trip.doing.length ? made("p", { className: "waiting" }, `Waiting to be sent: ${trip.doing.join(", ")}`) : null,
    trip.reason && DONE.has(trip.status) ? made("p", { className: "quiet" }, trip.reason) : null,
    ...buttonsFor(trip, acts, busy),
    facts,
    made("ol", { className: "stops" }, ...trip.stops.map((stop) => stopItem(stop, trip))),
  );
  if (!DONE.has(trip.status)) card.append(button("Trip sheet (PDF)", () => acts.sheet(trip), "light"));
  return card;
}

function leftUntil(moment, at) {
  const minutes = Math.ceil((Date.parse(moment) - at) / 60_000);
  if (minutes <= 0) return "The time to answer is over";
  const [count, unit] = minutes < 120 ? [minutes, "minute"] : [Math.floor(minutes / 60), "hour"];
  return `${count} ${unit}${count === 1 ? "" : "s"} left`;
}

// Told in place: the buttons beside it are not replaced.
function tellTimeLeft() {
  for (const left of document.querySelectorAll("time.left")) left.textContent = leftUntil(left.dateTime, now());
}

// A trip of somebody who fell out. `offer` is a recovery whose last offer waits for this driver's answer.
function offerCard(offer, acts) {
  const { expires_at, vehicle_name } = offer.offers.at(-1);
  const facts = made("dl", { className: "facts" });
  row(facts, "Vehicle", vehicle_name);
  row(facts, "From", offer.pickup);
  row(facts, "To", offer.dropoff);
  const until = timeOf(expires_at, offer.timezone, withZone);
  const answer = offer.doing.length
    ? [made("p", { className: "waiting" }, `Waiting to be sent: ${offer.doing.join(", ")}`)]
    : [button("Take it over", () => acts.takeOver(offer)), button("I cannot …", () => acts.pass(offer), "plain")];
  return made("article", { className: "card trip", id: offer.id, "aria-labelledby": `${offer.id}-title` },
    made("h3", { id: `${offer.id}-title` }, made("span", {}, timeOf(offer.pickup_at, offer.timezone, withZone)), " · ", made("span", {}, offer.charter_number)),
    made("p", { className: "route" }, dayNamed(offer.pickup_at, offer.timezone)),
    made("p", { className: "badge new" }, `Answer by ${until}`),
    made("p", { className: "waiting" }, made("time", { className: "left", dateTime: expires_at }, leftUntil(expires_at, now()))),
    ...answer,
    facts,
  );
}

// `empty` is said where there is nothing to show.
function tripList(trips, offers, acts, empty) {
  const shown = document.createDocumentFragment();
  if (offers.length) shown.append(made("h2", {}, "Can you take over?"), ...offers.map((offer) => offerCard(offer, acts)));
  const soonest = [...trips].sort((one, other) => one.starts_at.localeCompare(other.starts_at));
  const busy = soonest.some(isOnDuty);
  let heading = "";
  for (const trip of soonest) {
    const day = headingOf(trip, now());
    if (day !== heading) shown.append(made("h2", {}, day));
    heading = day;
    shown.append(tripCard(trip, acts, busy));
  }
  if (!soonest.length && !offers.length) shown.append(made("p", { className: "card" }, empty));
  return shown;
}
