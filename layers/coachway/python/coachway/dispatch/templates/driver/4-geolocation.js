// The position of the phone: recorded every ten seconds while the driver is on duty.

const POSITION_INTERVAL_MS = 10_000;
const MPH_PER_METER_PER_SECOND = 2.236936;

const tracking = {
  assignmentId: "",
  watchId: 0,
  timer: 0,
  latest: null,
  recordedAt: 0, // of the last recorded position
  problem: "",
  wakeLock: null,
  onPosition: () => {}, // the page sets these callbacks
  onChange: () => {},
  onSwitch: () => {},
};

// Starts, or stops ("" as id), recording positions for the assignment for which the driver is on duty.
function trackAssignment(assignmentId) {
  if (assignmentId === tracking.assignmentId) return;
  tracking.assignmentId = assignmentId;
  tracking.onSwitch();
  if (tracking.watchId) navigator.geolocation.clearWatch(tracking.watchId);
  clearInterval(tracking.timer);
  tracking.watchId = tracking.timer = 0;
  tracking.latest = null;
  tracking.problem = "";
  updateWakeLock();
  if (!assignmentId) return;
  tracking.recordedAt = now() - POSITION_INTERVAL_MS;
  if (!("geolocation" in navigator)) {
    tracking.problem = "This phone has no location service. Use the button when you leave a stop.";
    return;
  }
  const options = { enableHighAccuracy: true, maximumAge: 5_000, timeout: 30_000 };
  tracking.watchId = navigator.geolocation.watchPosition(handlePosition, handlePositionError, options);
  // A phone that does not move reports no new positions by itself, but they are needed to detect an arrival.
  tracking.timer = setInterval(() => {
    if (now() - (tracking.latest ? positionTime(tracking.latest) : 0) >= POSITION_INTERVAL_MS - 1_000) {
      navigator.geolocation.getCurrentPosition(handlePosition, handlePositionError, { ...options, maximumAge: 0 });
    }
  }, POSITION_INTERVAL_MS);
}

function handlePosition(position) {
  if (!tracking.assignmentId) return; // The phone answers after the driver has gone off duty.
  tracking.latest = position;
  tracking.problem = "";
  const time = positionTime(position);
  if (time - tracking.recordedAt < POSITION_INTERVAL_MS - 500) return;
  tracking.recordedAt = time;
  tracking.onPosition(tracking.assignmentId, positionReport(position.coords, time));
}

// The time of a position. Its timestamp comes from the phone's clock, or from the GPS receiver, which is always right.
function positionTime({ timestamp }) {
  const isPhoneTime = Math.abs(timestamp - Date.now()) <= Math.abs(timestamp - now());
  return Math.min(isPhoneTime ? timestamp + clockOffset : timestamp, now());
}

function handlePositionError(error) {
  if (!tracking.assignmentId) return;
  tracking.problem = error.code === error.PERMISSION_DENIED
    ? "This page does not have permission to use your location. Allow it in your browser's settings. Until then, use the button when you leave a stop."
    : "The phone cannot determine its position right now.";
  tracking.onChange();
}

function positionReport(coords, time) {
  const round = (value, digits) => (Number.isFinite(value) ? Number(value.toFixed(digits)) : null);
  return {
    latitude: round(coords.latitude, 6),
    longitude: round(coords.longitude, 6),
    speed_mph: coords.speed === null ? null : round(coords.speed * MPH_PER_METER_PER_SECOND, 1),
    heading: coords.heading === null || Number.isNaN(coords.heading) ? null : round(coords.heading % 360, 0) % 360,
    accuracy_m: round(coords.accuracy, 0),
    recorded_at: new Date(time).toISOString(),
  };
}

// Keeps the screen on while the driver is on duty, because phones suspend pages when the screen turns off.
async function updateWakeLock() {
  if (tracking.assignmentId && document.visibilityState === "visible" && "wakeLock" in navigator) {
    tracking.wakeLock ??= await navigator.wakeLock.request("screen").catch(() => null);
    tracking.wakeLock?.addEventListener("release", () => (tracking.wakeLock = null));
  } else if (!tracking.assignmentId) {
    tracking.wakeLock?.release();
  }
}
