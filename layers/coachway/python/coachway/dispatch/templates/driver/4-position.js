// Where the phone is: a point every ten seconds while the driver is on duty.

const EVERY_MS = 10_000;
const MPH = 2.236936; // of a metre a second

const position = {
  assignment: "",
  watch: 0,
  ticker: 0,
  newest: null,
  taken: 0, // the time of the last point that was kept, or of going on duty
  trouble: "",
  awake: null,
  keep: () => {}, // set by the page
  changed: () => {},
};

// Begin or end, as the assignment that the driver is on duty for says; none is "".
function follow(assignment) {
  if (assignment === position.assignment) return;
  position.assignment = assignment;
  if (position.watch) navigator.geolocation.clearWatch(position.watch);
  clearInterval(position.ticker);
  position.watch = position.ticker = 0;
  position.newest = null;
  position.trouble = "";
  stayAwake();
  if (!assignment) return;
  position.taken = now() - EVERY_MS;
  if (!("geolocation" in navigator)) {
    position.trouble = "This phone tells no position. Use the button when you leave a stop.";
    return;
  }
  const exact = { enableHighAccuracy: true, maximumAge: 5_000, timeout: 30_000 };
  position.watch = navigator.geolocation.watchPosition(seen, unseen, exact);
  // A phone that stands still tells nothing new by itself, and standing still is an arrival.
  position.ticker = setInterval(() => {
    if (now() - (position.newest ? momentOf(position.newest) : 0) >= EVERY_MS - 1_000) {
      navigator.geolocation.getCurrentPosition(seen, unseen, { ...exact, maximumAge: 0 });
    }
  }, EVERY_MS);
}

function seen(found) {
  position.newest = found;
  position.trouble = "";
  const moment = momentOf(found);
  if (!position.assignment || moment - position.taken < EVERY_MS - 500) return;
  position.taken = moment;
  position.keep(position.assignment, pointOf(found.coords, moment));
}

// When it was: by the phone's clock, or by the receiver's own, which is right where the phone's is not.
function momentOf({ timestamp }) {
  const isOfPhone = Math.abs(timestamp - Date.now()) <= Math.abs(timestamp - now());
  return Math.min(isOfPhone ? timestamp + behind : timestamp, now());
}

function unseen(trouble) {
  const denied = trouble.code === trouble.PERMISSION_DENIED;
  position.trouble = denied
    ? "This page may not see your position: allow it in the settings of your browser. Until then, use the button when you leave a stop."
    : "The phone does not know where it is just now.";
  position.changed();
}

function pointOf(coords, moment) {
  const known = (value, digits) => (Number.isFinite(value) ? Number(value.toFixed(digits)) : null);
  return {
    latitude: known(coords.latitude, 6),
    longitude: known(coords.longitude, 6),
    speed_mph: coords.speed === null ? null : known(coords.speed * MPH, 1),
    heading: coords.heading === null || Number.isNaN(coords.heading) ? null : known(coords.heading % 360, 0) % 360,
    accuracy_m: known(coords.accuracy, 0),
    recorded_at: new Date(moment).toISOString(),
  };
}

// Phones put pages to sleep with the screen; where they can be asked not to, they are.
async function stayAwake() {
  if (position.assignment && document.visibilityState === "visible" && "wakeLock" in navigator) {
    position.awake ??= await navigator.wakeLock.request("screen").catch(() => null);
    position.awake?.addEventListener("release", () => (position.awake = null));
  } else if (!position.assignment) {
    position.awake?.release();
  }
}
